"""Searches of every model family on one dataset, ranked by one decoding score on the command line
and in Python.
"""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from helpers import dataset, session

import raylab
from raylab.cli import main
from raylab.cluster import connect
from raylab.config.splits import BlockedSplits

pytestmark = pytest.mark.ray
QUICK: dict[str, Any] = {"max_steps": 40, "batch_size": 32, "device": "cpu"}
SPACES: dict[str, dict[str, Any]] = {
    "contrastive": {
        "base": {"training": QUICK, "model.encoder": {"kind": "offset5", "hidden_units": 8}},
        "search": {"training.seed": {"categorical": [0, 1]}},
    },
    "vqvae": {
        "base": {
            "training": {**QUICK, "batch_size": 16},
            "model": {
                "window": 20,
                "channels": [8, 16],
                "kernels": [5, 3],
                "strides": [1, 2],
                "code_dimension": 8,
            },
            "evaluation.decoder.kind": "ridge",
        },
        "search": {"quantizer.codes": {"categorical": [4, 32]}},
    },
    "decoder": {
        "base": {"training": QUICK, "input.window": 4, "optimizer.learning_rate": 0.01},
        "search": {"model.kind": {"categorical": ["ridge", "mlp"]}},
    },
}


@pytest.fixture(scope="module")
def studies(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("ranking")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAYLAB_HOME", str(folder / "home"))
        patch.setattr("raylab.evaluation.baselines.SMOOTHING_SAMPLES", (0, 4))
        connect()
        data = dataset(
            folder / "ds", session(samples=900, units=8), splits=BlockedSplits(blocks=6)
        ).path
        for kind, space in SPACES.items():
            whole = {
                "task": {"kind": kind, "label": "position"},
                "sampler": {"kind": "grid"},
                **space,
            }
            raylab.search(whole, data=data, out=folder / kind, say=lambda _: None)
        yield [folder / kind for kind in SPACES]


def test_every_family_on_one_board(
    studies: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    paths = [str(path) for path in studies]
    main(["leaderboard", *paths, "--by", "family", "--json", "--out", str(tmp_path / "board.csv")])
    result = json.loads(capsys.readouterr().out)
    models = {row["family"]: row for row in result["rows"] if row["family"] != "baseline"}
    assert set(models) == {"contrastive", "vqvae", "decoder: ridge", "decoder: mlp"}
    assert models["vqvae"]["readout"].startswith("ridge, alpha")
    assert models["contrastive"]["readout"].startswith("knn, euclidean, k")
    for path, family in zip(studies[:2], ("contrastive", "vqvae")):
        best = raylab.leaderboard(path)[0]
        assert (models[family]["trial"], models[family]["score"]) == (
            best.trial,
            pytest.approx(best.metrics["decoding.r2"], abs=1e-4),
        )
    readers = {
        (row["name"], row["readout"].split(",")[0])
        for row in result["rows"]
        if row["name"] == "raw activity"
    }
    assert readers == {("raw activity", "knn"), ("raw activity", "ridge")}
    with (tmp_path / "board.csv").open() as file:
        assert len(list(csv.DictReader(file))) == len(result["rows"])


def test_the_test_split_is_read_once_and_noted(
    studies: list[Path], capsys: pytest.CaptureFixture[str]
) -> None:
    paths = [str(path) for path in studies]
    main(["leaderboard", *paths, "--split", "test"])
    shown = capsys.readouterr().out
    assert "contrastive 1, vqvae 1, decoder 1" in shown
    assert "train+valid" in shown
    again = raylab.rank(paths, split="test")
    assert again.test_reads == {"contrastive": 2, "vqvae": 2, "decoder": 2}
    valid = raylab.rank(paths)
    assert [row.name for row in again.rows if row.use] == [
        row.name for row in valid.rows if row.use
    ]
