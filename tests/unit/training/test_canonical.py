"""Configs that are the same trial have equal scores, to the bit; other configs are not merged."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from helpers import dataset, session

from raylab.config.dotted import set_path
from raylab.config.parse import parse_trial
from raylab.config.trial import TrialConfig
from raylab.data.dataset import Dataset
from raylab.data.shard import whole_shard
from raylab.training.canonical import same_trial
from raylab.training.loop import Training

Changes = dict[str, Any]
STEPS = {"training.max_steps": 12, "training.batch_size": 16, "training.device": "cpu"}
BASES: dict[str, Changes] = {
    "mlp": {"task.kind": "decoder", "model.hidden": [8], "input.window": 3, **STEPS},
    "ridge": {"task.kind": "decoder", "model.kind": "ridge", "model.alpha": 10.0},
    "knn": {"task.kind": "decoder", "model.kind": "knn", "input.window": 1},
    "contrastive": {
        "model.encoder.kind": "offset1",
        "model.encoder.hidden_units": 4,
        "sampling.conditional": "time",
        **STEPS,
    },
    "vqvae": {
        "task.kind": "vqvae",
        "model.window": 8,
        "model.channels": [8, 8],
        "model.kernels": [3, 3],
        "model.strides": [1, 2],
        "model.norm_groups": 2,
        "model.residual_blocks": 0,
        "model.code_dimension": 4,
        "quantizer.codes": 8,
        **STEPS,
    },
}
# A sample of the sessions takes 100 ms; they have 6 and 4 units.
VARIANCE = {"view.selection.kind": "variance"}
SAME: list[tuple[str, Changes, Changes]] = [
    ("ridge", {"view.smoothing_ms": 12.0}, {}),
    ("mlp", {"view.smoothing_ms": 24.0, "view.bin_ms": 200.0}, {"view.bin_ms": 180.0}),
    ("ridge", {"view.bin_ms": 140.0}, {}),
    ("ridge", {"view.resample_hz": 10.0}, {}),
    ("ridge", {"view.lag_ms": 110.0}, {"view.lag_ms": 90.0}),
    ("ridge", {"view.lag_ms": -40.0}, {}),
    ("ridge", {**VARIANCE, "view.selection.count": 6}, {}),
    ("knn", {"view.selection.kind": "random", "view.selection.count": 9}, {}),
    ("knn", {"view.zscore": False, "view.scale": "plain"}, {"view.zscore": False}),
    ("knn", {"input.pool": "mean"}, {}),
    ("knn", {"model.neighbours": 5000}, {"model.neighbours": 9000}),
    ("knn", {"model.neighbours": [5, 5000]}, {"model.neighbours": 5}),
    ("ridge", {"optimizer.learning_rate": 0.1, "training.seed": 3}, {}),
    ("ridge", {"loss.balanced": False, "task.label": "choice"}, {"task.label": "choice"}),
    ("ridge", {"training.keep": "best", "training.precision": "bf16"}, {}),
    ("mlp", {"loss.balanced": False, "loss.label_smoothing": 0.1}, {}),
    ("mlp", {"optimizer.kind": "adamw"}, {}),
    ("mlp", {"optimizer.schedule.warmup": 0.25}, {"optimizer.schedule.warmup": 3}),
    ("mlp", {"training.validate_every": 1}, {}),
    ("mlp", {"training.validate_every": 12, "training.keep": "best"},
     {"training.validate_every": 12}),
    ("mlp", {"training.validate_every": 4, "training.early_stopping.patience": 2},
     {"training.validate_every": 4, "training.keep": "best"}),
    ("contrastive", {"sampling.negatives": 16}, {}),
    ("contrastive", {"model.normalize": True}, {}),
    ("contrastive", {"loss.min_temperature": 0.2}, {}),
    ("vqvae", {"behaviour.weight": 3.0, "behaviour.std": 0.1}, {}),
    ("vqvae", {"model.dropout": 0.4, "model.norm_groups": 4}, {}),
]  # fmt: skip
OTHER: list[tuple[str, Changes, Changes]] = [
    ("ridge", {"view.smoothing_ms": 50.0}, {}),
    ("ridge", {"view.bin_ms": 160.0}, {}),
    ("ridge", {"view.lag_ms": 60.0}, {}),
    ("ridge", {**VARIANCE, "view.selection.count": 5}, {}),
    ("ridge", {"view.zscore": False, "view.sqrt": True}, {"view.zscore": False}),
    ("knn", {"view.zscore": False}, {}),
    ("knn", {"input.pool": "mean", "input.window": 3}, {"input.window": 3}),
    ("knn", {"model.neighbours": 5}, {"model.neighbours": 9}),
    ("mlp", {"optimizer.kind": "adamw", "optimizer.weight_decay": 0.1},
     {"optimizer.weight_decay": 0.1}),
    ("mlp", {"training.seed": 3}, {}),
    ("mlp", {"loss.balanced": False, "task.label": "choice"}, {"task.label": "choice"}),
    ("mlp", {"training.validate_every": 4, "training.early_stopping.patience": 1},
     {"training.validate_every": 4, "training.keep": "best"}),
    ("contrastive", {"sampling.negatives": 8}, {}),
    ("contrastive", {"model.normalize": False}, {}),
    ("vqvae", {"behaviour.label": "position", "behaviour.weight": 3.0},
     {"behaviour.label": "position"}),
    ("vqvae", {"model.residual_blocks": 1, "model.dropout": 0.4}, {"model.residual_blocks": 1}),
]  # fmt: skip


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    torch.set_num_threads(1)
    made = (session("a", samples=200, units=6), session("b", samples=150, units=4, seed=1))
    return dataset(tmp_path_factory.mktemp("canonical") / "ds", *made)


def config_of(base: str, changes: Changes) -> TrialConfig:
    value: dict[str, Any] = {"task": {"label": "position"}}
    for path, leaf in {**BASES[base], **changes}.items():
        value = set_path(value, path, leaf)
    return parse_trial(value, base)


def scores(data: Dataset, config: TrialConfig) -> dict[str, float]:
    """All scores of validation but the loss, which is none of an objective's."""
    training = Training(config, data, whole_shard(data, config.view, config.sessions))
    while not training.done:
        training.advance()
        training.judge(training.validate().metrics)
    if training.best:
        training.model.load_state_dict(training.best)
    metrics = training.validate().metrics
    return {name: value for name, value in metrics.items() if name != "loss"}


