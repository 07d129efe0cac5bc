"""Predictors of several members, and in folders: saved, loaded, damaged."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from entrants import decoder_config, embedding_config, held_out, kept, trained_trial
from helpers import dataset, session

from raylab.data.dataset import Dataset
from raylab.errors import DataError, StudyError
from raylab.evaluation.ensembles.averaging import average
from raylab.training.predicting.keeping import keep_entrant
from raylab.training.predictor import Predictor

RIDGE: dict[str, Any] = {"model": {"alpha": [1.0]}}
NEAR: dict[str, Any] = {"model": {"neighbours": [5], "metric": ["euclidean"]}}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return dataset(tmp_path_factory.mktemp("files") / "ds", session("a"))


@pytest.fixture(scope="module")
def saved(data: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A contrastive embedding, whose readouts are arrays of their own."""
    folder = tmp_path_factory.mktemp("files")
    kept(folder, data, [embedding_config("contrastive", "choice")], family="contrastive")
    return folder / "entrant"


@pytest.mark.parametrize("label", ["position", "heading", "choice"])
def test_an_ensemble_is_the_weighted_mean(data: Dataset, tmp_path: Path, label: str) -> None:
    configs = [
        decoder_config("ridge", label, **RIDGE),
        decoder_config("knn", label, **NEAR),
        embedding_config("contrastive", label),
    ]
    weights = [1.0, 2.0, 1.0]
    predictor = kept(tmp_path, data, configs, family="ensemble", weights=weights)
    assert predictor.weights == (0.25, 0.5, 0.25)
    part = held_out(data, "a")[0]
    each = [member.predict(part, None, None, "predict") for member in predictor.members]
    expected = average(
        predictor.kind,
        [prediction.values for prediction in each],
        probabilities=[prediction.probabilities for prediction in each],
        weights=weights,
        classes=2,
    )
    if label == "choice":
        assert each[0].probabilities is None  # so all members vote
        assert expected.probabilities is not None
        np.testing.assert_allclose(predictor.predict_proba(part), expected.probabilities)
        assert predictor.predict(part).tolist() == [
            each[0].classes[code] for code in expected.values
        ]
    else:
        np.testing.assert_allclose(predictor.predict(part), expected.values[:, 0])
    for number in (0, 2):
        own = predictor.members[number].model.transform(part)
        assert np.array_equal(predictor.transform(part, member=number), own)
    with pytest.raises(DataError, match="there is no member 3"):
        predictor.transform(part, member=3)


def test_a_predictor_is_saved_whole(saved: Path, data: Dataset, tmp_path: Path) -> None:
    predictor = Predictor.load(saved)
    predictor.save(tmp_path / "copy")
    again = Predictor.load(tmp_path / "copy")
    assert (again.entrant, again.family, again.label) == ("tested", "contrastive", "choice")
    assert (again.weights, again.meaning) == (predictor.weights, predictor.meaning)
    part = held_out(data, "a")[0]
    assert np.array_equal(again.predict_proba(part), predictor.predict_proba(part))
    with pytest.raises(StudyError, match="already exists"):
        predictor.save(tmp_path / "copy")
    assert not list(tmp_path.glob(".copy*"))


@pytest.mark.parametrize(
    "file", ["predictor.json", "0/model.json", "0/view.safetensors", "0/readouts.safetensors"]
)
@pytest.mark.parametrize("content", [None, b"", b"{}", b"[1]", b"\x00" * 40])
def test_damage_is_an_error_that_names_the_folder(
    saved: Path, tmp_path: Path, file: str, content: bytes | None
) -> None:
    shutil.copytree(saved, tmp_path / "damaged")
    path = tmp_path / "damaged" / file
    path.unlink()
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(StudyError, match="damaged"):
        Predictor.load(tmp_path / "damaged")


def test_a_later_form_is_refused(saved: Path, tmp_path: Path) -> None:
    shutil.copytree(saved, tmp_path / "later")
    path = tmp_path / "later" / "predictor.json"
    described = json.loads(path.read_text())
    path.write_text(json.dumps({**described, "schema": 2}))
    with pytest.raises(StudyError, match="cannot read its form"):
        Predictor.load(tmp_path / "later")


def test_keeping_again_replaces(data: Dataset, tmp_path: Path) -> None:
    """An answer that was interrupted while it kept an entrant does it again."""
    trial = trained_trial(tmp_path / "trial", data, decoder_config("ridge", "position", **RIDGE))
    values = {"label": "position", "family": "readout", "dataset": data}
    for entrant in ("first", "second"):
        keep_entrant(tmp_path / "kept", [trial], entrant=entrant, **values)
    assert Predictor.load(tmp_path / "kept").entrant == "second"
    with pytest.raises(StudyError, match="at least one"):
        keep_entrant(tmp_path / "kept", [], entrant="none", **values)
    with pytest.raises(StudyError, match="weights"):
        keep_entrant(tmp_path / "kept", [trial], entrant="none", weights=[1, 2], **values)
    with pytest.raises(StudyError, match="no model was saved"):
        keep_entrant(tmp_path / "kept", [tmp_path / "none"], entrant="none", **values)
    assert Predictor.load(tmp_path / "kept").entrant == "second"
