"""docs/your_data.md works as it is written: from a laboratory's files to a winner."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import ray
import yaml
from lab_files import recording
from lab_folders import nwb_file, phy_folder, suite2p_folder
from page_run import PageRun
from pages import blocks
from processes import leaderboard

import raylab

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "your_data.md").read_text()
SHORT = 3  # lines that a recipe of these folders needs at most


@pytest.fixture
def laboratory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that the page speaks of."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RAYLAB_HOME", str(tmp_path))
    made = recording(frames=2400, cells=30)
    suite2p_folder(tmp_path / "mouse1" / "suite2p", made)
    phy_folder(tmp_path / "mouse2" / "phy", made)
    nwb_file(tmp_path / "mouse3.nwb", made)
    (tmp_path / "search_spaces").symlink_to(ROOT / "search_spaces")
    return tmp_path


@pytest.mark.ray
def test_every_block_of_the_page(laboratory: Path) -> None:
    PageRun(laboratory, "your_data.md").run(PAGE)
    ray.shutdown()
    for name in ("mouse1", "mouse2", "mouse3"):
        winner = leaderboard(laboratory / f"{name}_study")[0]
        assert winner["score"] > 0.5, name
        scored = json.loads((laboratory / f"{name}_study" / "evaluation-test.json").read_text())
        assert scored["test_reads"] == 1
        report = (laboratory / f"{name}_study" / "report.html").read_text()
        assert "The test split was read once" in report


@pytest.mark.slow
def test_the_recipes_of_the_page_are_those_that_are_drafted(laboratory: Path) -> None:
    sources = {"suite2p": "mouse1/suite2p", "phy": "mouse2/phy"}
    recipes = blocks(PAGE, "yaml")
    assert [yaml.safe_load(text)["format"] for text in recipes] == list(sources)
    for text, source in zip(recipes, sources.values()):
        assert len(text.splitlines()) <= SHORT
        drafted = raylab.draft(source).recipe
        sessions = [
            raylab.prepare(source, recipe=recipe, out=name).dataset
            for name, recipe in {
                f"{source}_by_hand": yaml.safe_load(text),
                f"{source}_d": drafted,
            }.items()
        ]
        by_hand, by_draft = (each.recorded(next(iter(each.sessions))) for each in sessions)
        assert np.array_equal(by_hand.neural, by_draft.neural)
        for name, label in by_hand.labels.items():
            assert np.array_equal(label.values, by_draft.labels[name].values, equal_nan=True)
