"""Entrants fitted at the end of an answer, and those of sessions that are held out whole."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from entrants import decoder_config, embedding_config, held_out
from helpers import dataset, session

from raylab.analysis.answering.fitting import FitJob, fit
from raylab.config.splits import BlockedSplits, SessionSplits
from raylab.config.trial import TrialConfig
from raylab.data.dataset import Dataset
from raylab.training.candidates import PREDICTIONS, CandidateTable
from raylab.training.predicting.keeping import keep_entrant
from raylab.training.predictor import Predictor


def final(folder: Path, data: Dataset, config: TrialConfig, split: str | None) -> Predictor:
    """One fit, kept as an entrant."""
    label, values = config.task.label or "", config.model_dump(mode="json")
    result = fit(FitJob("final", str(folder / "final"), str(data.path), values, label, split=split))
    assert result.error is None
    kept = folder / "entrant"
    keep_entrant(kept, [folder / "final"], label=label, entrant="e", family="readout", dataset=data)
    return Predictor.load(kept)


def test_the_final_readout_is_fitted_on_all_samples(tmp_path: Path) -> None:
    data = dataset(tmp_path / "ds", session("a"), splits=BlockedSplits(blocks=10, gap_s=0.0))
    config = embedding_config("contrastive", "position", sessions={"train_on": "all"})
    (member,) = final(tmp_path, data, config, None).members
    samples = sum(data.sessions["a"].splits.values())
    assert len(member.readouts["a"].readout.arrays["labels"]) == samples == 400


@pytest.mark.parametrize("family", ["contrastive", "ridge"])
def test_a_session_that_is_held_out_whole(tmp_path: Path, family: str) -> None:
    """Its label is read by what the sessions that share its encoder say."""
    made = [session(name, samples=200, seed=seed) for seed, name in enumerate("abcde")]
    data = dataset(tmp_path / "ds", *made, splits=SessionSplits(valid=["d"], test=["e"]))
    sections = {"sessions": {"combine": "padded", "train_on": "train+valid"}}
    config = (
        embedding_config("contrastive", "choice", **sections)
        if family == "contrastive"
        else decoder_config("ridge", "choice", model={"alpha": [1.0]}, **sections)
    )
    predictor = final(tmp_path, data, config, "test")
    table = CandidateTable.load(tmp_path / "final" / PREDICTIONS)
    assert table.held_out.sessions == ("e",)
    predictions = [predictor.predict(part, session="e") for part in held_out(data, "e", "test")]
    names = [table.held_out.classes[code] for code in table.predicted[0]]
    assert np.concatenate(predictions).tolist() == names
    if family == "contrastive":
        readouts = predictor.members[0].readouts
        assert len(readouts["e"].readout.arrays["labels"]) == 4 * 200
        assert len(readouts["d"].readout.arrays["labels"]) == 200


@pytest.mark.parametrize("samples", [1, 2, 3])
@pytest.mark.parametrize("family", ["contrastive", "vqvae", "ridge", "kalman"])
def test_stretches_shorter_than_a_window(tmp_path: Path, family: str, samples: int) -> None:
    data = dataset(tmp_path / "ds", session("a"))
    view = {"view": {"bin_ms": 200}}
    config = (
        decoder_config(family, "position", **view)
        if family in ("ridge", "kalman")
        else embedding_config(family, "position", **view)
    )
    predictions = final(tmp_path, data, config, "valid").predict(session("a").neural[:samples])
    assert predictions.shape == (samples,)
    assert np.isfinite(predictions).all()
