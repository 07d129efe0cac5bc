"""VQ-VAEs as studies: a search for error and bits, everything that can be asked of its trials, and
`raylab compare`.
"""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers import dataset, session

import raylab
from raylab.analysis.compare import Comparison
from raylab.cluster import connect
from raylab.errors import ConfigError, StudyError
from raylab.tracking.study import StudyFolder

pytestmark = pytest.mark.ray
SPACE: dict[str, Any] = {
    "task": {"kind": "vqvae"},
    "objective": [{"metric": "reconstruction.mse"}, {"metric": "codes.bits_per_window"}],
    "base": {
        "model": {
            "window": 20,
            "channels": [8, 16],
            "kernels": [5, 3],
            "strides": [1, 2],
            "code_dimension": 8,
        },
        "quantizer.commitment": 0.5,
        "behaviour.label": "position",
        "training": {"max_steps": 40, "batch_size": 16, "validate_every": 20, "device": "cpu"},
        "optimizer.learning_rate": 0.003,
    },
    "search": {
        "quantizer.kind": {"categorical": ["ema", "lfq"]},
        "quantizer.codes": {"categorical": [4, 32], "when": {"quantizer.kind": "ema"}},
        "quantizer.bits": {"int": [2, 3], "step": 1, "when": {"quantizer.kind": "lfq"}},
    },
    "sampler": {"kind": "grid"},
}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("vqvae")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAYLAB_HOME", str(folder / "home"))
        connect()
        yield dataset(
            folder / "ds", session(samples=900, units=8), session("b", samples=700, units=5, seed=1)
        ).path


@pytest.fixture(scope="module")
def study(data: Path) -> StudyFolder:
    return raylab.search(SPACE, data=data, out=data.parent / "study", say=lambda _: None)


def test_error_against_bits(study: StudyFolder) -> None:
    rows = raylab.leaderboard(study.path)
    assert [row.state for row in rows] == ["completed"] * 4
    assert {"quantizer.codes": 4, "quantizer.kind": "ema"} in [row.params for row in rows]
    assert any(row.front for row in rows)
    page = raylab.report(study.path).read_text()
    assert "Codes and reconstructions of the best trial" in page
    winner = rows[0].trial
    assert {path.name for path in (study.trial_folder(winner) / "figures").iterdir()} >= {
        "code_usage.png"
    }


def test_what_can_be_asked_of_any_model(study: StudyFolder, tmp_path: Path) -> None:
    found = raylab.evaluate(study.path)
    assert found.scores["position"]["r2"] > 0
    trials = [row.trial for row in raylab.leaderboard(study.path)][:2]
    assert 0 < raylab.consistency(study.path, trials=trials).mean <= 1
    compared = raylab.compare_embeddings(study.path, against=["pca"], samples=200).methods
    assert [one.dimensions for one in compared.values()] == [8, 8]
    table = raylab.export_embeddings(study.path, out=tmp_path / "codes.parquet")
    assert len(table) == 1600 - sum(spec["splits"]["test"] for spec in _sessions(study))
    model = raylab.load(study.path)
    assert model.transform(np.zeros((30, 8), np.float32), session="rat").shape == (30, 8)
    with pytest.raises(StudyError, match=r"models of task\.kind 'vqvae' cannot be adapted"):
        raylab.adapt(study.path, data=study.description["data"]["path"], out=tmp_path / "adapted")
    with pytest.raises(ConfigError, match="contrastive models only"):
        raylab.export_model(study.path, out=tmp_path / "cebra.pt", form="cebra")


def _sessions(study: StudyFolder) -> list[dict[str, Any]]:
    manifest = json.loads((Path(study.description["data"]["path"]) / "manifest.json").read_text())
    return list(manifest["sessions"])


def test_shuffled_behaviour(study: StudyFolder) -> None:
    found = raylab.shuffle_labels(study.path, shuffles=2, say=lambda _: None)
    assert (found.shuffles, found.shuffled) == (2, ("position",))


def _silent(line: str) -> None:
    """Take a line of progress and print nothing."""


def test_alternatives_over_seeds(data: Path, study: StudyFolder) -> None:
    out = data.parent / "compared"

    def compare(out: Path = out, seeds: int = 2) -> Comparison:
        overrides = {"training.max_steps": 20}
        return raylab.compare(
            SPACE, data=data, out=out, seeds=seeds, overrides=overrides, any_size=True, say=_silent
        )

    comparison = compare()
    assert (comparison.over, comparison.steps, list(comparison.alternatives)) == (
        "quantizer.kind",
        20,
        ["ema", "lfq"],
    )
    records = StudyFolder.open(out).records()
    for kind, alternative in comparison.alternatives.items():
        own = [record for record in records if record.params["quantizer.kind"] == kind]
        assert sorted(record.params["training.seed"] for record in own) == [0, 1]
        values = [record.metrics["reconstruction.mse"] for record in own]
        mse = alternative.metrics["reconstruction.mse"]
        assert mse.mean == pytest.approx(np.mean(values))
        half = (
            12.706 * np.std(values, ddof=1) / np.sqrt(2)
        )  # of Student's t with one degree of freedom
        assert mse.interval == pytest.approx([mse.mean - half, mse.mean + half], rel=1e-3)
        assert alternative.metrics["steps_per_s"].mean > 0
    table = list(csv.DictReader((out / "scores" / "alternatives.csv").open()))
    (usage,) = [
        row for row in table if row["alternative"] == "ema" and row["metric"] == "codes.usage"
    ]
    mean = comparison.alternatives["ema"].metrics["codes.usage"].mean
    assert float(usage["mean"]) == pytest.approx(mean, rel=1e-4)
    assert (out / "scores" / "alternatives.png").stat().st_size > 10_000
    assert "codes.usage" in raylab.report(out).read_text()
    assert compare() == comparison  # trains nothing again
    with pytest.raises(StudyError, match="this folder has another study"):
        compare(seeds=3)
    with pytest.raises(StudyError, match="this folder has another study"):
        compare(out=study.path)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"over": "quantizer.bits"}, "not a categorical path"),
        ({"overrides": {"quantizer.kind": "lfq"}}, "0 searched choices could be compared"),
        ({"overrides": {"model.code_dimension": 256}}, "learn different amounts of numbers"),
    ],
    ids=str,
)
def test_what_cannot_be_compared(data: Path, arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        raylab.compare(SPACE, data=data, out=data.parent / "never", **arguments)
    assert not (data.parent / "never").exists()
