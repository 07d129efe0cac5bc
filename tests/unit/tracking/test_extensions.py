"""How far a study goes after its extensions, from the events alone."""

from __future__ import annotations

from typing import Any

from raylab.tracking.events import (
    Event,
    SearchStopped,
    StudyEnded,
    StudyExtended,
    TrialEnded,
    TrialStarted,
)
from raylab.tracking.extensions import Addition, extent, is_stopped, waiting_additions
from raylab.tracking.records import is_ended, records

CONFIG: dict[str, Any] = {"training": {"max_steps": 20}, "model": {"kind": "x"}}


def test_a_study_goes_as_far_as_its_budget_and_all_extensions() -> None:
    assert extent([], trials=8, hours=2.0).total == 8
    events: list[Event] = [
        StudyExtended(time=5.0, trials=12),
        StudyExtended(time=6.0, added=({"origin": "0001"}, {"origin": "0000", "steps": 60})),
        StudyExtended(time=7.0, hours=3.0, lifted=("target",)),
    ]
    reach = extent(events, trials=8, hours=2.0)
    assert (reach.trials, reach.total, reach.hours, reach.drawn_on) == (12, 14, 3.0, 5.0)
    assert reach.additions == (Addition("0001"), Addition("0000", 60))
    assert reach.lifted == ("target",)


def test_an_extension_opens_a_study_that_had_ended() -> None:
    events: list[Event] = [SearchStopped(reason="budget.hours"), StudyEnded()]
    assert is_ended(events)
    assert is_stopped(events)
    events.append(StudyExtended(trials=12))
    assert not is_ended(events)
    assert not is_stopped(events)
    assert is_stopped([*events, SearchStopped()])
    assert is_ended([*events, StudyEnded()])


def test_a_trial_that_goes_on_with_another_says_from_which_step() -> None:
    further = TrialStarted(trial="0002", config=CONFIG, origin="0000", origin_step=20)
    again = TrialStarted(trial="0003", config=CONFIG, origin="0001")
    ended = TrialEnded(trial="0002", state="interrupted", step=25)
    known = records([further, ended, again, further], live=True)
    assert [(each.origin, each.origin_step) for each in known] == [("0000", 20), ("0001", None)]
    assert [piece["source"] for piece in known[0].lineage] == [None, "0000"]
    assert known[1].lineage == ()
    assert [Addition.of(each) for each in known] == [Addition("0000", 20), Addition("0001")]


def test_additions_wait_until_a_trial_has_begun_for_each() -> None:
    additions = [Addition("0000"), Addition("0000", 20), Addition("0000")]
    begun = records([TrialStarted(trial="0002", config=CONFIG, origin="0000")], live=True)
    assert waiting_additions(additions, begun) == [Addition("0000", 20), Addition("0000")]
    assert waiting_additions(additions, []) == additions
