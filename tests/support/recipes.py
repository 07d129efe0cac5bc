"""Sessions read from small files by a recipe that a test writes as keys."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from raylab.data.readers.read import read_source
from raylab.data.readers.sources import list_sources
from raylab.data.recipe import parse_recipe
from raylab.data.session import Session


def read(path: Path, **keys: Any) -> Session:
    """The first session of a file."""
    recipe = parse_recipe(keys, "test")
    return read_source(list_sources(path, recipe)[0], recipe)


def read_arrays(folder: Path, arrays: dict[str, Any], **keys: Any) -> Session:
    """The session in an npz file of `arrays`."""
    np.savez(folder / "a.npz", **arrays)
    return read(folder / "a.npz", format="npz", **keys)
