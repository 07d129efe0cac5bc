"""What is misspelt is refused before torch or Ray is imported."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from helpers import dataset

from raylab.errors import ConfigError
from raylab.space.load_space import load_space
from raylab.tuning.checks.typos import check_typos

COMMAND = """
import json, sys
from raylab.cli import main
try:
    main(json.loads(sys.argv[1]))
except SystemExit as end:
    print(json.dumps([end.code, [name for name in ("torch", "ray") if name in sys.modules]]))
"""
BOTH = [{"metric": "decoding.score"}, {"metric": "goodness_of_fyt"}]
TYPOS: list[tuple[dict[str, Any], str]] = [
    ({"base": {"training": {"max_stepz": 3}}}, "unknown key 'training.max_stepz'"),
    ({"base": {"training.batch_size": -1}}, "training.batch_size"),
    ({"task": {"label": "positon"}}, "task.label: session 'rat' has no label 'positon'"),
    ({"objective": {"metric": "decoding.r3"}}, "objective.metric 'decoding.r3' does not exist"),
    ({"objective": BOTH}, "objective.1.metric 'goodness_of_fyt' does not exist"),
    (
        {"scheduler": {"kind": "asha", "metric": "decoding.skore"}},
        "scheduler.metric 'decoding.skore' does not exist",
    ),
]


@pytest.mark.parametrize(("space", "message"), TYPOS)
def test_typos_are_named(tmp_path: Path, space: dict[str, Any], message: str) -> None:
    data = dataset(tmp_path / "ds")
    task = {"kind": "contrastive", **space.get("task", {})}
    with pytest.raises(ConfigError) as caught:
        check_typos(load_space({**space, "task": task}, None, source="s"), data.sessions, "s")
    assert message.replace("'rat'", f"'{next(iter(data.sessions))}'") in caught.value.what


def test_what_the_full_check_accepts_is_accepted(tmp_path: Path) -> None:
    data = dataset(tmp_path / "ds")
    space: dict[str, Any] = {
        "task": {"kind": "contrastive", "label": "position"},
        "objective": [{"metric": "decoding.position.r2"}, {"metric": "goodness_of_fit"}],
        "search": {"loss.temperature": {"float": [0.1, 1]}},
    }
    check_typos(load_space(space, None, source="s"), data.sessions, "s")
    timed = {
        "task": {"kind": "contrastive", "label": "time"},
        "base": {"view.normalized_time": True},
    }
    check_typos(load_space(timed, None, source="s"), data.sessions, "s")


def command(folder: Path, *words: str) -> list[Any]:
    """Exit code of a command, and which heavy libraries it imported."""
    done = subprocess.run(
        [sys.executable, "-c", COMMAND, json.dumps(words)],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    shown: list[Any] = json.loads(done.stdout)
    return shown


@pytest.mark.parametrize("case", ["label", "metric", "out", "data"])
def test_a_command_with_a_typo_imports_neither_torch_nor_ray(tmp_path: Path, case: str) -> None:
    dataset(tmp_path / "ds")
    task = {"kind": "decoder", "label": "positon" if case == "label" else "position"}
    metric = "decoding.r3" if case == "metric" else "decoding.r2"
    space = {"task": task, "objective": {"metric": metric}, "base": {"model": {"kind": "ridge"}}}
    (tmp_path / "space.yaml").write_text(yaml.safe_dump(space))
    data, out = ("none" if case == "data" else "ds"), ("ds" if case == "out" else "study")
    assert command(tmp_path, "search", "space.yaml", "--data", data, "--out", out) == [2, []]
    assert not (tmp_path / "study").exists()


@pytest.mark.parametrize("verb", ["resume", "evaluate"])
def test_a_study_that_does_not_exist_is_refused_likewise(tmp_path: Path, verb: str) -> None:
    assert command(tmp_path, verb, "studi") == [2, []]
