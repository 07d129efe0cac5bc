"""The dataset of a study is an input of its runs in MLflow, also of runs of earlier versions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from fake_study import fake_study

from raylab.tracking.mlflow.datasets import DIGEST, dataset_input
from raylab.tracking.mlflow.mirror import Mirror
from raylab.tracking.mlflow.stored_run import StoredRun
from raylab.tracking.study import StudyFolder

pytestmark = pytest.mark.ray


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StudyFolder:
    monkeypatch.chdir(tmp_path)
    tracking = {"uri": f"sqlite:///{tmp_path / 'mlflow.db'}", "experiment": "rats"}
    return fake_study(tmp_path / "study", states=("completed", "failed"), tracking=tracking)


def inputs(study: StudyFolder) -> list[list[Any]]:
    """The dataset inputs of every run."""
    from mlflow import MlflowClient

    client = MlflowClient(study.description["tracking"]["uri"])
    experiment = client.get_experiment_by_name("rats").experiment_id
    return [run.inputs.dataset_inputs for run in client.search_runs([experiment])]


def test_every_run_names_the_dataset_once(
    study: StudyFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mlflow.data import get_source

    with monkeypatch.context() as earlier:  # a version of raylab that named no dataset
        earlier.setattr(StoredRun, "log_dataset", lambda run, given: None)
        Mirror(study).sync()
    assert inputs(study) == [[], [], []]
    for _ in range(2):
        Mirror(study).sync()
        runs = inputs(study)
        assert [len(datasets) for datasets in runs] == [1, 1, 1]
        ((dataset,), *_) = runs
        assert (dataset.dataset.name, dataset.dataset.digest) == ("rat", ("f00d" * 16)[:DIGEST])
        assert get_source(dataset).uri == "data/rat"
        assert [(tag.key, tag.value) for tag in dataset.tags] == [
            ("mlflow.data.context", "training")
        ]


def test_a_trial_of_an_answer_names_the_dataset_of_its_fold(tmp_path: Path) -> None:
    answer = {"folds": ["folds/0", "folds/1"], "fingerprints": ["a" * 64, "b" * 64]}
    study = fake_study(tmp_path / "s", states=(), kind="answer", answer=answer)
    fold, whole = dataset_input(study, 1), dataset_input(study)
    assert fold is not None
    assert whole is not None
    assert (fold.dataset.name, fold.dataset.digest) == ("rat fold 1", "b" * DIGEST)
    assert str(study.path / "folds" / "1") in fold.dataset.source
    assert whole.dataset.name == "rat"


def test_a_study_without_data_names_none(tmp_path: Path) -> None:
    assert dataset_input(fake_study(tmp_path / "s", states=(), data={})) is None
