"""Several objectives: the Pareto front against Optuna's, in the space, the leaderboard, the report
and MLflow's run.
"""

from __future__ import annotations

import csv
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pytest
from fake_search import drive, stored
from fake_study import T0, description, ended, reported, started
from helpers import dataset
from rich.console import Console

from raylab.analysis.leaderboard import leaderboard as ranked
from raylab.analysis.models.winner import describe_choice
from raylab.cli.show.study import say_choice
from raylab.data.datasets.specs import SessionSpec
from raylab.errors import ConfigError, TrainingError
from raylab.reporting.charts.front import front_chart
from raylab.reporting.study_page import write_report
from raylab.reporting.tables.leaderboard import leaderboard_rows
from raylab.reporting.tables.leaderboard_csv import write_csv
from raylab.reporting.tables.leaderboard_terminal import leaderboard_table
from raylab.space.load_space import load_space
from raylab.space.space import Space
from raylab.tracking.events import StudyEnded
from raylab.tracking.records import Mode, TrialRecord, best, front
from raylab.tracking.runs import trial_run
from raylab.tracking.study import StudyFolder
from raylab.tracking.winner import winner
from raylab.tuning.checks.objectives import modes
from raylab.tuning.checks.space import check_space
from raylab.tuning.outcome import Outcome, outcome, report

BOTH = [{"metric": "decoding.score"}, {"metric": "goodness_of_fit"}]
MODES: dict[str, Mode] = {"decoding.r2": "max", "decoding.median_abs_error": "min"}
SEARCH: dict[str, Any] = {
    "augmentation.unit_dropout": {"float": [0.1, 0.9]},
    "training.seed": {"int": [0, 3]},
}


@pytest.fixture(scope="module")
def sessions(tmp_path_factory: pytest.TempPathFactory) -> dict[str, SessionSpec]:
    return dataset(tmp_path_factory.mktemp("pareto") / "ds").sessions


def checked(sessions: dict[str, SessionSpec], **value: Any) -> Space:
    space = load_space({"search": SEARCH, "objective": BOTH, **value}, source="s.yaml")
    return check_space(space, sessions, source="s.yaml")[0]


# -- the front -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "directions", [("max", "max"), ("min", "max"), ("max", "min", "min"), ("min",)]
)
def test_the_front_is_optuna_s(directions: tuple[Mode, ...]) -> None:
    """Values on a coarse lattice, so that many trials tie in one objective and some in all."""
    values = np.random.default_rng(0).integers(0, 7, (50, len(directions))).astype(float)
    values = np.concatenate([values, values[::2], values[1::2]])
    study = optuna.create_study(
        directions=["maximize" if mode == "max" else "minimize" for mode in directions]
    )
    study.add_trials([optuna.trial.create_trial(values=row.tolist()) for row in values])
    trials = [
        TrialRecord(f"{k:04d}", "completed", row[0], scores=tuple(row))
        for k, row in enumerate(values)
    ]
    expected = (
        [f"{trial.number:04d}" for trial in study.best_trials] if len(directions) > 1 else None
    )
    if expected is None:  # of one objective Optuna gives the first best trial only
        expected = [record.trial for record in trials if record.score == values.min()]
    leading = front(trials, *directions)
    assert [record.trial for record in leading] == expected
    assert len({record.scores for record in leading}) < len(leading)  # ties are there, and are kept
    chosen = best(trials, *directions)
    assert chosen in leading
    pick = max if directions[0] == "max" else min
    assert chosen is not None
    assert chosen.score == pick(values[:, 0])


def test_trials_that_did_not_complete_are_on_no_front() -> None:
    good = TrialRecord("0000", "completed", 1.0, scores=(1.0, 1.0))
    trials = [
        good,
        *(replace(good, state=state, scores=(9.0, 9.0)) for state in ("pruned", "running")),
    ]
    failed = TrialRecord("0003", "failed")
    assert front([*trials, failed], "max", "max") == [good]
    assert front([failed], "max", "max") == []


# -- the space -------------------------------------------------------------------------------------


