"""A search for a Pareto front and a grid, each interrupted and resumed, on a local Ray with real
MLflow and Optuna.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import optuna
import pytest
import ray
from helpers import dataset, session
from processes import mlflow_children

import raylab as package
from raylab.cluster import connect
from raylab.data.dataset import Dataset
from raylab.tracking.records import front
from raylab.tracking.study import StudyFolder

pytestmark = pytest.mark.ray
METRICS = ("decoding.score", "goodness_of_fit")
SPACE: dict[str, Any] = {
    "objective": [{"metric": metric} for metric in METRICS],
    "base": {
        "model.encoder": {"kind": "offset1", "hidden_units": 8},
        "training": {"batch_size": 64, "max_steps": 40, "validate_every": 10},
    },
    "search": {
        "model.output_dimension": {"int": [3, 16], "log": True},
        "optimizer.learning_rate": {"float": [1e-5, 1e-1], "log": True},
    },
    "scheduler": {"kind": "asha", "metric": "goodness_of_fit", "grace_steps": 10},
    "budget": {"trials": 10},
    "resources": {"concurrent": 2},
}
GRID: dict[str, Any] = {
    "objective": {"metric": "goodness_of_fit"},
    "base": {"training": {"batch_size": 32, "max_steps": 4, "validate_every": 4}},
    "search": {
        "model.output_dimension": {"int": [3, 6], "step": 3},
        "optimizer.kind": {"categorical": ["adam", "adamw"]},
        "optimizer.weight_decay": {"categorical": [0.01, 0.1], "when": {"optimizer.kind": "adamw"}},
    },
    "sampler": {"kind": "grid"},
}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return dataset(tmp_path_factory.mktemp("pareto") / "ds", session("a", samples=600))


@pytest.fixture(autouse=True)
def _ray() -> Iterator[None]:
    ray.shutdown()
    connect(cpus=2)
    yield
    ray.shutdown()


def interrupted(space: dict[str, Any], data: Dataset, out: Path, *, after: int) -> StudyFolder:
    """A search that Ctrl-C ends once so many trials have ended, then resumed."""
    lines: list[str] = []

    def say(line: str) -> None:
        lines.append(line)
        if sum(line.startswith("[") for line in lines) == after:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        package.search(space, data=data.path, out=out, say=say)
    ray.shutdown()  # what was under way ends with its driver
    connect(cpus=2)
    return package.resume(out, say=lambda line: None)


def trials(study: StudyFolder) -> optuna.Study:
    return optuna.load_study(study_name="raylab", storage=f"sqlite:///{study.optuna_path}")


def test_a_front_over_a_resume_is_the_same_everywhere(data: Dataset, tmp_path: Path) -> None:
    study = interrupted(SPACE, data, tmp_path / "study", after=3)
    found = study.records()
    assert len(found) == SPACE["budget"]["trials"]
    assert {record.state for record in found} == {
        "completed",
        "pruned",
    }  # stopped by the scheduler's own metric
    held = trials(study)
    leading = {record.trial for record in front(found, "max", "max")}
    assert {f"{trial.number:04d}" for trial in held.best_trials} == leading
    runs = mlflow_children(study.description["tracking"]["uri"])
    for record, trial in zip(
        sorted(found, key=lambda record: record.trial), held.trials, strict=True
    ):
        assert record.scores == tuple(record.metrics[metric] for metric in METRICS)
        assert trial.values == (list(record.scores) if record.state == "completed" else None)
        assert runs[record.trial]["score"] == record.score == record.scores[0]
    rows = list(csv.DictReader(study.leaderboard_path.open()))
    assert {row["trial"] for row in rows if row["front"] == "yes"} == leading
    used = package.evaluate(study.path).trial
    assert used in leading
    assert used == rows[0]["trial"] == max(leading, key=lambda trial: float(scores(rows, trial)))
    assert "Pareto front" in study.report_path.read_text(encoding="utf-8")


def scores(rows: list[dict[str, str]], trial: str) -> str:
    return next(row["scores.decoding.score"] for row in rows if row["trial"] == trial)


def test_a_grid_visits_each_point_once_over_a_resume(data: Dataset, tmp_path: Path) -> None:
    study = interrupted(GRID, data, tmp_path / "grid", after=2)
    found = [tuple(record.params.values()) for record in study.records()]
    decays = (("adam",), ("adamw", 0.01), ("adamw", 0.1))
    assert sorted(map(str, found)) == sorted(
        str((size, *decay)) for size in (3, 6) for decay in decays
    )
    assert {record.state for record in study.records()} == {"completed"}
    assert len(trials(study).trials) == 6
