"""Values that replace keys of a recipe, by dotted paths such as `presentations.stimulus`.

A recipe may state a section in a short form: `columns: [choice]` for `columns: {choice: {kind:
discrete}}`, or `companions: {behaviour: x.csv}` for `companions: {behaviour: {file: x.csv}}`. A
path that goes into such a section writes it out first, so that what it does not name stays.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from raylab.data.labels.intervals import UNNAMED
from raylab.data.recipe import Recipe
from raylab.errors import ConfigError

MOST = 3  # of the keys that an error suggests


def with_overrides(
    value: Mapping[str, Any], overrides: Mapping[str, Any], recipe: Recipe
) -> dict[str, Any]:
    """The mapping of a recipe with the values of `overrides` in place of its own.

    Args:
        recipe: The same recipe, parsed: it has every section written out.

    Raises:
        ConfigError: A path goes into a single value, or beyond the end of a list.
    """
    whole = recipe.model_dump(mode="json", by_alias=True, exclude_unset=True)
    changed = dict(value)
    for path, leaf in overrides.items():
        changed = with_key(changed, path, leaf, whole)
    return changed


def with_key(
    value: Mapping[str, Any], path: str, leaf: object, whole: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """A copy of a mapping with the value at `path` replaced.

    Args:
        path: Its parts are keys, and places in lists, which count from 0.
        whole: The mapping with every section written out, where it is known.

    Raises:
        ConfigError: The path goes into a single value, or beyond the end of a list.
    """
    changed: dict[str, Any] = _set(value, whole, path.split("."), leaf, path)
    return changed


def _set(node: Any, whole: Any, keys: Sequence[str], leaf: Any, path: str) -> Any:
    """A copy of `node`, a section of a recipe, with the value at `keys` below it replaced."""
    if not keys:
        return leaf
    key, rest = keys[0], keys[1:]
    if isinstance(node, list | tuple) and key.isdecimal():
        return _set_item(list(node), whole, int(key), rest, leaf, path)
    if not isinstance(node, Mapping):
        node = _written_out(node, whole, keys, path)
    below = _set(node.get(key), _below(whole, key), rest, leaf, path)
    return {**node, key: below}


def _set_item(
    items: list[Any], whole: Any, place: int, rest: Sequence[str], leaf: Any, path: str
) -> list[Any]:
    if place >= len(items):
        raise ConfigError(
            f"--set {path}: the list has {len(items)} values, and the first one is number 0",
            f"State the whole list: --set '{_parent(path, rest, 1)}=[...]'",
        )
    inside = whole[place] if isinstance(whole, list) and place < len(whole) else None
    items[place] = _set(items[place], inside, rest, leaf, path)
    return items


def _written_out(node: Any, whole: Any, keys: Sequence[str], path: str) -> Mapping[str, Any]:
    """A section that the recipe states in a short form, or not at all, as a mapping."""
    if isinstance(whole, Mapping):
        return whole
    if node is None:
        return {}
    parent = _parent(path, keys)
    raise ConfigError(
        f"--set {path}: `{parent}` is {node!r} and has no keys",
        f"State it whole: --set {parent}=...",
    )


def _below(whole: Any, key: str) -> Any:
    """What is under a key of a section that is written out.

    A single table of intervals needs no name in a recipe; written out, it has one.
    """
    if not isinstance(whole, Mapping):
        return None
    if key not in whole and isinstance(whole.get(UNNAMED), Mapping):
        return whole[UNNAMED].get(key)
    return whole.get(key)


def _parent(path: str, rest: Sequence[str], more: int = 0) -> str:
    """The path without its last keys."""
    keys = path.split(".")
    return ".".join(keys[: len(keys) - len(rest) - more])


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
    """The dotted paths of all keys of nested mappings, sections included."""
    if isinstance(value, Mapping):
        for key, below in value.items():
            yield f"{prefix}{key}"
            yield from _paths(below, f"{prefix}{key}.")


def _nearest(path: str, known: Iterable[str]) -> list[str]:
    """The keys that may be meant: those with this last part, else those that are spelt alike."""
    last, listed = path.rpartition(".")[2], sorted(known)
    if "." not in path:
        alike = [name for name in listed if name.rpartition(".")[2] == last]
        if alike:
            return alike[:MOST]
    return difflib.get_close_matches(path, listed, n=1, cutoff=0.8)


def _is_new_name(path: str, known: set[str]) -> bool:
    """Whether a path goes into a label, or another named entry, that the recipe does not have."""
    parts = path.split(".")
    return len(parts) > 2 and parts[0] in known and ".".join(parts[:2]) not in known
