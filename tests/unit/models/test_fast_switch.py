"""`training.fast: false` trains by plain torch: same losses and weights, no `models/fast`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from helpers import dataset, session
from trainings import run, training

from raylab.config.parse import parse_trial
from raylab.models.fast import channels_last, contrastive_step, encoder_gradients, winograd

CONFIGS: dict[str, dict[str, Any]] = {
    "contrastive": {
        "model": {"encoder": {"kind": "offset10", "hidden_units": 8}, "output_dimension": 3},
        "sampling": {"conditional": "time_delta", "time_offset": 2},
    },
    "vqvae": {
        "model": {"window": 20, "channels": [32, 32], "kernels": [5, 3], "strides": [1, 2]},
        "quantizer": {"kind": "plain", "codes": 8},
    },
}
SOURCES = (channels_last, contrastive_step, encoder_gradients, winograd)


def refuse(*arguments: object, **named: object) -> None:
    raise AssertionError("models/fast was used")


@pytest.mark.parametrize("kind", CONFIGS)
def test_both_paths_train_alike(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    torch.set_num_threads(1)
    data = dataset(tmp_path / "ds", session(samples=600, units=6))
    options = {"max_steps": 5, "batch_size": 16, "device": "cpu"}
    fast, plain = (
        training(
            parse_trial({"task": {"kind": kind}, **CONFIGS[kind], "training": each}, "test"), data
        )
        for each in (options, {**options, "fast": False})
    )
    losses = run(fast)
    for module in SOURCES:
        for name, value in vars(module).items():
            if getattr(value, "__module__", "") != module.__name__:
                continue
            if not isinstance(value, type):
                monkeypatch.setattr(module, name, refuse)
            elif issubclass(value, torch.autograd.Function):
                monkeypatch.setattr(value, "apply", refuse)
    assert run(plain) == pytest.approx(losses, rel=1e-4)
    weights = plain.model.state_dict()
    for name, value in fast.model.state_dict().items():
        torch.testing.assert_close(weights[name], value, rtol=1e-3, atol=2e-4)
    with pytest.raises(AssertionError, match="models/fast was used"):
        training(fast.config, data).advance()


def test_the_switch_is_recorded_only_where_it_is_off() -> None:
    config: dict[str, Any] = {"training": {"fast": False}}
    assert parse_trial(config, "test").model_dump(mode="json")["training"]["fast"] is False
    for value in ({}, {"training": {"fast": True}}):
        parsed = parse_trial(value, "test")
        assert "fast" not in parsed.model_dump(mode="json")["training"]
        assert parse_trial(parsed.model_dump(mode="json"), "test") == parsed
