"""A study that is taken up again: the ledger decides, and Optuna's database is told what it does
not know.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fake_search import STEPS, storage, stored

from raylab.space.load_space import load_space
from raylab.tracking.records import TrialRecord
from raylab.tuning.drawing.searcher import SearchSetup, StudySearch

SPACE = load_space(
    {
        "search": {"loss.temperature": {"categorical": [0.25, 0.5, 0.75, 1.0]}},
        "sampler": {"kind": "grid"},
        "objective": {"metric": "goodness_of_fit"},
    }
)


def record(trial: str, temperature: float, state: Any, scores: list[float]) -> TrialRecord:
    history = tuple(
        (0.0, 5 * (at + 1), {"goodness_of_fit": score}) for at, score in enumerate(scores)
    )
    score = scores[-1] if state in ("completed", "pruned") else None
    return TrialRecord(
        trial,
        state,
        score=score,
        step=5 * len(scores),
        params={"loss.temperature": temperature},
        history=history,
    )


def test_a_database_that_was_lost_is_made_again_from_the_ledger(tmp_path: Path) -> None:
    known = {
        "0000": record("0000", 0.5, "completed", [0.1, 0.2]),
        "0001": record("0001", 1.0, "pruned", [0.05]),
        "0002": record("0002", 0.25, "interrupted", [0.3]),
    }

    def setup(name: str, params: Any, **more: Any) -> Any:
        return {"params": params, "job": {"trial": name}} | STEPS

    search = StudySearch(
        SPACE, SearchSetup(modes=["max"], storage=storage(tmp_path), setup=setup, draws=1)
    )
    search.requeue(known)
    begun = [search.suggest(name) for name in ("a", "b")]
    assert [
        (one["job"]["trial"], one["params"], one["since"]) for one in begun if isinstance(one, dict)
    ] == [
        ("0002", {"loss.temperature": 0.25}, 5),
        ("0003", {"loss.temperature": 0.75}, 0),  # the point that nothing in the ledger has
    ]
    held = stored(tmp_path).trials
    assert [(one.state.name, one.value, one.intermediate_values) for one in held[:3]] == [
        ("COMPLETE", 0.2, {5: 0.1, 10: 0.2}),
        ("PRUNED", 0.05, {5: 0.05}),
        ("RUNNING", None, {5: 0.3}),
    ]
    assert [one.user_attrs["raylab_trial"] for one in held] == ["0000", "0001", "0002", "0003"]
