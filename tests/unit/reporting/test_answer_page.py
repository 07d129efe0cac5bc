"""The report and the leaderboard of an answer, finished or not."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import cast

import pytest
from fake_answer import SCORES, fake_answer
from fake_answer_study import fake_answer_study
from rich.console import Console

from raylab.analysis.leaderboard import leaderboard
from raylab.reporting.answering.differences import LOWEST, differences_chart
from raylab.reporting.answering.folds import folds_chart
from raylab.reporting.identity import Identity
from raylab.reporting.reads_of_test import reads_text
from raylab.reporting.score_files.answer import AnswerFile
from raylab.reporting.tables.leaderboard import leaderboard_rows
from raylab.reporting.tables.leaderboard_terminal import leaderboard_table
from raylab.tracking import events
from raylab.tuning.study_report import report

ANSWERS = {
    "good": fake_answer(folds=3, kept=["gru"], final="final"),
    "drift": fake_answer(folds=3, test=[{"smoothed": 0.1, "gru": s} for s in (0.1, -300, 0.2)]),
    "no set": fake_answer(folds=1, units=9),
    "unread": fake_answer(folds=3, test=[None] * 3, interrupted=True),
    "nothing": fake_answer(folds=0, interrupted=True),
    "no baseline": fake_answer({"gru": 0.8}, folds=3),
}


@pytest.mark.parametrize("kind", ANSWERS)
def test_the_first_box_is_the_sentence(tmp_path: Path, kind: str) -> None:
    answer = ANSWERS[kind]
    text = report(fake_answer_study(tmp_path / "a", answer).path).read_text()
    head, _, body = text.partition("<section>")
    box = head.partition('<div class="verdict')[2]
    assert answer.sentence in box.replace("&#39;", "'")
    assert ("loses" in box[:10]) == (kind == "drift")
    assert ("Entrants</h2>" in body) == (kind != "nothing")
    assert ("best baseline?</h2>" in body) == (kind not in ("nothing", "no baseline"))
    assert "The test part of each of 3 folds was read once" in body
    assert "<img" not in text


def test_a_study_without_an_answer_has_a_report(tmp_path: Path) -> None:
    study = fake_answer_study(tmp_path / "a")
    (study.path / "answer.json").unlink()
    assert "There is no answer yet" in report(study.path).read_text()


def test_what_a_name_from_data_holds_cannot_become_an_element(tmp_path: Path) -> None:
    answer = fake_answer(label="<b>x</b>", notes=["<img src=x>"])
    text = report(fake_answer_study(tmp_path / "a", answer, name="<i>").path).read_text()
    assert "<img src=x>" not in text
    assert "<b>x</b>" not in text


def test_charts_show_validation_and_test_apart() -> None:
    figure = differences_chart(cast(AnswerFile, ANSWERS["good"].to_dict()))
    names = [trace.name for trace in figure.data]
    assert names == ["validation, in the set", "validation, not in the set", "test"]
    assert sorted(figure.layout.yaxis.ticktext) == sorted(SCORES)
    folds = folds_chart(cast(AnswerFile, ANSWERS["drift"].to_dict()))
    drawn = {trace.name: list(trace.y) for trace in folds.data if trace.name}
    assert drawn["recommended, validation"] == pytest.approx([0.8] * 3)
    assert drawn["recommended, test"] == pytest.approx([0.1, LOWEST, 0.2])


def test_trials_are_ranked_in_each_fold_on_its_own(tmp_path: Path) -> None:
    study = fake_answer_study(tmp_path / "a")
    rows = leaderboard(study.path)
    assert [row.fold for row in rows] == sorted(row.fold or 0 for row in rows)
    for fold in range(3):
        scores = [row.score or 0.0 for row in rows if row.fold == fold]
        assert scores == sorted(scores, reverse=True)
        assert len(scores) == 2 * len(SCORES)
    assert {row["entrant"] for row in rows.to_dict()} == set(SCORES)
    assert "seeds" not in rows.to_dict()[0]
    report(study.path)
    (first, *_) = csv.DictReader(study.leaderboard_path.open())
    assert (first["trial"], first["fold"], first["entrant"]) == ("fold0-gru-00", "0", "gru")


def test_the_terminal_shows_fold_and_entrant(tmp_path: Path) -> None:
    study = fake_answer_study(tmp_path / "a")
    rows = leaderboard_rows(study.records(), "max", metrics=study.metrics)
    console = Console(width=100, record=True, file=(tmp_path / "out").open("w"))
    console.print(leaderboard_table(rows, baselines=None, metrics=study.metrics, width=100))
    head, _, first, *_ = console.export_text().splitlines()
    assert head.split() == ["trial", "fold", "entrant", "state", "decoding.score", "step", "kind"]
    assert first.split()[:4] == ["fold0-gru-00", "0", "gru", "completed"]


def test_reads_of_an_answer_are_counted_by_fold() -> None:
    reads = [events.TestRead(time=0, trial=f"fold{fold}", purpose="answer") for fold in range(2)]
    assert "each of 2 folds was read once" in reads_text(reads)
    assert "1 of them were read again" in reads_text([*reads, reads[0]])
    other = events.TestRead(time=0, trial="final", purpose="evaluate")
    assert "was read 3 times" in reads_text([*reads, other])


def test_a_dataset_that_the_answer_made_is_called_as_the_recordings() -> None:
    data = {"path": "/answers/first/data", "name": "rat-1", "fingerprint": "f"}
    assert Identity.read({"name": "first", "data": data}).data == "rat-1"
    assert Identity.read({"name": "first", "data": {"path": "/sets/ds"}}).data == "ds"
