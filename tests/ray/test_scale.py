"""A scaling study on two CPUs: data x width x workers, everything recorded, and the same call again
trains nothing.
"""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from helpers import dataset, session

import raylab
from raylab.analysis.scaling.results import Scaling
from raylab.cluster import connect
from raylab.data.dataset import Dataset
from raylab.errors import StudyError
from raylab.tracking.study import StudyFolder

pytestmark = pytest.mark.ray
SPACE: dict[str, Any] = {
    "task": {"kind": "contrastive"},
    "base": {
        "model": {"encoder": {"kind": "offset1"}, "output_dimension": 3},
        "sampling.conditional": "time_delta",
        "training": {"max_steps": 60, "batch_size": 64, "validate_every": 20, "device": "cpu"},
    },
    "search": {"optimizer.learning_rate": {"float": [1e-4, 1e-2]}},
}
ASKED: dict[str, Any] = {
    "data_fractions": (0.2, 1),
    "width": (4, 16),
    "workers": (1, 2),
    "seeds": 1,
}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Dataset, Path, Scaling]:
    folder = tmp_path_factory.mktemp("scale")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAYLAB_HOME", str(folder / "home"))
        connect(dashboard=True, cpus=2)
        data = dataset(folder / "ds", session(samples=900))
        return (
            data,
            folder / "out",
            raylab.scale(SPACE, data=data.path, out=folder / "out", say=_quiet, **ASKED),
        )


def _quiet(_: str) -> None:
    pass


def test_every_point_is_a_trial_of_an_ordinary_study(
    made: tuple[Dataset, Path, Scaling],
) -> None:
    data, out, found = made
    assert [(p.workers, p.width, p.fraction, p.completed) for p in found.points] == [
        (workers, width, fraction, 1)
        for workers in (1, 2)
        for width in (4, 16)
        for fraction in (0.2, 1.0)
    ]
    train = data.sessions["rat"].splits["train"]
    assert {p.samples for p in found.points} == {train, -(-train // 5)}
    for point in found.points:
        assert point.steps_per_s.mean > 0
        assert point.samples_per_s.mean == pytest.approx(64 * point.steps_per_s.mean)
    for workers in (1, 2):
        study = StudyFolder.open(out / f"out-workers-{workers}")
        records = study.records()
        assert (study.description["kind"], [record.state for record in records]) == (
            "scale",
            ["completed"] * 4,
        )
        for record in records:
            assert (
                record.config["sessions"]["training_fraction"]
                == record.params["sessions.training_fraction"]
            )
            assert (
                record.config["optimizer"]["learning_rate"] == 3e-4
            )  # what is searched otherwise has its default
            assert (study.model_folder(record.trial) / "model.safetensors").is_file()


def test_two_workers_train_the_models_of_one(made: tuple[Dataset, Path, Scaling]) -> None:
    scores = {(p.workers, p.width, p.fraction): p.score.mean for p in made[2].points}
    for width in (4, 16):
        for fraction in (0.2, 1.0):
            assert scores[2, width, fraction] == pytest.approx(scores[1, width, fraction], abs=0.02)
    assert len({round(score, 6) for (workers, *_), score in scores.items() if workers == 1}) == 4


def test_table_laws_and_figure(made: tuple[Dataset, Path, Scaling]) -> None:
    _, out, found = made
    assert json.loads((out / "scores" / "scaling.json").read_text()) == found.to_dict()
    assert len(list(csv.DictReader((out / "scores" / "scaling.csv").open()))) == 8
    assert (out / "scores" / "scaling.png").stat().st_size > 10_000
    assert all("2 sizes" in law.to_dict()["refused"] for law in found.laws.data.values())
    efficiency = [p.efficiency.mean for p in found.points if p.workers == 2]
    speed_up = [p.speed_up.mean for p in found.points if p.workers == 2]
    assert efficiency == pytest.approx([one / 2 for one in speed_up])


def test_the_same_call_trains_nothing_new(made: tuple[Dataset, Path, Scaling]) -> None:
    data, out, found = made
    ledgers = [StudyFolder.open(out / f"out-workers-{workers}").ledger for workers in (1, 2)]
    before = [len(ledger.read()) for ledger in ledgers]
    assert raylab.scale(SPACE, data=data.path, out=out, say=_quiet, **ASKED) == found
    assert [len(ledger.read()) for ledger in ledgers] == before
    with pytest.raises(StudyError, match="another study"):
        raylab.scale(SPACE, data=data.path, out=out, say=_quiet, **{**ASKED, "seeds": 2})
    assert [len(ledger.read()) for ledger in ledgers] == before
