"""Errors of overrides: which key of a recipe a misspelt path may mean."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping

from raylab.data.labels.intervals import UNNAMED
from raylab.data.recipe import Recipe
from raylab.errors import ConfigError

MOST = 3  # keys that an error suggests
ALIKE = 0.8  # of 1: how alike the path and a key are that is suggested


def explained(error: ConfigError, overrides: Iterable[str], recipe: Recipe) -> ConfigError:
    """The error that a recipe with overrides has, with the nearest key of a misspelt path.

    Args:
        recipe: Without the overrides.
    """
    known = set(_paths(recipe.model_dump(mode="json", by_alias=True)))
    unknown = re.search(r"unknown key '([^']+)'", error.what)
    for path in overrides:
        near = [] if path in known else _nearest(path, known)
        listed = " or ".join(f"'{name}'" for name in near)
        remedy = f"Did you mean {listed}?"
        if near and unknown and f"{path}.".startswith(f"{unknown[1]}."):
            return ConfigError(error.what, remedy)
        if near and not unknown and _is_new_name(path, known):
            return ConfigError(f"--set {path}: the recipe has no such key", remedy)
    return error


def _paths(value: object, prefix: str = "") -> Iterator[str]:
    """The dotted paths of all keys of nested mappings, sections included.

    The single table of intervals needs no name in a path.
    """
    if isinstance(value, Mapping):
        for key, below in value.items():
            if key == UNNAMED:
                yield from _paths(below, prefix)
            yield f"{prefix}{key}"
            yield from _paths(below, f"{prefix}{key}.")


def _nearest(path: str, known: Iterable[str]) -> list[str]:
    """The keys that may be meant: those with this last part, else those that are spelt alike."""
    last, listed = path.rpartition(".")[2], sorted(known)
    if "." not in path:
        alike = [name for name in listed if name.rpartition(".")[2] == last]
        if alike:
            return alike[:MOST]
    return difflib.get_close_matches(path, listed, n=1, cutoff=ALIKE)


def _is_new_name(path: str, known: set[str]) -> bool:
    """Whether a path goes into a label, or another named entry, that the recipe does not have."""
    parts = path.split(".")
    return len(parts) > 1 and parts[0] in known and ".".join(parts[:2]) not in known
