"""Early stopping and trouble inside a search, over one worker and over two."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import optuna
import pytest
import ray
from helpers import dataset, session
from processes import mlflow_children

import raylab as package
from raylab.cluster import connect
from raylab.config.splits import BlockedSplits
from raylab.data.dataset import Dataset
from raylab.reporting.tables.leaderboard import leaderboard_rows
from raylab.tracking.study import StudyFolder

pytestmark = pytest.mark.ray
SPACE: dict[str, Any] = {
    "objective": {"metric": "decoding.score"},
    "base": {
        "model.encoder": {"kind": "offset1", "hidden_units": 8},
        "optimizer.learning_rate": 0.3,  # too high: the first validations are the best
        "training": {"batch_size": 64, "max_steps": 400, "validate_every": 10},
    },
    "search": {
        "training.early_stopping.patience": {"categorical": [2, 3]},
        "loss.temperature": {"categorical": [1.0, 1e-39]},  # the second overflows
    },
    "sampler": {"kind": "random", "seed": 5},
    "budget": {"trials": 4},
}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    folder = tmp_path_factory.mktemp("stopping") / "ds"
    return dataset(folder, session("a", samples=600), splits=BlockedSplits(blocks=12))


@pytest.mark.parametrize(
    ("overrides", "states"),
    [
        ({}, {"completed", "failed"}),
        ({"resources.workers": 2, "budget.trials": 1, "loss.temperature": 1.0}, {"completed"}),
    ],
    ids=["one worker", "two workers"],
)
def test_trials_stop_early_complete_and_are_their_best_model(
    data: Dataset, tmp_path: Path, overrides: dict[str, Any], states: set[str]
) -> None:
    ray.shutdown()
    connect(cpus=2, dashboard="resources.workers" in overrides)
    try:
        study = package.search(SPACE, data=data.path, out=tmp_path / "study", overrides=overrides)
    finally:
        ray.shutdown()
    assert {record.state for record in study.records()} == states
    check_records(study)


def check_records(study: StudyFolder) -> None:
    found = study.records()
    runs = mlflow_children(study.description["tracking"]["uri"])
    values = optuna.load_study(study_name="raylab", storage=f"sqlite:///{study.optuna_path}").trials
    notes = {row.trial: row.note for row in leaderboard_rows(found, "max")}
    for record in found:
        held = values[
            int(record.trial)
        ]  # records are in the order in which trials began, a race of two
        assert record.config["training"]["monitor"] == "decoding.score"
        if record.state == "failed":  # alone, at once, with its reason
            assert record.config["loss"]["temperature"] == 1e-39
            assert record.step <= 10
            assert str(record.error).startswith("the loss is nan at step 0")
            continue
        scores = {step: metrics["decoding.score"] for _, step, metrics in record.history}
        best, patience = (
            max(scores, key=lambda step: scores[step]),
            record.params["training.early_stopping.patience"],
        )
        assert (record.kept_step, record.score) == (best, scores[best])
        assert best < record.step == list(scores)[-1] < 400
        assert record.metrics["decoding.score"] == scores[best]
        assert f"{patience} validations in a row without a better decoding.score" in str(
            record.stopped
        )
        assert f"the model of step {best} is kept" in str(notes[record.trial])
        assert runs[record.trial]["score"] == held.value == record.score
        evaluated = package.evaluate(study.path, trial=record.trial).scores["position"]["r2"]
        assert evaluated == pytest.approx(record.metrics["decoding.r2"])
