"""`raylab adapt` as users run it: a study with full records, one and two workers, scored like any
other.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from helpers import dataset, session, small_study
from processes import raylab

import raylab as package
from raylab.data.dataset import Dataset
from raylab.models.adaptation import trunk
from raylab.tracking.study import StudyFolder
from raylab.training.model import Model

pytestmark = pytest.mark.ray


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    sessions = [session("new", units=9, seed=3), session("newer", units=4, seed=4)]
    return dataset(tmp_path_factory.mktemp("other") / "ds", *sessions)


@pytest.mark.parametrize("workers", [1, 2])
def test_a_study_adapts_and_is_evaluated(other: Dataset, tmp_path: Path, workers: int) -> None:
    study = small_study(
        tmp_path / "study", dataset(tmp_path / "ds", session("old")), scores=(0.1, 0.9)
    )
    parent = Model.load(study.model_folder("0001"))
    arguments = [
        "--data",
        str(other.path),
        "--out",
        str(tmp_path / "out"),
        "--set",
        "training.max_steps=10",
    ]
    log = tmp_path / "log.txt"
    with raylab(
        "adapt", study.path, *arguments, "--workers", workers, log=log, RAYLAB_HOME=str(tmp_path)
    ) as process:
        assert process.wait(240) == 0, log.read_text()
    found = StudyFolder.open(tmp_path / "out")
    described = json.loads((found.path / "study.json").read_text())
    assert described["kind"] == "adapt"
    assert described["parent"] == {
        "study": str(study.path),
        "id": study.id,
        "trial": "0001",
        "session": None,
    }
    (record,) = found.records()
    assert (record.state, record.step) == ("completed", 10)
    assert record.config["adaptation"] == {"layers": "input", "session": None}
    model, learnt = Model.load(found.model_folder(record.trial)), trunk(parent.encoder("old"))
    for name in ("new", "newer"):
        assert all(p.equal(learnt[key]) for key, p in trunk(model.encoder(name)).items())
    result = package.evaluate(found.path)
    assert set(result.sessions) == {"new", "newer"}
    assert set(result.scores) == {"position", "heading", "choice"}
