"""The baselines of `raylab answer` are trials, with the scores of the baselines of every report."""

from __future__ import annotations

from itertools import count, takewhile

import numpy as np
import pytest

from raylab.config.parse import parse_trial
from raylab.config.training import EvaluationConfig
from raylab.data.dataset import Dataset
from raylab.data.shard import whole_shard
from raylab.evaluation.baselines import Baselines
from raylab.training.loop import Training
from raylab.tuning.entrants.entrants_for import entrants_for


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """12 units that say where an animal is on a line, and on which half. They are no counts: silent
    samples would be equally near to all others.
    """
    source = np.random.default_rng(1)
    position = np.sin(np.arange(250) / 20)
    rates = np.exp(2 - 8 * (position[:, None] - np.linspace(-1, 1, 12)) ** 2) / 4
    return Dataset.from_arrays(
        source.poisson(rates) + source.normal(size=rates.shape) / 10,
        out=tmp_path_factory.mktemp("baselines") / "ds",
        kind="calcium",
        rate_hz=20,
        labels={"position": position, "half": position > 0},
        splits={"kind": "blocked", "blocks": 5},
    )


@pytest.mark.parametrize("label", ["position", "half"])
def test_the_best_trial_of_a_baseline_scores_what_the_baseline_scores(
    dataset: Dataset, label: str
) -> None:
    reported = Baselines(dataset, EvaluationConfig(), [label]).scores("valid")
    metric = "r2" if label == "position" else "balanced_accuracy"
    best = {}
    for entrant in entrants_for(dataset, label, families=["baseline"]):
        configs = takewhile(lambda config: config is not None, map(entrant.config, count()))
        best[entrant.name] = max(score_of(dataset, config or {}) for config in configs)
    for name in ("raw", "smoothed"):
        assert best[name] == pytest.approx(reported[name][label][metric], abs=1e-9), name
    # The report projects the best smoothed view only; trials project every view.
    assert best["pca"] >= reported["pca"][label][metric] - 1e-9


def score_of(dataset: Dataset, values: dict[str, object]) -> float:
    config = parse_trial(values, "baseline")
    training = Training(config, dataset, whole_shard(dataset, config.view, config.sessions))
    training.advance()
    return training.validate().metrics["decoding.score"]