@pytest.mark.parametrize(("base", "changes", "others"), SAME, ids=[str(pair[1]) for pair in SAME])
def test_the_same_trial_has_the_same_scores(
    data: Dataset, base: str, changes: Changes, others: Changes
) -> None:
    first, second = config_of(base, changes), config_of(base, others)
    assert first != second
    assert same_trial(first, data.sessions) == same_trial(second, data.sessions)
    assert scores(data, first) == scores(data, second)


@pytest.mark.parametrize(("base", "changes", "others"), OTHER, ids=[str(pair[1]) for pair in OTHER])
def test_other_trials_are_not_merged(
    data: Dataset, base: str, changes: Changes, others: Changes
) -> None:
    first, second = config_of(base, changes), config_of(base, others)
    assert same_trial(first, data.sessions) != same_trial(second, data.sessions)


def test_durations_of_sessions_with_several_rates(tmp_path: Path) -> None:
    """150 ms are one sample of the one session and two of the other."""
    made = (session("a"), session("b", rate_hz=20.0, seed=1))
    data = dataset(tmp_path / "ds", *made)

    def key(changes: Changes) -> str:
        return same_trial(config_of("ridge", changes), data.sessions)

    plain = key({})
    assert key({"view.bin_ms": 60.0}) == key({"view.lag_ms": 20.0}) == plain
    assert len({key({"view.bin_ms": width}) for width in (0.0, 90.0, 150.0)}) == 3
    assert key({"view.smoothing_ms": 6.0}) == plain != key({"view.smoothing_ms": 8.0})
