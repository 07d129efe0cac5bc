"""The search spaces that raylab ships, in `raylab/space/spaces`; `search_spaces` at the root of the
repository is a link to this folder.

A folder below it, `entrants`, holds a space for each decoder that `raylab answer` compares.
"""

from __future__ import annotations

from pathlib import Path

from raylab.config.explain import did_you_mean
from raylab.errors import ConfigError

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
