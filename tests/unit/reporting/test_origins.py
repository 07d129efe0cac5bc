"""Leaderboards, the report and MLflow say which trial another one goes on with, and who stopped."""

from __future__ import annotations

import csv
from pathlib import Path

from fake_study import T0, ended, fake_study, started

import raylab
from raylab.reporting.study_page import write_report
from raylab.reporting.tables.leaderboard_csv import write_csv
from raylab.reporting.tables.leaderboard_terminal import leaderboard_table
from raylab.tracking.events import BY_USER, StudyEnded, TrialStarted
from raylab.tracking.runs import trial_run
from raylab.tracking.study import StudyFolder


def extended(path: Path) -> StudyFolder:
    """A study with a longer training of trial 0000, trial 0003 again, and a trial that was
    stopped.
    """
    study = fake_study(path, end=False)
    first = study.records()[0]
    plain = started("0008", time=T0 + 900, **first.params)
    further = TrialStarted(**{**plain.__dict__, "origin": "0000", "origin_step": 100})
    again = TrialStarted(**{**further.__dict__, "trial": "0009", "origin": "0003"})
    again = TrialStarted(**{**again.__dict__, "origin_step": None})
    study.ledger.append(
        further,
        ended("0008", "completed", 0.95, time=T0 + 950),
        again,
        ended("0009", "pruned", 0.4, time=T0 + 960, stopped=BY_USER),
        StudyEnded(time=T0 + 10_000),
    )
    return study


def test_leaderboards_have_a_column_only_where_there_is_an_origin(tmp_path: Path) -> None:
    rows = raylab.leaderboard(extended(tmp_path / "study").path)
    by_trial = {row.trial: row for row in rows}
    assert by_trial["0008"].origin == "0000"
    assert "origin" not in by_trial["0000"].to_dict()
    assert by_trial["0008"].note == "trains trial 0000 further, from step 100"
    assert by_trial["0009"].note == "stopped by the user; trial 0003 again, which failed"
    table = leaderboard_table(list(rows), baselines=None, metrics=["decoding.r2"])
    assert [str(column.header) for column in table.columns[:3]] == ["trial", "origin", "state"]
    write_csv(tmp_path / "board.csv", list(rows))
    with (tmp_path / "board.csv").open() as file:
        origins = {row["trial"]: row["origin"] for row in csv.DictReader(file)}
    assert (origins["0008"], origins["0009"], origins["0000"]) == ("0000", "0003", "")
    plain = raylab.leaderboard(fake_study(tmp_path / "plain").path)
    head = leaderboard_table(list(plain), baselines=None, metrics=["decoding.r2"]).columns[1]
    assert str(head.header) == "state"


def test_the_report_shows_the_origin(tmp_path: Path) -> None:
    page = write_report(extended(tmp_path / "study"), importance=None).read_text()
    assert "origin" in page
    assert "trains trial 0000 further, from step 100" in page


def test_mlflow_has_the_origin_and_who_stopped(tmp_path: Path) -> None:
    study = extended(tmp_path / "study")
    runs = {each.trial: trial_run(each, study=study.description) for each in study.records()}
    assert runs["0008"].tags["raylab.origin"] == "0000"
    assert runs["0008"].tags["raylab.origin_step"] == "100"
    assert runs["0009"].tags["raylab.stopped"] == BY_USER
    assert runs["0009"].status == "KILLED"
    assert "raylab.origin_step" not in runs["0009"].tags
    assert not any("origin" in tag for tag in runs["0000"].tags)
