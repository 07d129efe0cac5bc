"""The examples in docstrings of public functions run on small data in a temporary folder.

An example sees `raylab`, and the folders `dataset` (with the sessions a and b), `study` (two trials
on it) and `other` (one trial on it).
"""

from __future__ import annotations

import doctest
import shutil
from pathlib import Path
from typing import Any

import pytest
from helpers import dataset, session, small_study

import raylab

# These start Ray, or need a study that Ray trained.
WITH_RAY = ("reproduce", "compare")
# Examples that nobody has run here yet.
NOT_RUN = ("scale", "adapt", "select", "resume", "shuffle_labels")
EXAMPLES = {
    name: doctest.DocTestParser().get_examples(getattr(raylab, name).__doc__ or "")
    for name in raylab._PUBLIC
}
WITHOUT = {  # public names that have no example yet
    *("synth", "synth_spikes", "fetch", "prepare", "draw", "unit_correlations"),
    *("Dataset", "plan", "search", "train", "sync", "from_cebra", "doctor", "Space", "Float"),
    *("Int", "Choice", "RaylabError"),
}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("examples")
    data = dataset(
        folder / "dataset", session("a", samples=600), session("b", samples=600, units=4, seed=1)
    )
    small_study(folder / "study", data)
    small_study(folder / "other", data, scores=(0.5,))
    return folder


@pytest.fixture(scope="module")
def searched(made: Path) -> Path:
    """As `made`, with a search in the place of the study."""
    folder = made.parent / f"{made.name}-searched"
    shutil.copytree(made, folder, ignore=shutil.ignore_patterns("study", "other"))
    training = {"max_steps": 20, "batch_size": 64, "validate_every": 10, "device": "cpu"}
    space = {
        "task": {"kind": "contrastive", "label": "position"},
        "base": {"sampling.conditional": "time_delta", "training": training},
        "search": {"optimizer.learning_rate": {"float": [1e-3, 1e-2]}},
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAYLAB_HOME", str(folder / "home"))
        raylab.search(
            space, data=folder / "dataset", out=folder / "study", trials=2, say=lambda line: None
        )
    return folder


def run_example(name: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    monkeypatch.setenv("RAYLAB_HOME", str(folder / "home"))
    monkeypatch.setattr("raylab.evaluation.baselines.SMOOTHING_SAMPLES", (0, 4))
    names: dict[str, Any] = {"raylab": raylab}
    test = doctest.DocTest(EXAMPLES[name], names, f"raylab.{name}", None, None, None)
    report: list[str] = []
    doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(test, out=report.append)
    assert not report, "".join(report)


@pytest.mark.parametrize("name", sorted(set(EXAMPLES) - WITHOUT - {*WITH_RAY, *NOT_RUN}))
def test_an_example_runs(name: str, made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run_example(name, made, monkeypatch)


@pytest.mark.ray
@pytest.mark.parametrize("name", WITH_RAY)
def test_an_example_with_ray_runs(
    name: str, searched: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_example(name, searched, monkeypatch)


def test_public_functions_have_examples() -> None:
    assert {name for name, examples in EXAMPLES.items() if not examples} <= WITHOUT