def test_several_objectives_and_what_they_mean(sessions: dict[str, SessionSpec]) -> None:
    space = checked(
        sessions, objective=[{"metric": "goodness_of_fit"}, {"metric": "decoding.median_abs_error"}]
    )
    assert modes(space, sessions) == {"goodness_of_fit": "max", "decoding.median_abs_error": "min"}
    stopped = checked(sessions, scheduler={"kind": "asha", "metric": "decoding.median_abs_error"})
    assert modes(stopped, sessions)[stopped.rung] == "min"
    assert stopped.metrics == ("decoding.score", "goodness_of_fit")


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"objective": [*BOTH, BOTH[0]]}, "s.yaml: objective: 'decoding.score' is listed twice"),
        ({"objective": []}, "one objective, or a list of two or three, is needed"),
        (
            {"objective": [BOTH[0], {"metrik": "x"}]},
            "unknown key 'objective.1.metrik'\n  Did you mean 'metric'",
        ),
        ({"objective": [BOTH[0], {"metric": "r2"}]}, "objective.1.metric 'r2' does not exist here"),
        (
            {"objective": [BOTH[0], {"metric": "loss"}]},
            "objective.1.metric 'loss' depends on batch size",
        ),
        (
            {"objective": [BOTH[0], {**BOTH[1], "mode": "min"}]},
            "objective.1.mode 'min' contradicts goodness_of_fit",
        ),
        (
            {"search": {"view.smoothing_ms": {"float": [0, 9]}}},
            "objective.1 goodness_of_fit cannot compare trials",
        ),
        ({"scheduler": {"kind": "asha"}}, "scheduler.metric is missing"),
        (
            {"scheduler": {"kind": "asha", "metric": "loss"}},
            "scheduler.metric 'loss' depends on batch size",
        ),
        (
            {"scheduler": {"kind": "asha", "metric": "r2"}},
            "scheduler.metric 'r2' does not exist here",
        ),
        (
            {"sampler": {"kind": "tpe", "population": 8}},
            "exists where sampler.kind is cmaes or nsga2",
        ),
    ],
)
def test_objectives_that_cannot_be(
    sessions: dict[str, SessionSpec], value: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        checked(sessions, **value)
    assert message in str(caught.value)


# -- trials ----------------------------------------------------------------------------------------


def test_a_trial_has_a_score_of_each_objective_of_the_model_kept() -> None:
    kept = {"step": 40, "metrics": {"a": 0.5, "b": 2.0, "c": 7.0}}
    summary = {"steps": 90, "metrics": {"a": 0.1, "b": 9.0, "c": 1.0}, "kept": kept}
    result = report(summary, objectives=("a", "b"), rung="c")
    assert (result["score"], result["scores"], result["rung"]) == (0.5, [0.5, 2.0], 7.0)
    expected = Outcome("completed", 0.5, 90, kept["metrics"], kept_step=40, scores=(0.5, 2.0))
    assert outcome(result, max_steps=90) == expected
    failed = outcome({**result, "scores": [0.5, math.nan]}, max_steps=90)
    assert (failed.state, failed.score, failed.scores) == ("failed", None, ())
    for missing in ({"objectives": ("a", "d")}, {"objectives": ("a",), "rung": "d"}):
        with pytest.raises(TrainingError, match="no validation measures 'd'"):
            report(summary, **missing)


@pytest.mark.parametrize("kind", ["tpe", "nsga2"])
def test_optuna_holds_all_objectives_over_a_resume(
    sessions: dict[str, SessionSpec], tmp_path: Path, kind: str
) -> None:
    space = checked(sessions, sampler={"kind": kind}, budget={"trials": 16})

    def result(params: dict[str, Any]) -> dict[str, Any]:
        if params["training.seed"] == 0:
            return {"steps": 4, "score": 0.1, "scores": [0.1, 9.9]}  # pruned: on no front
        dropout = params["augmentation.unit_dropout"]
        scores = [dropout, params["training.seed"] - dropout]
        return {"score": scores[0], "scores": scores}

    first = drive(space, tmp_path, result, modes=["max", "max"], trials=10, lost=2)
    second = drive(space, tmp_path, result, modes=["max", "max"], trials=8)
    assert second[:2] == first[-2:]
    study = stored(tmp_path)
    assert study.metric_names == ["decoding.score", "goodness_of_fit"]
    assert [len(study.trials), study.directions] == [16, [optuna.study.StudyDirection.MAXIMIZE] * 2]
    states = {"COMPLETE": "completed", "PRUNED": "pruned"}
    trials = [
        TrialRecord(
            f"{t.number:04d}",
            states[t.state.name],
            (t.values or [0])[0],
            scores=tuple(t.values or ()),
        )  # type: ignore[arg-type]
        for t in study.trials
    ]
    for trial in study.trials:
        assert trial.values == (
            result(trial.params)["scores"] if trial.params["training.seed"] else None
        )
    assert [f"{trial.number:04d}" for trial in study.best_trials] == [
        r.trial for r in front(trials, "max", "max")
    ]
    if kind == "nsga2":  # Optuna's default population of 50 would make this search random
        assert max(trial.system_attrs["NSGAIISampler:generation"] for trial in study.trials) >= 1


# -- what is shown ---------------------------------------------------------------------------------

TRIALS: tuple[tuple[str, float, float], ...] = (
    ("completed", 0.9, 0.5),  # 0000: best first objective with 0003, but 0003 dominates it
    ("completed", 0.7, 0.2),  # 0001: on the front
    ("pruned", 0.99, 0.01),
    ("completed", 0.9, 0.4),  # 0003: on the front, the winner
    ("completed", 0.1, 0.9),
    ("failed", math.nan, math.nan),
)
FRONT = ["0003", "0001"]  # as the leaderboard ranks it


def study_of_two(folder: Path, *more: str) -> StudyFolder:
    aims = [{"metric": metric, "mode": mode} for metric, mode in MODES.items()]
    aims += [{"metric": metric, "mode": "max"} for metric in more]
    study = StudyFolder.create(folder, description(objective=aims[0], objectives=aims))
    study.space_path.write_text("search: {}\n")
    for number, (state, *scores) in enumerate(TRIALS):
        trial, done = f"{number:04d}", state != "failed"
        scores += [0.5] * len(more)
        metrics = dict(zip([aim["metric"] for aim in aims], scores)) if done else {}
        begun = started(trial, time=T0 + 20 * number, **{"x.<b>": number})
        study.ledger.append(begun, reported(trial, 50, **metrics))
        values = {
            "scores": scores if done else [],
            "metrics": metrics,
            "error": None if done else "it diverged",
        }
        study.ledger.append(
            ended(trial, state, scores[0] if done else None, time=T0 + 20 * number + 9, **values)
        )
    study.ledger.append(StudyEnded(time=T0 + 999))
    return study


def test_the_leaderboard_ranks_the_front_first(tmp_path: Path) -> None:
    study = study_of_two(tmp_path / "s")
    rows = leaderboard_rows(study.records(), *study.modes, metrics=study.metrics)
    assert tuple(rows) == ranked(study.path).rows
    assert [row.trial for row in rows] == [*FRONT, "0000", "0004", "0002", "0005"]
    assert [row.front for row in rows] == [True, True, False, False, False, False]
    assert rows[1].scores == {"decoding.r2": 0.7, "decoding.median_abs_error": 0.2}
    write_csv(study.leaderboard_path, rows)
    table = list(csv.DictReader(study.leaderboard_path.open()))
    assert [row["front"] for row in table] == ["yes", "yes", "no", "no", "no", "no"]
    assert [row["scores.decoding.median_abs_error"] for row in table] == [
        "0.4",
        "0.2",
        "0.5",
        "0.9",
        "0.01",
        "",
    ]
    write_csv(study.leaderboard_path, [])
    assert (
        study.leaderboard_path.read_text()
        == "trial,state,score,steps,seconds,cpu_seconds,gpu_seconds,note\n"
    )


def test_the_table_has_a_column_an_objective_and_baselines_under_theirs(tmp_path: Path) -> None:
    study = study_of_two(tmp_path / "s", "goodness_of_fit")
    baselines = {"valid": {"raw": {"position": {"r2": 0.61, "median_abs_error": 0.33}}}}
    console = Console(width=120, record=True, file=(tmp_path / "out").open("w"))
    drawn = leaderboard_table(
        leaderboard_rows(study.records(), *study.modes, metrics=study.metrics),
        baselines=baselines,
        metrics=study.metrics,
        label="position",
        width=120,
    )
    console.print(drawn)
    lines = [line.split() for line in console.export_text().splitlines()]
    heads = next(line for line in lines if "trial" in line)
    assert heads[:6] == ["trial", "state", "front", *MODES, "goodness_of_fit"]
    assert ["0003", "completed", "yes", "0.9000", "0.4000", "0.5000", "100", "3"] in lines
    assert ["–", "baseline:", "raw", "0.6100", "0.3300"] in lines


def test_the_winner_is_the_front_s_and_the_choice_is_printed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    study = study_of_two(tmp_path / "s")
    assert (winner(study).trial, winner(study, "0001").trial) == ("0003", "0001")
    say_choice(study.path, None)
    line = capsys.readouterr().err
    assert (
        line == "trial 0003 is used: of 2 on the Pareto front, the one with the best decoding.r2\n"
    )
    say_choice(study.path, "0001")
    say_choice(tmp_path / "model.pt", None)  # as `export` takes it
    assert capsys.readouterr().err == ""
    assert describe_choice(StudyFolder.create(tmp_path / "one", description())) is None


def test_the_report_shows_the_front(tmp_path: Path) -> None:
    study = study_of_two(tmp_path / "s")
    page = write_report(study, importance=None).read_text(encoding="utf-8")
    assert "<h2>Pareto front</h2>" in page
    assert "Of 2 trials on the Pareto front, 0003 is best by decoding.r2 (0.900)" in page
    assert (
        "highest decoding.r2 of position and lowest decoding.median_abs_error of position" in page
    )
    assert page.count("<td>yes</td>") == 2
    assert "x.<b>" not in page


def test_the_chart_joins_the_front_of_two_and_pairs_three(tmp_path: Path) -> None:
    two = study_of_two(tmp_path / "two")
    figure = front_chart(two.records(), metrics=two.metrics, modes=two.modes)
    assert figure is not None
    traces = {trace.name: trace for trace in figure.data}
    assert [list(traces["Pareto front"][axis]) for axis in "xy"] == [[0.7, 0.9], [0.2, 0.4]]
    assert traces["Pareto front"].mode == "lines+markers"
    assert sorted(traces["completed"].x) == [0.1, 0.9]
    assert list(traces["pruned"].x) == [0.99]
    assert traces["pruned"].text[0] == "trial 0002, pruned<br>x.&lt;b&gt; 2"
    three = study_of_two(tmp_path / "three", "goodness_of_fit")
    figure = front_chart(three.records(), metrics=three.metrics, modes=three.modes)
    assert figure is not None
    leading = [trace for trace in figure.data if trace.name == "Pareto front"]
    assert [(len(trace.x), trace.mode) for trace in leading] == [(2, "markers")] * 3
    assert front_chart([], metrics=two.metrics, modes=two.modes) is None


def test_mlflow_has_every_objective_as_a_metric(tmp_path: Path) -> None:
    study = study_of_two(tmp_path / "s")
    record = next(record for record in study.records() if record.trial == "0003")
    latest = {name: value for name, value, *_ in trial_run(record, study=study.description).points}
    assert latest == {"decoding.r2": 0.9, "decoding.median_abs_error": 0.4, "score": 0.9}


def test_a_resumed_trial_forgets_its_scores(tmp_path: Path) -> None:
    study = study_of_two(tmp_path / "s")
    study.ledger.append(started("0003", time=T0 + 1000))
    record = next(record for record in study.records() if record.trial == "0003")
    assert (record.state, record.scores) == ("interrupted", ())
