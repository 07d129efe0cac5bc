"""Predictors on a published recording: what was scored is what they predict."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from entrants import decoder_config, embedding_config, held_out, kept, scored
from helpers import dataset

from raylab.config.splits import TrialSplits
from raylab.data.load_recipe import load_recipe
from raylab.data.readers.read import read_source
from raylab.data.readers.sources import list_sources
from raylab.training.predictor import Predictor

VIEW = {"view": {"smoothing_ms": 100}}
DECODER = {**VIEW, "input": {"window": 2}}


@pytest.mark.real_data
@pytest.mark.parametrize("label", ["velocity", "target"])
def test_motor_cortex(real_data: Path, tmp_path: Path, label: str) -> None:
    """Two sessions; an ensemble of a readout, a sequential readout or a classifier, and an
    embedding.
    """
    recipe = load_recipe("motor_cortex")
    sources = list_sources(real_data / "motor_cortex", recipe)
    sessions = [read_source(source, recipe) for source in sources]
    data = dataset(tmp_path / "ds", *sessions, splits=TrialSplits(folds=5, fold=1))
    other = (
        decoder_config("kalman", label, model={"order": [1], "process_noise": [1.0]}, **DECODER)
        if label == "velocity"
        else decoder_config("lda", label, model={"shrinkage": ["auto"]}, **DECODER)
    )
    configs = [
        decoder_config("ridge", label, model={"alpha": [100.0]}, **DECODER),
        other,
        embedding_config("contrastive", label, training={"max_steps": 30}, **VIEW),
    ]
    predictor = kept(tmp_path, data, configs, family="ensemble", weights=[2, 1, 1])
    for member in predictor.members:
        alone = Predictor((member,), (1.0,), label, predictor.meaning)
        for name, decoded in scored(member.model, data).items():
            parts = held_out(data, name)
            found = np.concatenate([alone.predict(part, session=name) for part in parts])
            if label == "target":
                assert found.tolist() == [decoded.classes[code] for code in decoded.predicted]
            else:
                np.testing.assert_allclose(found, decoded.predicted, rtol=1e-3, atol=1e-3)
    assert {len(member.readouts) for member in predictor.members} == {0, 2}
