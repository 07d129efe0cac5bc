"""A trial of the readout knn scores exactly what the matched baseline of its settings scores."""

from __future__ import annotations

from typing import Any

import pytest
from helpers import dataset, session

from raylab.config.parse import parse_trial
from raylab.config.training import EvaluationConfig
from raylab.data.dataset import Dataset
from raylab.data.shard import whole_shard
from raylab.evaluation.baselines import COMPONENTS, METRICS, Baselines
from raylab.training.loop import Training

SMOOTHING = (0, 2)  # samples


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return dataset(tmp_path_factory.mktemp("trials") / "ds", session(samples=300, units=12))


def validated(data: Dataset, label: str, view: dict[str, Any], model: dict[str, Any]) -> float:
    """The validation score of a decoder trial whose settings are chosen on validation."""
    value = {
        "task": {"kind": "decoder", "label": label},
        "input": {"window": 1},
        "view": view,
        "model": {"kind": "knn", "metric": list(METRICS), **model},
    }
    config = parse_trial(value, "test")
    training = Training(config, data, whole_shard(data, config.view, config.sessions))
    training.advance()
    return training.validate().metrics["decoding.score"]


@pytest.mark.parametrize("label", ["position", "heading", "choice"])
def test_trials_score_what_baselines_score(
    made: Dataset, label: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("raylab.evaluation.baselines.SMOOTHING_SAMPLES", SMOOTHING)
    baselines = Baselines(made, EvaluationConfig(), [label])
    found = baselines.scores("valid")
    primary = "balanced_accuracy" if label == "choice" else "r2"
    rate = made.sessions["rat"].rate_hz
    trials = {
        (samples, zscore): validated(
            made, label, {"smoothing_ms": 1000 * samples / rate, "zscore": zscore}, {}
        )
        for samples in SMOOTHING
        for zscore in (False, True)
    }
    # Of a decoder, angles are kept as float32 points on the circle.
    equal = {"rel": 1e-5 if label == "heading" else 0, "abs": 0}
    raw = max(score for (samples, _), score in trials.items() if not samples)
    assert raw == pytest.approx(found["raw"][label][primary], **equal)
    assert max(trials.values()) == pytest.approx(found["smoothed"][label][primary], **equal)

    settings = baselines.settings["pca"][label]["rat"]
    view = {name: settings[name] for name in ("smoothing_ms", "zscore")}
    chosen = validated(made, label, view, {"components": list(COMPONENTS)})
    assert chosen == pytest.approx(found["pca"][label][primary], **equal)
    fixed = {name: settings[name] for name in ("components", "neighbours")}
    fixed["metric"] = settings["distance"]
    assert validated(made, label, view, fixed) == pytest.approx(chosen, **equal)


def test_the_record_says_nothing_of_components_that_are_not_used() -> None:
    value: dict[str, Any] = {"task": {"kind": "decoder"}, "model": {"kind": "knn"}}
    assert "components" not in parse_trial(value, "test").model_dump_json()
    value["model"] = {"kind": "knn", "components": "none"}
    assert "components" not in parse_trial(value, "test").model_dump_json()
    value["model"] = {"kind": "knn", "components": [8, "none"]}
    assert '"components":[8,"none"]' in parse_trial(value, "test").model_dump_json()
