"""Every family keeps the losses of the units of validation: their mean is 1 - its score."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from helpers import dataset, session
from test_canonical import config_of

from raylab.data.shard import whole_shard
from raylab.training.loop import Training


@pytest.mark.parametrize("label", ["position", "heading", "choice"])
@pytest.mark.parametrize("family", ["ridge", "mlp", "contrastive", "vqvae"])
def test_losses_of_units(tmp_path: Path, family: str, label: str) -> None:
    made = (session("a", samples=200), session("b", samples=180, units=4, seed=1))
    data = dataset(tmp_path / "ds", *made)
    changes: dict[str, Any] = {"task.label": label}
    config = config_of(family, changes)
    training = Training(config, data, whole_shard(data, config.view, config.sessions))
    training.advance()
    validation = training.validate()
    losses = validation.arrays["unit_losses"]
    assert 1 - losses.mean() == pytest.approx(validation.metrics["decoding.score"], rel=1e-6)
    assert len(losses) >= 20  # blocks of each session that can be scored
    units = json.loads(validation.metadata["units"])
    assert units["kind"] == "block"
    assert units["learnt"] > 0
