"""`raylab.load` takes a study, a trial, an answer or a path; every model of a study predicts."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from fake_answer import fake_answer
from helpers import dataset, session, study_of, trial

import raylab
from raylab.analysis.models.scorer import Scorer
from raylab.config.parse import parse_trial
from raylab.data.dataset import Dataset
from raylab.errors import ConfigError, RaylabError, StudyError
from raylab.reporting.study import Study
from raylab.tracking.study import StudyFolder
from raylab.training.model import Model
from raylab.training.predicting.embedding import EmbeddingModel


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    sessions = (session("a", samples=600), session("b", samples=600, units=4, seed=1))
    return dataset(tmp_path_factory.mktemp("load") / "ds", *sessions)


@pytest.fixture(scope="module")
def study(data: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Study:
    """Contrastive models that are scored by position and by choice."""
    configs = [trial(task={"label": label}) for label in ("position", "choice")]
    made = study_of(tmp_path_factory.mktemp("load") / "study", data, configs)
    return Study(made.path)


def held_out(data: Dataset, name: str, split: str = "valid") -> np.ndarray:
    opened = data.session(name)
    return opened.activity[opened.splits == split]


def test_whatever_names_a_trial_gives_its_model(study: Study) -> None:
    trial = study.trials[0]
    models = [
        raylab.load(source, trial=name)
        for source, name in (
            (study, "0000"),
            (study.path, "0000"),
            (str(study.path), "0000"),
            (trial, None),
            (trial, "0000"),
        )
    ]
    assert {model.config for model in models if isinstance(model, Model)} == {models[0].config}
    best = raylab.load(study)
    assert isinstance(best, Model)
    assert best.config.model_dump(mode="json") == study.best.config


def test_what_does_not_know_its_study_is_refused(study: Study) -> None:
    record = StudyFolder.open(study).records()[0]
    with pytest.raises(StudyError, match="record of trial '0000' does not know its study"):
        raylab.load(record)
    with pytest.raises(StudyError, match="trial '0000' is given, and trial '0001' is named"):
        raylab.load(study.trials[0], trial="0001")
    with pytest.raises(StudyError, match="does not know its folder"):
        raylab.load(fake_answer())


def test_an_answer_is_loaded_by_its_folder(tmp_path: Path) -> None:
    answer = replace(fake_answer(), path=tmp_path / "gone")
    assert "path" not in answer.to_dict()
    with pytest.raises(StudyError, match="gone: not a study"):
        raylab.load(answer)


@pytest.mark.parametrize(("name", "label"), [("0000", "position"), ("0001", "choice")])
def test_an_embedding_predicts_what_its_score_was_measured_on(
    study: Study, data: Dataset, name: str, label: str
) -> None:
    model = raylab.load(study, trial=name)
    assert isinstance(model, EmbeddingModel)
    decoded = Scorer(model, data, "valid").read([label])
    for session_name in data.sessions:
        predicted = model.predict(held_out(data, session_name), session=session_name)
        expected = decoded[session_name][label]
        codes = np.array(expected.classes)[expected.predicted] if expected.classes else None
        if codes is not None:
            assert predicted.tolist() == codes.tolist()
        else:
            assert np.allclose(predicted, expected.predicted[:, 0])


def test_classes_have_probabilities(study: Study, data: Dataset) -> None:
    model = raylab.load(study, trial="0001")
    likely = model.predict_proba(held_out(data, "a"), session="a")
    assert model.classes == ("0", "1")
    assert likely.shape == (120, 2)
    assert np.allclose(likely.sum(axis=1), 1)
    with pytest.raises(ConfigError, match="has no classes"):
        raylab.load(study, trial="0000").predict_proba(held_out(data, "a"), session="a")


def test_decoders_and_readouts_of_a_search_predict(data: Dataset, tmp_path: Path) -> None:
    ridge = parse_trial(
        {"task": {"kind": "decoder", "label": "position"}, "model": {"kind": "ridge"}}, "test"
    )
    made = study_of(tmp_path / "study", data, [ridge])
    model = raylab.load(Study(made.path).best)
    assert model.predict(held_out(data, "b"), session="b").shape == (120,)


def test_an_embedding_without_its_study_says_where_to_load_it(study: Study, data: Dataset) -> None:
    model = raylab.load(study.path / "trials" / "0000" / "model")
    with pytest.raises(ConfigError, match="predicts no label") as error:
        model.predict(held_out(data, "a"), session="a")
    assert "raylab.load(STUDY)" in error.value.remedy


def test_a_dataset_that_is_gone_is_named(study: Study, data: Dataset, tmp_path: Path) -> None:
    moved = tmp_path / "study"
    shutil.copytree(study.path, moved)
    described = (moved / "study.json").read_text().replace(str(data.path), str(tmp_path / "gone"))
    (moved / "study.json").write_text(described)
    model = raylab.load(moved)
    assert model.transform(held_out(data, "a"), session="a").shape == (120, 3)
    with pytest.raises(RaylabError, match="gone"):
        model.predict(held_out(data, "a"), session="a")


def test_models_are_short(study: Study) -> None:
    model = raylab.load(study, trial="0000")
    assert repr(model) == "EmbeddingModel(contrastive, sessions a, b)"
    assert "offset10" in model._repr_html_()
