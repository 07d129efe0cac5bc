"""Events on disk: each line is read to the class of its kind and written back as it was."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest

from raylab.errors import StudyError
from raylab.tracking import events
from raylab.tracking.events import KINDS, Event, OtherEvent, TrialEnded, TrialStarted, parse_event
from raylab.tracking.ledger import Ledger

STORED = Path(__file__).parents[2] / "golden" / "stored"
EXAMPLES: list[Event] = [
    events.DriverStarted(host="ab", pid=3, began=1.5, processes=({"host": "ab", "pid": 4},)),
    events.SearchStopped(reason="budget.hours"),
    events.StopRequested(trials=("0001",), request="a"),
    events.PauseRequested(request="b"),
    events.StudyExtended(trials=40, hours=2.0, lifted=("target",), request="c"),
    events.StudyExtended(added=({"origin": "0001", "steps": 60}, {"origin": "0002"})),
    events.StudyEnded(),
    TrialStarted(trial="0001", params={"x": [1, 2]}, config={"a": {"b": None}}, of="0000"),
    TrialStarted(trial="0001", resources={"cpus": 1, "gpus": 0, "workers": 2}),
    TrialStarted(trial="0003", origin="0001", origin_step=20),
    events.TrialReported(trial="0001", step=5, metrics={"loss": 0.5}, rung=0.5),
    events.TrialTookOver(trial="0001", source="0000", step=5, params={"x": 1}, config={}),
    events.TrialLost(trial="0001", reason="the trial's process died"),
    TrialEnded(trial="0001", state="completed", step=9, score=1.0, scores=(1.0, 2.0), seconds=3.0),
    TrialEnded(trial="0001", state="interrupted", step=9, metrics={"loss": 0.5}),
    events.GenerationEnded(step=20),
    events.SelectionStarted(
        top=2, seeds=2, rule="best", shuffles=0, trials=("0", "1"), values=(1, 2)
    ),
    events.Selected(trial="1-seed2", of="1", rule="best", top=2, seeds=2, metric="decoding.score"),
    events.TestRead(trial="0001", purpose="evaluate"),
    OtherEvent(name="trial_paused", values={"trial": "0001", "list": [1]}),
]


def test_every_kind_has_an_example() -> None:
    assert {event.kind for event in EXAMPLES if event.kind} == set(KINDS)


@pytest.mark.parametrize("event", EXAMPLES, ids=lambda event: event.kind or "unknown")
def test_an_event_is_read_as_it_was_written(event: Event, tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    ledger.append(event)
    ledger.flush()
    assert Ledger(tmp_path).read() == [event]
    (segment,) = tmp_path.iterdir()
    assert list(json.loads(segment.read_text()))[:2] == ["event", "time"]


def test_stored_ledgers_are_written_back_byte_by_byte(tmp_path: Path) -> None:
    segments = sorted(STORED.glob("*/ledger/*.jsonl"))
    assert segments
    for segment in segments:
        lines = [json.loads(line) for line in segment.read_text().splitlines()]
        again = [parse_event(line).to_dict() for line in lines]
        assert _text(again) == _text(lines)
        assert not any(isinstance(parse_event(line), OtherEvent) for line in lines)


def test_keys_of_other_versions_are_tolerated() -> None:
    old = {"event": "trial_ended", "time": 1.0, "trial": "0", "state": "pruned"}
    new = {**old, "score": None, "metrics": {"loss": None}, "weather": "fine"}
    event = parse_event(new)
    assert isinstance(event, TrialEnded)
    assert (event.score, event.step) == (None, 0)
    assert math.isnan(event.metrics["loss"])
    assert parse_event(old) == TrialEnded(time=1.0, trial="0", state="pruned")


def test_an_event_that_lacks_its_trial_is_named(tmp_path: Path) -> None:
    Ledger(tmp_path).append(OtherEvent(name="trial_started"))
    with pytest.raises(StudyError, match=r"00000001-.*'trial_started' without 'trial'"):
        Ledger(tmp_path).read()


def _text(values: list[dict[str, Any]]) -> list[str]:
    return [json.dumps(value) for value in values]
