"""A trial that is trained further is, to the bit, one training of as many steps."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers import dataset, study_of, trial
from safetensors.numpy import load_file

import raylab
from raylab.config.trial import TrialConfig
from raylab.data.dataset import Dataset
from raylab.errors import StudyError
from raylab.files import file_digest
from raylab.space.load_space import load_space
from raylab.tracking.events import StudyEnded, TrialEnded, TrialReported, TrialStarted
from raylab.tracking.extensions import Addition
from raylab.tracking.study import StudyFolder
from raylab.training.worker import TrialJob, run_round, start
from raylab.tuning.extending import added_setup, begin_from, checkpoint_of, config_of
from raylab.tuning.job import TrialSetup
from raylab.tuning.planning.study_plan import Plan

BEST: dict[str, Any] = {"keep": "best", "monitor": "decoding.score"}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return dataset(tmp_path_factory.mktemp("further") / "ds")


def train(setup: TrialSetup) -> dict[str, float]:
    """Train to the last step; the metrics of the last validation."""
    job = TrialJob(**setup["job"])
    training = start(job)
    while not training.done:
        metrics = run_round(training, job)
    return metrics


def plan_of(data: Dataset) -> Plan:
    space = load_space({"objective": {"metric": "decoding.score"}})
    return Plan(space, data, {"decoding.score": "max"}, "position", ())


def study_at(path: Path, data: Dataset, config: TrialConfig) -> StudyFolder:
    """A study of one trial, trained to its first validation at step 5."""
    return study_of(path, data, [config])


@pytest.mark.parametrize("training", [{}, BEST], ids=["the last model", "the best model"])
def test_it_equals_one_training(data: Dataset, tmp_path: Path, training: dict[str, Any]) -> None:
    config = trial(training=training)
    study = study_at(tmp_path / "study", data, config)
    (origin,) = study.records()
    setup = added_setup(study, plan_of(data), "0001", origin, Addition("0000", 40))
    assert (setup["origin"], setup["origin_step"], setup["max_steps"]) == ("0000", 5, 40)
    metrics = train(setup)

    whole = study_at(tmp_path / "whole", data, trial(training={**training, "max_steps": 40}))
    job = TrialJob("0000", str(whole.trial_folder("0000")), str(data.path), whole_config(whole))
    training_again = start(job)
    while not training_again.done:
        expected = run_round(training_again, job)
    assert metrics == expected
    weights = "model.safetensors"
    assert file_digest(study.model_folder("0001") / weights) == file_digest(
        whole.model_folder("0000") / weights
    )
    further, once = (
        load_file(each.embedding_path(trial)) for each, trial in ((study, "0001"), (whole, "0000"))
    )
    assert further.keys() == once.keys()
    assert all(np.array_equal(further[name], once[name], equal_nan=True) for name in once)


def whole_config(study: StudyFolder) -> dict[str, Any]:
    return study.records()[0].config


def test_it_begins_once_from_the_same_checkpoint(data: Dataset, tmp_path: Path) -> None:
    """A resumed driver goes on with the copy, whatever has become of the origin since."""
    study = study_at(tmp_path / "study", data, trial())
    assert begin_from(study, "0000", "0001") == 5
    checkpoint_of(study, "0000").unlink()
    assert begin_from(study, "0000", "0001") == 5
    with pytest.raises(StudyError, match="trial 0000 has no checkpoint"):
        begin_from(study, "0000", "0002")


def test_validations_stay_where_they_were(data: Dataset, tmp_path: Path) -> None:
    config = trial(training={"max_steps": 20, "validate_every": None})
    study = study_at(tmp_path / "study", data, config)
    (origin,) = study.records()
    assert config_of(origin, 60).training.interval == config.training.interval == 2
    assert config_of(origin, None) == config


def test_it_is_reproduced_along_its_origin(data: Dataset, tmp_path: Path) -> None:
    """Also where the schedule of the learning rate depends on the number of steps."""
    schedule = {"schedule": {"kind": "cosine"}}
    study = study_at(tmp_path / "study", data, trial(optimizer=schedule))
    (origin,) = study.records()
    setup = added_setup(study, plan_of(data), "0001", origin, Addition("0000", 30))
    metrics, config = train(setup), setup["job"]["config"]
    score = metrics["decoding.score"]
    study.ledger.append(
        TrialStarted(trial="0001", config=config, origin="0000", origin_step=5),
        TrialReported(trial="0001", step=30, metrics=metrics),
        TrialEnded(trial="0001", state="completed", step=30, score=score, metrics=metrics),
        StudyEnded(),
    )
    result = raylab.reproduce(study.path, "0001")
    assert (result.same, result.step) == (True, 30)
    assert result.weights.equal
