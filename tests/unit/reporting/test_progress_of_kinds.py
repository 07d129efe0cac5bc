"""What a training, a selection and an answer are doing, from simulated ledgers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from fake_study import T0
from simulated import R2, at, began, finished, simulated, validated

from raylab.files import write_json
from raylab.reporting.progress.results import Progress
from raylab.reporting.progress.several import studies_in, together
from raylab.tracking.events import (
    DriverStarted,
    Event,
    SearchStopped,
    Selected,
    SelectionStarted,
    StudyEnded,
)
from raylab.tracking.study import StudyFolder


def test_a_training_is_measured_by_its_steps(tmp_path: Path) -> None:
    events = began("0000", 4), validated("0000", 14, 10, 0.1), validated("0000", 24, 30, 0.2)
    study = simulated(tmp_path / "study", *events, kind="train", space={"budget": {"trials": 1}})
    known = at(study, 24)
    assert (known.phase, known.done, known.total) == ("training", 0, 1)
    assert known.left_s == pytest.approx(70 / 2)
    assert known.best is not None
    assert (known.best.name, known.best.score) == ("0000", 0.2)


# -- select ----------------------------------------------------------------------------------------


@pytest.fixture
def selecting(tmp_path: Path) -> StudyFolder:
    """A search of two trials, of which the selection has trained one repetition of four."""
    search = (
        began("0000", 0),
        finished("0000", 20, 0.8, seconds=20),
        began("0001", 0),
        finished("0001", 10, 0.7, seconds=10),
        StudyEnded(time=T0 + 20),
    )
    selection = SelectionStarted(
        time=T0 + 100,
        top=2,
        seeds=2,
        rule="best",
        shuffles=5,
        trials=("0000", "0001"),
        values=(1, 2),
    )
    study = simulated(tmp_path / "study", *search, selection, DriverStarted(time=T0 + 100))
    study.ledger.append(began("0000-seed1", 100, of="0000"))
    return study


def test_a_selection_counts_its_repetitions(selecting: StudyFolder) -> None:
    early = at(selecting, 105)
    assert (early.state, early.phase, early.done, early.total) == (
        "running",
        "selection over seeds",
        0,
        4,
    )
    assert early.left_s == pytest.approx(10 + 3 * 15)
    assert early.left_from == "2 trials of the search of 15 s"
    assert early.running[0].of == "0000"
    selecting.ledger.append(finished("0000-seed1", 110, 0.6, seconds=10))
    later = at(selecting, 110)
    assert (later.done, later.left_s) == (1, 30)
    assert later.best is not None
    assert (later.best.name, later.best.score) == ("0000", 0.6)


def test_its_control_is_a_study_of_its_own(selecting: StudyFolder) -> None:
    for number, trial in enumerate(("0000-seed1", "0001-seed1", "0000-seed2", "0001-seed2")):
        selecting.ledger.append(finished(trial, 110 + number, 0.5 + number / 10, seconds=5))
    selecting.ledger.append(StudyEnded(time=T0 + 120))
    assert at(selecting, 120, live=False).state == "stopped"
    space = {"budget": {"trials": 5}}
    events = began("0000", 120), finished("0000", 126, 0.1, seconds=6), began("0001", 126)
    simulated(selecting.path / "controls" / "shuffle", *events, space=space, kind="control")
    known = at(selecting, 126)
    assert (known.state, known.phase) == ("running", "control on shuffled labels")
    assert (known.done, known.total, known.left_s) == (1, 5, 24)
    assert [trial.trial for trial in known.running] == ["0001"]
    selecting.ledger.append(Selected(time=T0 + 150, trial="0001-seed2", of="0001"))
    assert at(selecting, 150, live=False).state == "ended"


# -- answer ----------------------------------------------------------------------------------------

SEARCHED = [
    event
    for fold in range(2)
    for place, (entrant, score) in enumerate((("raw", 0.4), ("ridge", 0.6 + fold / 10)))
    for event in (
        began(f"fold{fold}-{entrant}-00", 10 * place, fold=fold, entrant=entrant),
        finished(f"fold{fold}-{entrant}-00", 10 * place + 8, score, seconds=8),
    )
]


def refit(fold: int | None, second: float) -> tuple[Event, Event]:
    name = "final-ridge-00-0" if fold is None else f"fold{fold}-ridge-00-refit-0"
    begin = began(name, second, fold=fold, entrant="ridge", of="fold0-ridge-00")
    return begin, finished(name, second + 4, None, seconds=4)


def answering(path: Path, *events: Event) -> StudyFolder:
    question: dict[str, Any] = {"minutes": 2, "folds": ["folds/0", "folds/1"]}
    study = simulated(path, *SEARCHED, *events, kind="answer", answer=question)
    study.space_path.unlink()
    return study


def test_the_search_of_an_answer_uses_its_budget(tmp_path: Path) -> None:
    gru = began("fold0-gru-00", 20, fold=0, entrant="gru")
    known = at(answering(tmp_path / "answer", gru), 30)
    assert (known.phase, known.done, known.total, known.budget_s) == ("search", 4, None, 120)
    assert (known.left_s, known.left_from) == (90, "the budget of 2 minutes")
    assert (known.share, known.running[0].entrant, known.running[0].fold) == (0.25, "gru", 0)
    assert known.best is not None
    assert known.baseline is not None
    assert (known.best.name, known.best.score) == ("ridge", pytest.approx(0.65))
    assert (known.baseline.name, known.baseline.score) == ("raw", 0.4)


def test_the_refits_of_an_answer_say_how_long_they_take(tmp_path: Path) -> None:
    stopped = SearchStopped(time=T0 + 60)
    study = answering(tmp_path / "answer", stopped, *refit(0, 60), refit(1, 64)[0])
    known = at(study, 65)
    assert (known.phase, known.done) == ("refits", 1)
    assert known.left_from == "the refits of 1 fold"
    assert known.left_s == pytest.approx(3 * 4 - 5)  # two folds and the fits on all samples


def test_an_answer_ends_with_fits_on_all_samples_and_its_file(tmp_path: Path) -> None:
    stopped = SearchStopped(time=T0 + 60)
    study = answering(tmp_path / "answer", stopped, *refit(0, 60), *refit(1, 64))
    study.ledger.append(refit(None, 68)[0])
    known = at(study, 69)
    assert (known.phase, known.left_s) == ("fits on all samples", 3)
    study.ledger.append(refit(None, 68)[1], StudyEnded(time=T0 + 73))
    assert (at(study, 73).state, at(study, 73).phase) == ("running", "report")
    write_json(study.answer_path, {})
    assert at(study, 74, live=False).state == "ended"


# -- scale -----------------------------------------------------------------------------------------


def test_the_studies_of_a_scaling_study_are_added_up(tmp_path: Path) -> None:
    space = {"budget": {"trials": 2}}
    events = began("0000", 0), finished("0000", 10, 0.5, seconds=10), began("0001", 10)
    simulated(tmp_path / "s" / "s-workers-2", *events, space=space, kind="scale", created=T0 + 1)
    simulated(tmp_path / "s" / "s-workers-1", *events, space=space, kind="scale", created=T0)
    folders = studies_in(tmp_path / "s")
    assert [folder.name for folder in folders] == ["s-workers-1", "s-workers-2"]
    parts: list[Progress] = [at(StudyFolder.open(folder), 10) for folder in folders]
    whole = together(parts, name="s", planned=3, complete=False)
    assert (whole.study, whole.state, whole.done, whole.total) == ("s", "running", 2, 6)
    assert whole.left_s == pytest.approx(10 + (10 + 10))
    assert whole.counts == {"completed": 2, "running": 2}
    assert R2 in whole.latest[0].scores
