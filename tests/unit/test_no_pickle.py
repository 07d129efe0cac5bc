"""No pickle in what users exchange: none is loaded by the code, and none is run by what reads a
study or a model.
"""

from __future__ import annotations

import ast
import os
import pickle
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from helpers import dataset, small_study

import raylab

ROOT = Path(raylab.__file__).parent
# Foreign files, which come as pickles only: behind an allow-list of arrays and plain containers.
BEHIND_A_LIST = {
    "data/readers/formats/joblib.py",
    "data/readers/object_arrays.py",
    "data/readers/plain_pickle.py",
}
UNPICKLES = {
    ("pickle", "load"),
    ("pickle", "loads"),
    ("pickle", "Unpickler"),
    ("cloudpickle", "load"),
    ("cloudpickle", "loads"),
    ("joblib", "load"),
    ("pd", "read_pickle"),
    ("pandas", "read_pickle"),
    ("Tuner", "restore"),
    ("Tuner", "can_restore"),
    ("dill", "load"),
    ("dill", "loads"),
    ("shelve", "open"),
}


def loads(source: str) -> list[int]:
    """Lines that may run what a file says; `from pickle import loads` would be called by a bare
    name.
    """
    return [node.lineno for node in ast.walk(ast.parse(source)) if _unsafe(node)]


def _unsafe(call: ast.AST) -> bool:
    if isinstance(call, ast.ImportFrom):
        return call.module in ("pickle", "cloudpickle", "dill", "shelve")
    if not isinstance(call, ast.Call):
        return False
    if not isinstance(call.func, ast.Attribute):
        return False
    base = call.func.value
    owner = (
        base.id
        if isinstance(base, ast.Name)
        else base.attr
        if isinstance(base, ast.Attribute)
        else ""
    )
    options = {one.arg: ast.unparse(one.value) for one in call.keywords}
    if (owner, call.func.attr) == ("torch", "load"):
        return options.get("weights_only") != "True"
    if (owner, call.func.attr) == ("np", "load"):
        return options.get("allow_pickle", "False") != "False"
    return (owner, call.func.attr) in UNPICKLES


@pytest.mark.parametrize(
    ("source", "unsafe"),
    [
        ("pickle.loads(x)", True),
        ("from pickle import loads", True),
        ("tune.Tuner.restore(path)", True),
        ("torch.load(path)", True),
        ("torch.load(path, weights_only=False)", True),
        ("torch.load(path, weights_only=True)", False),
        ("np.load(path, allow_pickle=True)", True),
        ("np.load(path)", False),
        ("json.loads(x)", False),
    ],
)
def test_the_search_sees_what_it_should(source: str, unsafe: bool) -> None:
    assert bool(loads(source)) == unsafe


def test_no_module_unpickles_or_restores_a_snapshot_of_tune() -> None:
    found = {
        str(path.relative_to(ROOT)): loads(path.read_text()) for path in sorted(ROOT.rglob("*.py"))
    }
    assert {
        name: lines for name, lines in found.items() if lines and name not in BEHIND_A_LIST
    } == {}


def test_reading_a_study_or_a_model_runs_no_pickle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, unpickled: list[str]
) -> None:
    """With pickles laid at every place where Ray, torch or joblib would look for theirs."""
    monkeypatch.setattr("raylab.evaluation.baselines.SMOOTHING_SAMPLES", (0, 4))
    study = small_study(tmp_path / "study", dataset(tmp_path / "ds"))
    model = study.model_folder("0000")
    ran = tmp_path / "ran"
    for place in (
        study.path / ".tune" / "search",
        study.path,
        model,
        study.checkpoint_folder("0000"),
    ):
        place.mkdir(parents=True, exist_ok=True)
        for name in ("tuner.pkl", "trainable.pkl", "model.pt", "model.joblib", "checkpoint.pkl"):
            (place / name).write_bytes(pickle.dumps(_Bomb(ran)))
    unpickled.clear()
    raylab.load(study.path)
    raylab.load(model)
    raylab.leaderboard(study.path)
    raylab.report(study.path)
    raylab.evaluate(study.path)
    raylab.export_embeddings(study.path, out=tmp_path / "embeddings.parquet")
    assert unpickled == []
    assert not ran.exists()
    with pytest.raises(pickle.UnpicklingError):  # the alarm works, and so would the charge
        torch.load(model / "model.pt", weights_only=True)
    pickle.loads((model / "model.pt").read_bytes())
    assert unpickled
    assert ran.exists()


class _Bomb:
    def __init__(self, path: Path) -> None:
        self.path = str(path)

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (self.path,)


_heard: list[list[str]] = []


def _listen(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "pickle.find_class" and _heard:
        _heard[-1].append(".".join(map(str, arguments)))


@pytest.fixture(scope="module")
def _alarm() -> None:
    sys.addaudithook(_listen)  # cannot be taken away: it is silent outside `unpickled`


@pytest.fixture
def unpickled(_alarm: None) -> Any:
    """Names that any unpickler of this process looks up."""
    _heard.append([])
    yield _heard[-1]
    _heard.pop()
