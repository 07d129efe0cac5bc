"""Trials of a search rebuilt from their records: completed, pruned, stopped early, and over two
workers.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import ray
from helpers import dataset, session

import raylab
from raylab.cluster import connect
from raylab.config.splits import BlockedSplits
from raylab.data.dataset import Dataset
from raylab.tracking.study import StudyFolder

pytestmark = pytest.mark.ray
SPACE: dict[str, Any] = {
    "objective": {"metric": "goodness_of_fit"},
    "base": {
        "model.encoder": {"kind": "offset1", "hidden_units": 8},
        "training": {
            "batch_size": 64,
            "max_steps": 120,
            "validate_every": 10,
            "early_stopping": {"patience": 2},
            "device": "cpu",
        },
        "evaluation.bits_batch": 64,
    },
    # Drawn are the last, the first, the second: one stops before the rung, one passes it, one is
    # pruned there.
    "search": {"optimizer.learning_rate": {"categorical": [0.01, 1e-5, 1.0]}},
    "sampler": {"kind": "random", "seed": 2},
    "scheduler": {"kind": "asha", "grace_steps": 80, "reduction_factor": 2},
    "budget": {"trials": 3},
    "resources": {"concurrent": 1},
}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    folder = tmp_path_factory.mktemp("reproduce") / "ds"
    return dataset(folder, session("a", samples=600), splits=BlockedSplits(blocks=12))


@pytest.fixture(scope="module")
def study(data: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Iterator[StudyFolder]:
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAYLAB_HOME", str(home))
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        ray.shutdown()
        connect(cpus=2)
        yield raylab.search(SPACE, data=data.path, out=home / "study", say=lambda line: None)
        ray.shutdown()


def test_however_a_trial_ended_it_is_rebuilt_to_the_bit(study: StudyFolder) -> None:
    ends = {("stopped" if record.stopped else record.state): record for record in study.records()}
    assert set(ends) == {"completed", "pruned", "stopped"}
    for record in ends.values():
        found = raylab.reproduce(study.path, record.trial)
        assert found.environment.keys() <= {
            "git commit",
            "git dirty",
        }  # of a tree that is being worked on
        assert found.step == record.step
        assert found.score.to_dict() == {"recorded": record.score, "rebuilt": record.score}
        assert found.weights.to_dict() == {
            "equal": True,
            "largest_difference": 0.0,
            "relative_difference": 0.0,
        }
        assert (found.same, found.metrics) == (True, {})


def test_a_trial_of_two_workers_is_rebuilt_by_two(data: Dataset, tmp_path: Path) -> None:
    ray.shutdown()
    connect(cpus=2, dashboard=True)
    try:
        overrides = {
            "resources.workers": 2,
            "optimizer.learning_rate": 0.01,
            "scheduler.kind": "none",
        }
        study = raylab.search(
            SPACE, data=data.path, out=tmp_path / "two", trials=1, overrides=overrides
        )
        found = raylab.reproduce(study.path, "0000", out=tmp_path / "again")
    finally:
        ray.shutdown()
    assert found.same
    assert found.weights.equal
