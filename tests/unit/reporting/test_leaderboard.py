"""The leaderboard: order, states, baselines beside it and not among it."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import pytest
from fake_study import ended, fake_study, started
from rich.console import Console

from raylab.cli.show.study import print_leaderboard, print_study
from raylab.reporting.baselines import baseline_scores
from raylab.reporting.study_page import write_report
from raylab.reporting.tables.cells import short_names
from raylab.reporting.tables.leaderboard import Leaderboard, leaderboard_rows
from raylab.reporting.tables.leaderboard_csv import write_csv
from raylab.reporting.tables.leaderboard_terminal import leaderboard_table
from raylab.reporting.verdict import verdict
from raylab.tracking.events import Event, State
from raylab.tracking.records import records

METRICS = ("decoding.r2",)


def test_rows_are_best_first_and_a_pruned_score_never_leads() -> None:
    events: list[Event] = []
    trials: list[tuple[str, State, float | None]] = [
        ("0000", "failed", None),
        ("0001", "completed", 0.2),
        ("0002", "pruned", 0.9),
        ("0003", "completed", 0.6),
    ]
    for trial, state, score in [*trials, ("0004", "completed", None)]:
        events += [started(trial, x=1), ended(trial, state, score)]
    ended_trials = records(events, live=False)
    rows = leaderboard_rows(ended_trials, "max")
    assert [row.trial for row in rows] == ["0003", "0001", "0004", "0002", "0000"]
    assert [row.trial for row in leaderboard_rows(ended_trials, "min")] == [
        "0001",
        "0003",
        "0004",
        "0002",
        "0000",
    ]
    names = "trial state score steps seconds cpu_seconds gpu_seconds params metrics note"
    assert all(list(row) == names.split() for row in Leaderboard(tuple(rows)).to_dict())
    assert not any(row.note for row in rows)


def test_a_model_of_an_earlier_step_is_noted(tmp_path: Path) -> None:
    reason = "stopped early at step 90: 3 validations in a row without a better decoding.score"
    events: list[Event] = [started(f"000{trial}") for trial in range(3)]
    events += [
        ended("0000", "completed", 0.5, step=90, kept_step=60, stopped=reason),
        ended("0001", "completed", 0.4, kept_step=100),
        ended("0002", "completed", 0.3),
    ]
    rows = leaderboard_rows(records(events, live=False), "max")
    assert [row.note for row in rows] == [f"{reason}; the model of step 60 is kept", None, None]
    write_csv(tmp_path / "l.csv", rows)
    assert [row["note"] for row in csv.DictReader((tmp_path / "l.csv").open())] == [
        rows[0].note,
        "",
        "",
    ]
    console = Console(width=100, record=True, file=(tmp_path / "out").open("w"))
    console.print(leaderboard_table(rows, baselines=None, metrics=METRICS))
    assert (
        "1 trial with a note (in leaderboard.csv), such as: stopped early at step 90"
        in " ".join(console.export_text().split())
    )


def test_a_collapsed_codebook_is_noted() -> None:
    config = {"evaluation": {"collapse_below": 0.05}}
    events: list[Event] = []
    for trial, usage in (("0000", 0.02), ("0001", 0.06)):
        metrics = {"codes.usage_least": usage}
        events += [
            replace(started(trial), config=config),
            ended(trial, "completed", usage, metrics=metrics),
        ]
    rows = leaderboard_rows(records(events, live=False), "min")
    note = "the codebook collapsed: 2.0% of its codes are used on held-out windows"
    assert [row.note for row in rows] == [note, None]


def test_csv_holds_every_row_and_leaves_absent_values_empty(tmp_path: Path) -> None:
    events = [
        started("0000", a=0.1),
        ended("0000", "completed", 0.5),
        started("0001", b="x,y"),
        ended("0001", "failed", None),
    ]
    write_csv(tmp_path / "l.csv", leaderboard_rows(records(events, live=False), "max"))
    first, second = csv.DictReader((tmp_path / "l.csv").open())
    assert (first["trial"], first["score"], first["params.a"], first["params.b"]) == (
        "0000",
        "0.5",
        "0.1",
        "",
    )
    assert (second["state"], second["score"], second["params.b"], second["metrics.loss"]) == (
        "failed",
        "",
        "x,y",
        "",
    )


def test_the_table_shows_states_reasons_and_baselines_apart(tmp_path: Path) -> None:
    study = fake_study(tmp_path / "s")
    trials = study.records()
    rows = leaderboard_rows(trials, "max")
    errors = {record.trial: record.error for record in trials}
    for width in (60, 100, 160):
        console = Console(width=width, record=True, file=(tmp_path / "out").open("w"))
        drawn = leaderboard_table(
            rows,
            baselines=study.baselines(),
            metrics=METRICS,
            label="position",
            errors=errors,
            width=width,
        )
        console.print(drawn)
        lines = console.export_text().splitlines()
        assert max(map(len, lines)) <= width
        text = "\n".join(lines)
        assert all(state in text for state in ("completed", "pruned", "failed", "interrupted"))
        assert "the loss is NaN" in text
        first = next(index for index, line in enumerate(lines) if "baseline: " in line)
        assert not any("completed" in line for line in lines[first:])
        assert "0.9300" in text


def test_short_names_stay_apart() -> None:
    paths = ["model.encoder.kind", "quantizer.kind", "optimizer.learning_rate"]
    assert list(short_names(paths).values()) == [
        "encoder.kind",
        "quantizer.kind",
        "learning_rate",
    ]
    assert short_names(["kind", "model.kind"])["kind"] == "kind"


def test_a_winner_that_loses_to_its_own_input_has_a_verdict_that_says_so() -> None:
    trials = records([started("0000"), ended("0000", "completed", 0.69)], live=False)
    lost = verdict(
        trials, mode="max", metric="decoding.r2", baselines={"smoothed": 0.93, "chance": 0.0}
    )
    assert lost.kind == "loses"
    assert "loses to smoothed activity (0.930)" in lost.text
    won = verdict(
        trials, mode="max", metric="decoding.r2", baselines={"smoothed": 0.5, "chance": 0.0}
    )
    assert won.kind == "wins"
    error = verdict(trials, mode="min", metric="decoding.median_error", baselines={"raw": 0.5})
    assert error.kind == "loses"
    assert (
        verdict([], mode="max", metric="decoding.r2", baselines={}).text == "No trial has started."
    )


def test_baselines_are_matched_by_the_objective_and_its_label() -> None:
    by_label = {"position": {"r2": 0.6}, "direction": {"balanced_accuracy": 0.7}}
    baselines = {"valid": {"chance": by_label, "raw": by_label}}
    assert list(baseline_scores(baselines, metric="decoding.r2", label="position").items()) == [
        ("raw", 0.6),
        ("chance", 0.6),
    ]
    assert (
        baseline_scores(baselines, metric="decoding.direction.balanced_accuracy", label="position")[
            "raw"
        ]
        == 0.7
    )
    assert baseline_scores(baselines, metric="goodness_of_fit", label="position") == {}
    assert baseline_scores(baselines, metric="decoding.score", label="position") == {
        "raw": 0.6,
        "chance": 0.6,
    }
    assert baseline_scores(baselines, metric="decoding.score", label="direction")["raw"] == 0.7
    assert baseline_scores(None, metric="decoding.r2", label="position") == {}


def test_the_terminal_says_when_the_test_split_was_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    study = fake_study(tmp_path / "s")
    print_leaderboard(study)
    assert "The test split was read once: to evaluate trial 0000" in capsys.readouterr().out
    untouched = fake_study(tmp_path / "untouched", states=("failed",))
    print_leaderboard(untouched)
    assert "test split" not in capsys.readouterr().out


def test_the_last_line_is_the_verdict(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With label, metric, winner, baseline, and that test was read."""
    study = fake_study(tmp_path / "s", tracking={"uri": "sqlite:///runs/mlflow.db"})
    print_study(study)
    last = capsys.readouterr().out.splitlines()[-1]
    for text in ("is best: decoding.r2 of position 0.", "smoothed activity (0.930)"):
        assert text in last
    assert last.endswith("The test split was read once.")
    assert last in write_report(study, importance=None).read_text().replace("&#39;", "'")


def test_a_readout_that_loses_is_not_said_to_be_trained() -> None:
    event = started("0000")
    fitted = replace(event, config={"task": {"kind": "decoder"}, "model": {"kind": "ridge"}})
    trained = replace(event, config={"task": {"kind": "decoder"}, "model": {"kind": "mlp"}})
    texts = {
        each.config["model"]["kind"]: verdict(
            records([each, ended("0000", "completed", 0.6)], live=False),
            mode="max",
            metric="decoding.r2",
            baselines={"smoothed": 0.9},
        ).text
        for each in (fitted, trained)
    }
    assert texts["ridge"].endswith("It loses to smoothed activity (0.900).")
    assert texts["mlp"].endswith("smoothed activity (0.900): it does not earn its training.")
