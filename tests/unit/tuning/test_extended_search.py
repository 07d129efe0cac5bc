"""A search that is extended draws what a longer search would have drawn, and added trials have the
values of their origin, whatever is killed in between. Without Ray.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from fake_search import STEPS, storage, stored

from raylab.space.load_space import load_space
from raylab.space.space import Space
from raylab.tracking.extensions import Addition
from raylab.tracking.records import TrialRecord
from raylab.tuning.drawing.searcher import Added, SearchSetup, StudySearch

PATH = "loss.temperature"
SPACE = load_space(
    {
        "search": {PATH: {"float": [0.1, 1.0]}},
        "sampler": {"kind": "random"},
        "objective": {"metric": "goodness_of_fit"},
        "points": [{PATH: 0.5}, {PATH: 0.6}],
        "budget": {"trials": 3},
    }
)


def search_of(
    folder: Path, draws: int, additions: list[Added] | None = None, space: Space = SPACE
) -> StudySearch:
    def setup(name: str, params: Any, **more: Any) -> Any:
        return {"params": params, "job": {"trial": name}, **more} | STEPS

    folder.mkdir(exist_ok=True)
    modes: Any = ["max"]
    search = SearchSetup(
        modes=modes, storage=storage(folder), setup=setup, draws=draws, additions=additions or ()
    )
    return StudySearch(space, search)


def begun(search: StudySearch, count: int, *, score: float = 0.5) -> list[dict[str, Any]]:
    """Run trials one after the other; their setups."""
    setups = []
    for number in range(count):
        setup = search.suggest(f"tune{number}")
        assert isinstance(setup, dict), setup
        setups.append(setup)
        result: Any = {"steps": 10, "metrics": {}, "score": score, "rung": score, "done": True}
        search.on_trial_complete(f"tune{number}", result)
    return setups


def known_of(setups: list[dict[str, Any]]) -> dict[str, TrialRecord]:
    """The records of completed trials."""
    return {
        setup["job"]["trial"]: TrialRecord(
            setup["job"]["trial"], "completed", score=0.5, step=10, params=dict(setup["params"])
        )
        for setup in setups
    }


def test_an_extended_search_is_the_longer_one(tmp_path: Path) -> None:
    long = begun(search_of(tmp_path / "long", 6), 6)
    first = begun(search_of(tmp_path / "short", 1), 1)
    values = first[0]["params"]
    extended = search_of(tmp_path / "short", 5, [(Addition("0000"), values)])
    extended.requeue(known_of(first))
    rest = begun(extended, 6)
    assert rest[0]["params"] == values  # the addition comes before the draws, and counts as none
    assert [setup["params"] for setup in [*first, *rest[1:]]] == [each["params"] for each in long]
    assert [setup["job"]["trial"] for setup in rest] == [f"{at:04d}" for at in range(1, 7)]


def test_a_running_search_is_extended(tmp_path: Path) -> None:
    search = search_of(tmp_path / "study", 2)
    begun(search, 1)
    setup = search.suggest("last")
    assert isinstance(setup, dict)
    assert search.suggest("none") is None  # it waits for the one at work
    search.extend(1, [(Addition("0000", 60), {PATH: 0.5})])
    assert search.at_work
    added, drawn = begun(search, 2)
    assert (added["params"], added["addition"]) == ({PATH: 0.5}, Addition("0000", 60))
    assert drawn["job"]["trial"] == "0003"


def test_optuna_has_added_trials_with_their_origin(tmp_path: Path) -> None:
    additions: list[Added] = [(Addition("0000", 60), {PATH: 0.5}), (Addition("0001"), {PATH: 0.6})]
    search = search_of(tmp_path / "study", 2)
    known = known_of(begun(search, 2))
    search = search_of(tmp_path / "study", 0, additions)
    search.requeue(known)
    begun(search, 2)
    held = stored(tmp_path / "study").trials
    assert [trial.params for trial in held] == [{PATH: 0.5}, {PATH: 0.6}] * 2
    assert [trial.state.name for trial in held] == ["COMPLETE"] * 4
    origins = [trial.user_attrs.get("raylab_origin") for trial in held]
    assert origins == [None, None, "0000", "0001"]
    assert held[2].user_attrs["raylab_steps"] == 60


@pytest.mark.parametrize("in_ledger", [False, True])
def test_a_driver_that_is_killed_loses_no_added_trial(tmp_path: Path, in_ledger: bool) -> None:
    """Whether its start was in the ledger or not; with and without Optuna's database."""
    folder, addition = tmp_path / "study", Addition("0000", 60)
    known = known_of(begun(search_of(folder, 1), 1))
    killed = search_of(folder, 0, [(addition, {PATH: 0.5})])
    killed.requeue(known)
    assert isinstance(killed.suggest("a"), dict)
    if in_ledger:
        known["0001"] = interrupted("0001", addition)
    for case in ("with the database", "without it"):
        if case == "without it":
            (folder / "optuna.db").unlink()
        again = search_of(folder, 0, [] if in_ledger else [(addition, {PATH: 0.5})])
        again.requeue(known)
        setup = again.suggest("b")
        assert isinstance(setup, dict)
        job: Any = setup["job"]
        assert (job["trial"], setup["addition"], setup["params"]) == (
            "0001",
            addition,
            {PATH: 0.5},
        ), case
        assert again.suggest("c") is None, case


def interrupted(trial: str, addition: Addition) -> TrialRecord:
    config: dict[str, Any] = {"training": {"max_steps": addition.steps}}
    piece: Any = {"step": 20, "source": addition.origin, "params": {}, "config": config}
    return TrialRecord(
        trial,
        "interrupted",
        params={PATH: 0.5},
        config=config,
        origin=addition.origin,
        lineage=(piece, piece),
    )
