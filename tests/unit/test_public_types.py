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


@pytest.fixture(scope="module")
def revealed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Name -> the type that mypy reveals, and `serch` -> its error."""
    file = tmp_path_factory.mktemp("types") / "user.py"
    names = [*raylab._PUBLIC, "serch"]
    file.write_text("import raylab\n" + "".join(f"reveal_type(raylab.{name})\n" for name in names))
    command = [sys.executable, "-m", "mypy", "--no-error-summary", "--follow-imports=silent"]
    checked = subprocess.run(
        [*command, str(file)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "MYPYPATH": str(ROOT)},
    )
    lines = [line for line in checked.stdout.splitlines() if Path(line.split(":")[0]) == file]
    messages = {int(line.split(":")[1]): line.split(":", 3)[3] for line in reversed(lines)}
    return {name: messages[number] for number, name in enumerate(names, start=2)}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_have_signatures(revealed: dict[str, str], name: str) -> None:
    signature = revealed[name]
    assert re.search(r'Revealed type is "(Overload\()?def \(', signature)
    result = signature.rpartition("-> ")[2]
    assert not re.search(r"\bAny\b", result), result


def test_unknown_names_are_errors(revealed: dict[str, str]) -> None:
    assert re.search(r'has no attribute "serch"', revealed["serch"])
