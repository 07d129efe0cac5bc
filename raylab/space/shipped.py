"""The search spaces that raylab ships, in `raylab/space/spaces`; `search_spaces` at the root of the
repository is a link to this folder.

A folder below it, `entrants`, holds a space for each decoder that `raylab answer` compares.
Wherever a search space is asked for, the name of a shipped one can be given instead of a file.
"""

from __future__ import annotations

import re
from pathlib import Path

from raylab.config.explain import did_you_mean
from raylab.errors import ConfigError
from raylab.paths import local_path

FOLDER = Path(__file__).parent / "spaces"


def space_files() -> dict[str, Path]:
    """The shipped search spaces by name, in the order of the alphabet."""
    return {path.stem: path for path in sorted(FOLDER.glob("*.yaml"))}


def entrant_files() -> dict[str, Path]:
    """The search spaces of single decoders by name, in the order of the alphabet."""
    return {path.stem: path for path in sorted((FOLDER / "entrants").glob("*.yaml"))}


def space_file(name: str) -> Path:
    """The file of a shipped search space.

    Raises:
        ConfigError: There is no shipped space of this name.
    """
    files = {**entrant_files(), **space_files()}
    if name not in files:
        raise ConfigError(
            f"no search space is called '{name}'",
            f"{did_you_mean(name, files)} Shipped: {', '.join(files)}. Or give a path to YAML.",
        )
    return files[name]


def named_space(space: str | Path) -> Path:
    """The file of a search space that a user named: a shipped one by its name, or a file by its
    path.

    A single word without `.yaml` is a name. It is a file only if a file of exactly this name lies
    in the current folder and no shipped space is called so.

    Raises:
        ConfigError: There is neither such a name nor such a file, or there are both.
    """
    path, name = local_path(space), str(space)
    if path.parts != (name,) or path.suffix in (".yaml", ".yml"):
        return _existing(path)
    shipped = {**entrant_files(), **space_files()}
    if name in shipped and path.is_file():
        raise ConfigError(
            f"'{name}' is a search space that raylab ships, and a file in this folder",
            f"Give {shipped[name]} or {path.absolute()}.",
        )
    return path if path.is_file() else space_file(name)


def _existing(path: Path) -> Path:
    """The path, unless nothing is there and raylab ships a search space of this name."""
    if not path.exists() and path.stem in {**entrant_files(), **space_files()}:
        raise ConfigError(
            f"{path}: no such file",
            f"raylab ships a search space of this name: give '{path.stem}'.",
        )
    return path


def sentence_of(file: Path) -> str:
    """What a shipped search space is for: the first sentence of the comment at its beginning."""
    lines = file.read_text(encoding="utf-8").splitlines()
    end = next((at for at, line in enumerate(lines) if not line.startswith("#")), len(lines))
    comment = " ".join(line.removeprefix("#").strip() for line in lines[:end])
    sentence = re.match(r".*?\.(?=\s|$)", comment)
    return sentence.group() if sentence else comment
