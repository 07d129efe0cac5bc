"""Trials that validation cannot tell apart: which they are, and where a study shows them."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from fake_study import fake_study

from raylab.analysis.leaderboard import leaderboard
from raylab.analysis.selection.candidates import Request, started
from raylab.cli.show.study import print_leaderboard
from raylab.files import write_tensors
from raylab.reporting.facts import gather
from raylab.reporting.sections.head import study_verdict
from raylab.reporting.study_page import write_report
from raylab.reporting.tables.leaderboard_csv import write_csv
from raylab.reporting.ties import Ties, tied
from raylab.tracking.events import StudyEnded
from raylab.tracking.records import TrialRecord

RANDOM = np.random.default_rng(0)
HARD = RANDOM.uniform(0.2, 0.6, 24)  # of each unit: easy and hard stretches of the recording


def losses(better: float = 0.0, noise: float = 0.05, units: int = 24) -> np.ndarray:
    """Of a model that is better than another by so much in every unit, apart from noise."""
    return np.asarray(HARD[:units] - better + RANDOM.normal(0, noise, units))


def tie(folder: Path, trials: dict[str, tuple[str, np.ndarray, int]], **more: Any) -> Ties | None:
    """Of trials with a kind of model, losses, and the numbers that it has learnt."""
    records = []
    for trial, (kind, values, learnt) in trials.items():
        units = json.dumps({"kind": "block", "learnt": learnt})
        write_tensors(folder / trial, {"unit_losses": values}, {"units": units})
        config = {"task": {"kind": "decoder"}, "model": {"kind": kind}}
        score = 1 - float(values.mean())
        records.append(TrialRecord(trial, "completed", score=score, config=config))
    return tied(records, ["max"], lambda trial: folder / trial, **more)


def test_the_simplest_of_the_tied_is_recommended(tmp_path: Path) -> None:
    """A readout comes before a network, and a trial that is worse does not come into it."""
    trials = {
        "0": ("gru", losses(0.21), 900),
        "1": ("mlp", losses(0.2), 50),
        "2": ("ridge", losses(0.2), 400),
        "3": ("knn", losses(0.0), 10),
    }
    ties = tie(tmp_path, trials)
    assert ties is not None
    assert set(ties.trials) == {"0", "1", "2"}
    assert ties.simplest == "2"
    assert "cannot tell 3 of 4 trials apart (90 % confidence set over 24 blocks)" in ties.text


def test_one_better_than_all_is_alone(tmp_path: Path) -> None:
    assert tie(tmp_path, {"0": ("mlp", losses(0.3), 9), "1": ("mlp", losses(0.0), 9)}) is None


def test_of_few_units_nothing_is_claimed_but_that_scores_are_equal(tmp_path: Path) -> None:
    few = {"0": ("mlp", losses(0.1, units=12), 90), "1": ("knn", losses(0.1, units=12), 9)}
    assert tie(tmp_path, few) is None
    perfect = np.zeros(12)
    ties = tie(tmp_path, {"0": ("mlp", perfect, 90), "1": ("knn", perfect, 9), "2": few["0"]})
    assert ties is not None
    assert ties.trials == ("0", "1")
    assert ties.text.startswith("2 of 3 trials share the best score.")


def test_losses_that_are_not_of_the_score_do_not_count(tmp_path: Path) -> None:
    """Of an objective that is no primary score, and of a trial whose kept model is another one."""
    values = losses()
    for trial in ("0", "1"):
        units = json.dumps({"kind": "block", "learnt": 1})
        write_tensors(tmp_path / trial, {"unit_losses": values}, {"units": units})
    records = [TrialRecord(trial, "completed", score=0.1 * int(trial)) for trial in ("0", "1")]
    assert tied(records, ["max"], lambda trial: tmp_path / trial) is None
    assert tied(records, ["max", "max"], lambda trial: tmp_path / trial) is None


def test_a_study_shows_its_ties(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    study = fake_study(tmp_path / "s")
    scored = [row for row in leaderboard(study.path) if row.state == "completed"]
    assert all(row.tied is None for row in scored)  # they have kept no losses
    for row in scored:
        assert row.score is not None
        values = 1 - row.score + 0.5 * RANDOM.permutation(np.linspace(-1, 1, 24))
        units = json.dumps({"kind": "block", "learnt": 5})
        write_tensors(study.embedding_path(row.trial), {"unit_losses": values}, {"units": units})
    board = leaderboard(study.path)
    marked = [row.trial for row in board if row.tied]
    assert scored[0].trial in marked
    assert len(marked) > 1
    assert board.to_dict()[0]["tied"] is True
    print_leaderboard(study)
    shown = capsys.readouterr().out
    assert f"{marked[0]} *" in shown
    assert f"* Validation cannot tell {len(marked)} of" in shown
    write_csv(tmp_path / "l.csv", list(board))
    assert ",tied," in (tmp_path / "l.csv").read_text().splitlines()[0]
    assert "Validation cannot tell" in study_verdict(gather(study, importance=None)).text
    report = write_report(study, importance=None).read_text()
    assert f"<td>{marked[0]} *</td>" in report
    assert report.count("Validation cannot tell") > 1  # the first box, and below the leaderboard


def test_a_selection_has_the_simplest_of_the_tied_as_a_candidate(tmp_path: Path) -> None:
    """Validation cannot tell three trials apart; the one with the fewest learnt numbers is last."""
    records = []
    for number in range(3):
        values = 0.5 + 0.01 * number + RANDOM.permutation(np.linspace(-0.4, 0.4, 24))
        units = json.dumps({"kind": "block", "learnt": 3 - number})
        write_tensors(tmp_path / str(number), {"unit_losses": values}, {"units": units})
        config = {"task": {"kind": "decoder"}, "model": {"kind": "mlp", "width": 8 + number}}
        score = 1 - float(values.mean())
        records.append(TrialRecord(str(number), "completed", score=score, config=config))
    study: Any = SimpleNamespace(
        path=tmp_path,
        modes=["max"],
        ledger=SimpleNamespace(read=lambda: [StudyEnded()]),
        records=lambda: records,
        embedding_path=lambda trial: tmp_path / trial,
    )
    assert started(study, Request(2, 3, "best", 0)).trials == ("0", "2")
    assert started(study, Request(1, 3, "best", 0)).trials == ("0",)
    (tmp_path / "0").unlink()
    assert started(study, Request(2, 3, "best", 0)).trials == ("0", "1")
