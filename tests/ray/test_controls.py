"""Shuffled labels as a study: the winner's config again, with labels shifted, recorded and
compared.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from helpers import dataset, session

import raylab
from raylab.cluster import connect
from raylab.tracking.study import StudyFolder

pytestmark = pytest.mark.ray
CONFIG: dict[str, Any] = {
    "model": {"encoder": {"kind": "offset1", "hidden_units": 16}, "output_dimension": 3},
    "sampling": {"conditional": "time_delta", "time_offset": 2},
    "training": {"max_steps": 400, "batch_size": 128, "validate_every": 400, "device": "cpu"},
    "optimizer": {"learning_rate": 0.01},
}


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> StudyFolder:
    folder = tmp_path_factory.mktemp("controls")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAYLAB_HOME", str(folder / "home"))
        connect()
        data = dataset(folder / "ds", session(samples=900, units=8))
        return raylab.train(CONFIG, data=data.path, out=folder / "study", say=lambda _: None)


def test_shuffles_are_trained_recorded_and_compared(study: StudyFolder) -> None:
    found = raylab.shuffle_labels(study.path, shuffles=3, say=lambda _: None)
    assert (found.shuffles, found.shuffled, found.trial) == (3, ("position",), "0000")
    control = StudyFolder.open(study.path / "controls" / "shuffle-0000-3")
    records = control.records()
    seeds = {record.config["controls"]["shuffle"] for record in records}
    assert (control.description["kind"], len(seeds), [record.state for record in records]) == (
        "control", 3, ["completed"] * 3,
    )  # fmt: skip
    own = study.records()[0].config
    for record in records:
        assert {**record.config, "controls": own["controls"]} == own
    position = found.scores["position"]
    assert position.gap == pytest.approx(position.true - sum(position.shuffled) / 3)
    assert position.interval[0] <= position.gap <= position.interval[1]
    assert position.gap > 0
    assert position.p == pytest.approx(
        (1 + sum(score >= position.true for score in position.shuffled)) / 4
    )
    assert json.loads((study.scores_folder / "shuffles-valid.json").read_text()) == found.to_dict()
    assert "trained again on 3 shuffles" in raylab.report(study.path).read_text()


def test_the_same_call_trains_nothing_twice(study: StudyFolder) -> None:
    before = StudyFolder.open(study.path / "controls" / "shuffle-0000-3").ledger.read()
    said: list[str] = []
    raylab.shuffle_labels(study.path, shuffles=3, say=said.append)
    after = StudyFolder.open(study.path / "controls" / "shuffle-0000-3").ledger.read()
    assert (len(after), said) == (len(before), [])
