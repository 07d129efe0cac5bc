"""Users stop and pause answers: what becomes of their trials, and what is resumed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from fake_rounds import Contender, FakeAnswer
from helpers import dataset, session

from raylab.analysis.answering.fitting import STOP, FitJob, FitResult, fit
from raylab.analysis.answering.searching.trials import Trial
from raylab.files import write_text
from raylab.training.candidates import PREDICTIONS, CandidateTable

FIELD = {"raw": Contender("baseline", 0.6), "mlp": Contender("network", 0.2, seconds=4)}
MLP: dict[str, Any] = {
    "task": {"kind": "decoder", "label": "position"},
    "model": {"kind": "mlp", "hidden": [8]},
    "training": {"max_steps": 30, "validate_every": 10, "device": "cpu"},
}
RIDGE: dict[str, Any] = {"task": MLP["task"], "model": {"kind": "ridge"}}


def answer_with(tmp_path: Path, *trials: str, config: dict[str, Any] = MLP) -> FakeAnswer:
    """An answer with trials at work."""
    answer = FakeAnswer(tmp_path, FIELD)
    for name in trials:
        answer.runner.begin(Trial(name, name.split("-")[1], tmp_path, config, fold=0))
    answer.runner.control._next = float("inf")  # the test itself says what users ask
    return answer


def test_a_trial_with_candidates_ends_with_those_that_it_has(tmp_path: Path) -> None:
    data = dataset(tmp_path / "ds", session("a", samples=300))
    job = FitJob("fold0-mlp-00", str(tmp_path / "trial"), str(data.path), MLP, "position")
    write_text(tmp_path / "trial" / STOP, "")
    result = fit(job)
    assert (result.error, result.step) == (None, 10)
    assert len(CandidateTable.load(tmp_path / "trial" / PREDICTIONS).overrides) == 1


def test_it_is_pruned_by_the_user_and_counts(tmp_path: Path) -> None:
    answer = answer_with(tmp_path, "fold0-mlp-00")
    answer.runner.control.trials.add("fold0-mlp-00")
    done = answer.runner.next()
    assert done is not None
    (record,) = answer.study.records()
    assert (record.state, record.stopped, record.score) == ("pruned", "by the user", 0.8)
    assert not (answer.study.trial_folder(record.trial) / STOP).exists()
    resumed = FakeAnswer(tmp_path, FIELD)
    resumed.board.restore(resumed.study.records())
    assert resumed.board.folds[0].ended == {"mlp": ["fold0-mlp-00"]}
    assert resumed.board.folds[0].standings["mlp"].failed == 0


@pytest.mark.parametrize(
    ("config", "split", "of"),
    [(RIDGE, "valid", None), (MLP, "test", None), (MLP, "valid", "fold0-mlp-00")],
)
def test_a_fit_without_candidates_ends_at_once(
    tmp_path: Path, config: dict[str, Any], split: Any, of: str | None
) -> None:
    answer = FakeAnswer(tmp_path, FIELD)
    trial = Trial("fold0-raw-00", "raw", tmp_path, config, fold=0, split=split, of=of)
    answer.runner.begin(trial)
    answer.runner.control._next = float("inf")
    answer.runner.control.trials.add("fold0-raw-00")
    done = answer.runner.next()
    assert done is not None
    assert done.result == FitResult(error="stopped: by the user")
    (record,) = answer.study.records()
    assert (record.state, record.stopped, record.score) == ("pruned", "by the user", None)
    assert answer.begun == []


def test_what_was_asked_of_an_earlier_driver_is_forgotten(tmp_path: Path) -> None:
    answer = FakeAnswer(tmp_path, FIELD)
    stop = answer.study.trial_folder("fold0-mlp-00") / STOP
    write_text(stop, "")
    answer.runner.begin(Trial("fold0-mlp-00", "mlp", tmp_path, MLP, fold=0))
    assert not stop.exists()


def test_a_stopped_answer_is_interrupted(tmp_path: Path) -> None:
    answer = answer_with(tmp_path, "fold0-mlp-00")
    answer.runner.control.stopped = True
    with pytest.raises(KeyboardInterrupt, match="stopped; work so far is kept"):
        answer.runner.next()


def test_a_paused_answer_begins_nothing_and_ends_what_is_at_work(tmp_path: Path) -> None:
    answer = answer_with(tmp_path, "fold0-mlp-00")
    answer.runner.control.paused = True
    assert not answer.runner.free
    assert answer.runner.next() is not None
    with pytest.raises(KeyboardInterrupt, match="paused"):
        answer.search()
    assert answer.begun == ["fold0-mlp-00"]
