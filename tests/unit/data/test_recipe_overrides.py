"""Recipes as mappings, and keys of a recipe that the command line or a call replaces."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from command import run

import raylab
from raylab.data.load_recipe import load_recipe
from raylab.errors import ConfigError, RaylabError

RECIPE: dict[str, Any] = {
    "format": "npz",
    "neural": {"path": "X", "kind": "calcium"},
    "time": {"rate_hz": 30},
    "labels": {"angle": {"path": "angle", "kind": "continuous"}},
}


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    path = tmp_path / "a.npz"
    angles = np.arange(600) / 100 % 6
    np.savez(path, X=np.random.default_rng(0).normal(size=(600, 4)), angle=angles)
    return path


def test_a_recipe_as_a_mapping(recording: Path, tmp_path: Path) -> None:
    dataset = raylab.prepare(recording, recipe=RECIPE, out=tmp_path / "ds").dataset
    assert dataset.labels["angle"].kind == "continuous"
    assert dataset.manifest["recipe"]["time"]["rate_hz"] == 30
    assert raylab.inspect(recording, recipe=RECIPE).sessions[0].samples == 600
    with pytest.raises(ConfigError, match=r"^recipe: .*labels\.angle\.knd"):
        load_recipe({**RECIPE, "labels": {"angle": {"path": "angle", "knd": "discrete"}}})


def test_any_key_of_a_recipe_is_replaced(
    recording: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "r.yaml").write_text(yaml.safe_dump(RECIPE))
    changes = ("labels.angle.kind=circular", "time.rate_hz=20", "splits.kind=blocked", "bin=2")
    words = [word for change in changes for word in ("--set", change)]
    code, _, errors = run(
        capsys,
        "prepare",
        recording,
        "--recipe",
        tmp_path / "r.yaml",
        "--out",
        tmp_path / "ds",
        *words,
    )
    assert code == 0, errors
    dataset = raylab.Dataset(tmp_path / "ds")
    assert dataset.labels["angle"].kind == "circular"
    assert dataset.sessions["a"].rate_hz == 10
    assert dataset.manifest["splits"]["kind"] == "blocked"
    assert dataset.manifest["recipe"]["labels"]["angle"]["kind"] == "circular"


def test_a_wrong_key_is_blamed_on_its_option(recording: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"--set labels\.angle\.knd: .*knd"):
        load_recipe(RECIPE, {"labels.angle.knd": "circular"})
    wrong = {**RECIPE, "bni": 2}
    with pytest.raises(ConfigError, match=r"^recipe: .*bni"):
        load_recipe(wrong, {"labels.angle.kind": "circular"})


def test_splits_as_a_mapping(recording: Path, tmp_path: Path) -> None:
    splits = {"kind": "blocked", "blocks": 10, "fractions": [0.6, 0.2, 0.2]}
    made = raylab.prepare(
        recording, recipe=RECIPE, out=tmp_path / "ds", overrides={"splits": splits}
    ).dataset
    assert made.manifest["splits"]["blocks"] == 10
    again = raylab.prepare(
        made.path,
        out=tmp_path / "again",
        overrides={"splits.fractions.1": 0.1, "splits.fractions.2": 0.3},
    ).dataset
    assert again.manifest["splits"]["fractions"] == [0.6, 0.1, 0.3]


def test_of_a_dataset_only_splits_and_filters_change(recording: Path, tmp_path: Path) -> None:
    raylab.prepare(recording, recipe=RECIPE, out=tmp_path / "ds")
    with pytest.raises(RaylabError, match="only splits"):
        raylab.prepare(
            tmp_path / "ds", out=tmp_path / "again", overrides={"labels.angle.kind": "circular"}
        )


def test_files_without_a_recipe_get_one(tmp_path: Path) -> None:
    raylab.synth(tmp_path / "raw", sessions=1, samples=600, units=(5, 6))
    dataset = raylab.prepare(tmp_path / "raw", out=tmp_path / "ds", overrides={"bin": 3}).dataset
    assert dataset.manifest["sessions"][0]["samples"] == 200
    assert dataset.manifest["recipe"]["format"] == "torch_brain"
