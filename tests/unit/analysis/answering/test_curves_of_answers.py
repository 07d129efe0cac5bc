"""Trials of an answer show their validations while they are at work."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fake_rounds import Contender, FakeAnswer, held_out
from helpers import dataset, session

from raylab.analysis.answering.fitting import FitJob, fit
from raylab.analysis.answering.searching import curves
from raylab.analysis.answering.searching.curves import FILE, CurveReader, CurveWriter, curve
from raylab.analysis.answering.searching.trials import Trial
from raylab.evaluation.metrics import SCORE
from raylab.reporting.progress.progress import progress
from raylab.training.candidates import PREDICTIONS, CandidateTable

MLP: dict[str, Any] = {
    "task": {"kind": "decoder", "label": "position"},
    "model": {"kind": "mlp", "hidden": [8]},
    "training": {"max_steps": 30, "validate_every": 10, "device": "cpu"},
}
NAME = "fold0-mlp-00"


def test_a_fit_writes_its_validations_on_the_way_and_leaves_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[dict[int, float]] = []
    monkeypatch.setattr(curves, "write_json", lambda path, scores: written.append(dict(scores)))
    monkeypatch.setattr(curves, "EVERY_S", 0.0)
    data, folder = dataset(tmp_path / "ds", session("a", samples=300)), tmp_path / "trial"
    assert fit(FitJob(NAME, str(folder), str(data.path), MLP, "position")).error is None
    assert [list(scores) for scores in written] == [[10], [10, 20], [10, 20, 30]]
    assert written[-1] == pytest.approx(curve(CandidateTable.load(folder / PREDICTIONS)))
    assert not (folder / FILE).exists()


def test_the_file_is_written_at_most_once_a_second_and_removed(tmp_path: Path) -> None:
    writer, reader = CurveWriter(tmp_path), CurveReader(NAME, tmp_path)
    assert reader.so_far() == []
    for step, score in ((10, 0.4), (20, 0.5), (30, float("nan"))):
        writer.add(step, score)
    assert [event.step for event in reader.so_far()] == [10]
    assert reader.so_far() == []
    writer.close()
    steps = ({"training.max_steps": step} for step in (10, 20))
    table = CandidateTable(held_out(), tuple(steps), np.full((2, 24), 0.5), {})
    assert [event.step for event in reader.whole(table)] == [20]


def test_the_ledger_has_them_while_the_trial_runs(tmp_path: Path) -> None:
    answer = FakeAnswer(tmp_path, {"mlp": Contender("network", 0.2)})
    folder = answer.study.trial_folder(NAME)
    CurveWriter(folder).add(20, 0.9)  # of a process that was killed
    answer.runner.begin(Trial(NAME, "mlp", tmp_path, MLP, fold=0))
    assert not (folder / FILE).exists()
    CurveWriter(folder).add(10, 0.4)
    answer.runner.next(0.0)
    (record,) = answer.study.records()
    assert [(step, metrics) for _, step, metrics in record.history] == [(10, {SCORE: 0.4})]
    assert record.state == "completed"


def test_a_live_view_shows_them(tmp_path: Path) -> None:
    answer = FakeAnswer(tmp_path, {"mlp": Contender("network", 0.2)})
    answer.runner.begin(Trial(NAME, "mlp", tmp_path, MLP, fold=0))
    CurveWriter(answer.study.trial_folder(NAME)).add(10, 0.4)
    answer.runner._report()
    answer.study.description["objective"] = {"metric": SCORE, "mode": "max"}
    (trial,) = progress(answer.study, live=True).running
    assert (trial.entrant, trial.step, trial.max_steps, trial.score) == ("mlp", 10, 30, 0.4)
