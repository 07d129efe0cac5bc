"""The entrants of an answer: loaded, exported, and refused where there is none."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from command import run
from entrants import decoder_config, embedding_config, held_out, small_answer
from helpers import dataset, session, small_study

import raylab
from raylab.analysis.models.winner import model_and_data
from raylab.data.dataset import Dataset
from raylab.errors import ConfigError, StudyError
from raylab.tracking.study import StudyFolder
from raylab.tracking.winner import winner
from raylab.training.model import Model
from raylab.training.predictor import Predictor


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return dataset(tmp_path_factory.mktemp("kept") / "ds", session("a"))


@pytest.fixture(scope="module")
def answer(data: Dataset, tmp_path_factory: pytest.TempPathFactory) -> StudyFolder:
    ridge = decoder_config("ridge", "position", model={"alpha": [1.0]})
    near = decoder_config("knn", "position", model={"neighbours": [5], "metric": ["euclidean"]})
    seeds = [
        embedding_config("contrastive", "position", training={"seed": seed}) for seed in (0, 1)
    ]
    return small_answer(
        tmp_path_factory.mktemp("kept") / "answer",
        data,
        ridge=[ridge],
        contrastive=seeds,
        ensemble=[ridge, near],
    )


def test_the_recommended_entrant_is_loaded(answer: StudyFolder, data: Dataset) -> None:
    predictor = raylab.load(answer.path)
    assert isinstance(predictor, Predictor)
    assert (predictor.entrant, predictor.label, len(predictor.members)) == ("ridge", "position", 1)
    part = held_out(data, "a")[0]
    assert predictor.predict(part).shape == (len(part),)
    other = raylab.load(answer.path, entrant="contrastive")
    assert isinstance(other, Predictor)
    assert len(other.members) == 2
    assert other.transform(part).shape == (len(part), 3)


def test_a_trial_of_an_answer_is_a_model(answer: StudyFolder, data: Dataset) -> None:
    model = raylab.load(answer.path, trial="fold0-ridge-00")
    assert isinstance(model, Model)
    part = held_out(data, "a")[0]
    assert np.array_equal(model.predict(part), raylab.load(answer.path).predict(part))
    with pytest.raises(StudyError, match="both a trial and an entrant"):
        raylab.load(answer.path, trial="fold0-ridge-00", entrant="ridge")


def test_names_that_an_answer_did_not_keep(answer: StudyFolder, tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="kept no entrant 'mlp'") as caught:
        raylab.load(answer.path, entrant="mlp")
    assert "contrastive, ensemble, ridge" in caught.value.remedy
    study = small_study(tmp_path / "study", dataset(tmp_path / "ds"), scores=(0.5,))
    with pytest.raises(StudyError, match="not made by `raylab answer`"):
        raylab.load(study.path, entrant="ridge")
    with pytest.raises(StudyError, match="a single model"):
        raylab.load(answer.path / "entrants" / "ridge", entrant="ridge")


@pytest.mark.parametrize("content", [None, '{"final": null}'])
def test_an_interrupted_answer_has_no_model_yet(
    data: Dataset, tmp_path: Path, content: str | None
) -> None:
    ridge = decoder_config("ridge", "position", model={"alpha": [1.0]})
    study = small_answer(tmp_path / "answer", data, ridge=[ridge])
    (study.path / "answer.json").unlink()
    if content:
        (study.path / "answer.json").write_text(content)
    with pytest.raises(StudyError, match="its final model is not fitted yet") as caught:
        raylab.load(study.path)
    assert f"raylab resume {study.path}" in caught.value.remedy
    assert isinstance(raylab.load(study.path, trial="fold0-ridge-00"), Model)


def test_a_damaged_answer_says_so(data: Dataset, tmp_path: Path) -> None:
    ridge = decoder_config("ridge", "position", model={"alpha": [1.0]})
    study = small_answer(tmp_path / "answer", data, ridge=[ridge])
    for content in ("{", "[]", '{"final": 3}'):
        (study.path / "answer.json").write_text(content)
        with pytest.raises(StudyError, match=r"answer\.json"):
            raylab.load(study.path)


def test_an_entrant_is_exported_as_a_folder(
    answer: StudyFolder, data: Dataset, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    chosen = ("export", answer.path, "--entrant", "contrastive")
    code, out, error = run(capsys, *chosen, "--format", "raylab", "--out", tmp_path / "folder")
    assert (code, out, error) == (0, f"{tmp_path / 'folder'}: a\n", "")
    part = held_out(data, "a")[0]
    loaded, kept = raylab.load(tmp_path / "folder"), raylab.load(answer.path, entrant="contrastive")
    assert np.array_equal(loaded.predict(part), kept.predict(part))
    code, _, error = run(capsys, *chosen, "--format", "cebra", "--out", tmp_path / "model.pt")
    assert (code, error) == (0, "")
    assert isinstance(kept, Predictor)
    np.testing.assert_allclose(
        raylab.load(tmp_path / "model.pt").transform(part), kept.transform(part), atol=1e-5
    )


def test_the_embedding_of_an_entrant_is_exported(
    answer: StudyFolder, data: Dataset, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "e.parquet"
    code, _, error = run(capsys, "export", answer.path, "--entrant", "contrastive", "--out", path)
    assert (code, error) == (0, "")
    table, predictor = pd.read_parquet(path), raylab.load(answer.path, entrant="contrastive")
    assert [name for name in table if name.startswith("e") and name[1:].isdigit()] == [
        "e0",
        "e1",
        "e2",
    ]
    part = held_out(data, "a")[0]
    start = next(start for start, _, code in data.open("a").parts.tolist() if code == 1)
    rows = table[(table["sample"] >= start) & (table["sample"] < start + len(part))]
    np.testing.assert_allclose(rows[["e0", "e1", "e2"]], predictor.transform(part), atol=1e-5)


def test_what_cannot_be_exported(answer: StudyFolder, tmp_path: Path) -> None:
    of_ensemble: tuple[Callable[[], object], ...] = (
        lambda: raylab.export_model(
            answer.path, out=tmp_path / "m", form="cebra", entrant="ensemble"
        ),
        lambda: raylab.export_embeddings(answer.path, out=tmp_path / "m", entrant="ensemble"),
    )
    for export in of_ensemble:
        with pytest.raises(ConfigError, match="an ensemble of 2 models") as caught:
            export()
        assert "--entrant" in caught.value.remedy
    with pytest.raises(StudyError, match="fitted on all samples"):
        raylab.export_embeddings(answer.path, out=tmp_path / "m", splits=["test"])
    assert not list(tmp_path.iterdir())


def test_a_trial_is_scored_on_its_own_fold(
    answer: StudyFolder, data: Dataset, tmp_path: Path
) -> None:
    record = winner(answer, "fold0-ridge-00")
    assert model_and_data(answer, record)[1].path == data.path.resolve()
    folds = small_answer(tmp_path / "answer", data, ridge=[decoder_config("ridge", "position")])
    fold = dataset(folds.path / "folds" / "0", session("a"))
    folds.description["answer"] = {"folds": ["folds/0"], "fingerprints": [fold.fingerprint]}
    assert model_and_data(folds, record)[1].path == folds.path / "folds" / "0"
    assert json.loads((folds.path / "study.json").read_text())["kind"] == "answer"
