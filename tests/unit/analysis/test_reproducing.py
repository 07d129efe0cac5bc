"""A trial rebuilt in this process from its record; without Ray, which has tests of its own."""

from __future__ import annotations

import json
import math
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers import dataset, session, study_of, trial

import raylab
from raylab.analysis.reproduction.differences import (
    WeightDifference,
    close,
    compare_weights,
    environment,
)
from raylab.analysis.reproduction.lineage import lineage
from raylab.cli import main
from raylab.data.dataset import Dataset
from raylab.errors import StudyError
from raylab.space.settings import Resources
from raylab.tracking.environment import packages
from raylab.tracking.records import TrialRecord
from raylab.tracking.study import StudyFolder


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return dataset(tmp_path_factory.mktemp("reproducing") / "ds")


def made(path: Path, data: Dataset) -> StudyFolder:
    """A study of one trial that was pruned at step 5 of 20."""
    return study_of(path, data, [trial()])


def change(study: StudyFolder, event: str, **changes: Any) -> None:
    """Tell the trial once more, with one of its events changed. (A changed segment the ledger finds
    by its hash.)
    """
    study.ledger.append(
        *(
            replace(each, time=time.time(), **(changes if each.kind == event else {}))
            for each in study.ledger.read()
        )
    )


def test_a_trial_is_rebuilt_to_the_bit(data: Dataset, tmp_path: Path) -> None:
    study = made(tmp_path / "study", data)
    found = raylab.reproduce(study.path, "0000", out=tmp_path / "again")
    assert (found.same, found.step, found.environment, found.tolerance) == (
        True,
        5,
        {},
        0.0,
    )
    assert found.weights == WeightDifference(True, 0.0, 0.0)
    assert found.score.recorded == found.score.rebuilt
    assert found.metrics == {}
    assert (tmp_path / "again" / "model" / "model.safetensors").is_file()
    with pytest.raises(StudyError, match="already exists"):
        raylab.reproduce(study.path, "0000", out=tmp_path / "again")


def test_another_config_is_told_as_different(
    data: Dataset, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    study = made(tmp_path / "study", data)
    config = study.records()[0].config
    change(
        study,
        "trial_started",
        config={**config, "optimizer": {**config["optimizer"], "learning_rate": 0.02}},
    )
    with pytest.raises(SystemExit) as end:
        main(["reproduce", str(study.path), "0000"])
    assert end.value.code == 1
    assert "NOT the same" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        main(["reproduce", str(study.path), "0000", "--json"])
    found = json.loads(capsys.readouterr().out)
    assert not found["same"]
    assert found["weights"]["largest_difference"] > 1e-3


def test_what_cannot_be_compared_is_refused(data: Dataset, tmp_path: Path) -> None:
    study = made(tmp_path / "study", data)
    with pytest.raises(StudyError, match="no trial '0007'"):
        raylab.reproduce(study.path, "0007")
    (study.model_folder("0000") / "model.safetensors").unlink()
    with pytest.raises(StudyError, match="no weights to compare"):
        raylab.reproduce(study.path, "0000")
    change(study, "trial_ended", state="failed", error="the loss is nan")
    with pytest.raises(StudyError, match="failed"):
        raylab.reproduce(study.path, "0000")
    other = dataset(tmp_path / "other", session(seed=9))
    study = study_of(tmp_path / "elsewhere", data, [trial()])
    told = json.loads((study.path / "study.json").read_text())
    (study.path / "study.json").write_text(
        json.dumps({**told, "data": {**told["data"], "path": str(other.path)}})
    )
    with pytest.raises(StudyError, match="other fingerprint"):
        raylab.reproduce(study.path, "0000")


def test_another_environment_is_named_and_allows_a_little(data: Dataset, tmp_path: Path) -> None:
    study = made(tmp_path / "study", data)
    told = json.loads((study.path / "study.json").read_text())
    told["packages"]["torch"] = "1.0"
    (study.path / "study.json").write_text(json.dumps(told))
    found = raylab.reproduce(study.path, "0000")
    assert found.environment["torch"] == ("1.0", packages()["torch"])
    assert found.tolerance == 1e-4
    assert environment({"packages": packages()}, Resources(cpus=10_000))["threads"][0] == 10_000


def test_weights_and_scores_that_differ() -> None:
    weights = {"w": np.array([1.0, -4.0], np.float32)}
    changed = compare_weights(weights, {"w": np.array([1.0, -3.0], np.float32)})
    assert changed == WeightDifference(False, 1.0, 0.25)
    assert compare_weights(weights, {"v": weights["w"]}).largest_difference == math.inf
    resized = compare_weights(weights, {"w": np.zeros(3, np.float32)})
    assert resized.relative_difference == math.inf
    assert not compare_weights({"w": np.zeros(2)}, {"w": np.array([0.0, -0.0])}).equal
    assert close(0.5, 0.50004, 1e-4)
    assert not close(0.5, 0.50006, 1e-4)
    assert close(math.nan, math.nan, 0.0)
    assert not close(None, 0.1, 1.0)


def test_the_configs_that_weights_come_from() -> None:
    """Member 1 took over member 0's weights at step 20, and member 2 those of member 1 at step
    40.
    """
    a, b, c = ({"name": name} for name in "abc")
    first = TrialRecord("0", config=a, step=60)
    second = TrialRecord(
        "1", config=b, step=60, lineage=(began(c), {"step": 20, "source": "0", "config": b})
    )
    third = TrialRecord(
        "2", config=c, step=60, lineage=(began(b), {"step": 40, "source": "1", "config": c})
    )
    known = {record.trial: record for record in (first, second, third)}
    told = [(piece.config["name"], piece.until) for piece in lineage(known, "2", 60)]
    assert told == [("a", 20), ("b", 40), ("c", 60)]
    assert [(piece.config["name"], piece.until) for piece in lineage(known, "0", 60)] == [("a", 60)]
    assert [(piece.config["name"], piece.until) for piece in lineage(known, "1", 20)] == [("c", 20)]


def began(config: dict[str, Any]) -> dict[str, Any]:
    return {"step": 0, "source": None, "config": config}
