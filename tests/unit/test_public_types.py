"""What type checkers and editors see of `import raylab`: real signatures, checked strictly."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import tomllib
from fnmatch import fnmatch
from pathlib import Path
from typing import get_args

import pytest
from imports import ROOT

import raylab


def declared() -> dict[str, str]:
    """Name -> `module:name`, of the imports under TYPE_CHECKING."""
    tree = ast.parse((ROOT / "raylab" / "__init__.py").read_text())
    (block,) = [
        node
        for node in tree.body
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
    ]
    places = {}
    for node in block.body:
        assert isinstance(node, ast.ImportFrom)
        for alias in node.names:
            assert alias.asname == alias.name, "only `x as x` exports a name to type checkers"
            places[alias.name] = f"{node.module}:{alias.name}"
    return places


def test_type_checkers_see_what_is_imported_on_use() -> None:
    assert declared() == raylab._PUBLIC


def test_every_public_module_is_checked_strictly() -> None:
    """pyproject.toml lists them: `mypy` applies there what `mypy --strict` means."""
    configured = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["mypy"]["overrides"]
    strict = next(entry for entry in configured if entry.get("disallow_any_generics"))
    for place in raylab._PUBLIC.values():
        module = place.partition(":")[0]
        assert any(fnmatch(module, pattern) for pattern in strict["module"]), module


FUNCTIONS = [name for name in raylab._PUBLIC if name.islower()]


# What a user writes, and a part of the type that an editor shows for it.
USES = {
    'raylab.search("contrastive", data="ds", out="s")': "raylab.reporting.study.Study",
    'raylab.train("c.yaml", data="ds", out="s")': "raylab.reporting.study.Study",
    'raylab.adapt("s", data="ds", out="t")': "raylab.reporting.study.Study",
    'raylab.resume("s")': "raylab.reporting.study.Study",
    'raylab.extend("s", trials=4)': "raylab.reporting.study.Study",
    'raylab.stop("s", "0003")': "bool",
    'raylab.pause("s")': "bool",
    'raylab.sync("s")': "raylab.reporting.study.Study",
    'raylab.Study.open("s")': "raylab.reporting.study.Study",
    "study.trials": "list[raylab.reporting.studies.trial.Trial]",
    "study.best": "raylab.reporting.studies.trial.Trial",
    "study.best.score": "float | None",
    "study.table()": "DataFrame",
    "raylab.load(study)": "raylab.training.model.Model | raylab.training.predictor.Predictor",
    "raylab.load(study.best).predict(activity)": "numpy.ndarray",
    "raylab.load(study.best).classes": "tuple[str, ...]",
    'raylab.load(raylab.answer("ds", out="a")).transform(activity)': "numpy.ndarray",
    'raylab.answer("ds", out="a").sentence': "str",
    "raylab.evaluate(study)": "raylab.analysis.evaluate.Evaluation",
    "raylab.select(study)": "raylab.analysis.selection.results.SeedSelection",
    "raylab.leaderboard(study)[0].state": "Literal",
    "raylab.report(study)": "pathlib.Path",
    'raylab.rank([study, "t"]).rows[0].score': "float",
    'raylab.search("ridge", data=dataset, out="s")': "raylab.reporting.study.Study",
    'raylab.plan("ridge", data=dataset).trials': "int",
    'raylab.prepare("r", out="ds").dataset': "raylab.data.dataset.Dataset",
    'dataset.session("a")': "raylab.data.datasets.session_arrays.SessionArrays",
    'dataset.session("a").activity': "numpy.ndarray",
    'dataset.session("a").labels': "dict[str, numpy.ndarray",
    'dataset.session("a").to_pynapple()': "PynappleSession",
    "raylab.doctor(study)[0].level": "Literal",
}
USER = """import numpy as np
import raylab

activity = np.zeros((100, 4), np.float32)
study = raylab.Study("s")
dataset = raylab.Dataset("ds")
"""


@pytest.fixture(scope="module")
def revealed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Expression -> the type that mypy reveals, and `raylab.serch` -> its error."""
    file = tmp_path_factory.mktemp("types") / "user.py"
    expressions = [*(f"raylab.{name}" for name in (*raylab._PUBLIC, "serch")), *USES]
    file.write_text(USER + "".join(f"reveal_type({each})\n" for each in expressions))
    # With the options of `make types`, so that mypy knows from there what is in every module.
    checked = subprocess.run(
        [sys.executable, "-m", "mypy", "--no-error-summary", str(file)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "MYPYPATH": str(ROOT)},
    )
    lines = [line for line in checked.stdout.splitlines() if Path(line.split(":")[0]) == file]
    messages = {int(line.split(":")[1]): line.split(":", 3)[3] for line in reversed(lines)}
    first = USER.count("\n") + 1
    return {each: messages[number] for number, each in enumerate(expressions, start=first)}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_have_signatures(revealed: dict[str, str], name: str) -> None:
    signature = revealed[f"raylab.{name}"]
    assert re.search(r'Revealed type is "(Overload\()?def \(', signature)
    result = signature.rpartition("-> ")[2]
    assert not re.search(r"\bAny\b", result), result


def test_unknown_names_are_errors(revealed: dict[str, str]) -> None:
    assert re.search(r'has no attribute "serch"', revealed["raylab.serch"])


@pytest.mark.parametrize("expression", USES)
def test_results_have_types(revealed: dict[str, str], expression: str) -> None:
    message = revealed[expression]
    assert "Revealed type is" in message
    assert USES[expression] in message


def shown_types() -> list[type]:
    """The classes of raylab that public functions return, and the public classes of results."""
    functions = [getattr(raylab, name) for name in FUNCTIONS]
    # Only the result is evaluated: other annotations may name what type checkers alone import.
    results = [eval(each.__annotations__["return"], each.__globals__) for each in functions]
    parts = [part for result in results for part in (get_args(result) or (result,))]
    own = [part for part in parts if getattr(part, "__module__", "").startswith("raylab.")]
    return [*dict.fromkeys(own), raylab.Study, raylab.Dataset]


@pytest.mark.parametrize("shown", shown_types(), ids=lambda shown: shown.__name__)
def test_results_are_short_and_tables_in_notebooks(shown: type) -> None:
    assert callable(getattr(shown, "_repr_html_", None))
    assert shown.__repr__ is not object.__repr__
