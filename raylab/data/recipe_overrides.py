"""Values that replace keys of a recipe, by dotted paths such as `presentations.stimulus`.

A recipe may state a section in a short form: `columns: [choice]` for `columns: {choice: {kind:
discrete}}`, or `companions: {behaviour: x.csv}` for `companions: {behaviour: {file: x.csv}}`. A
path that goes into such a section writes it out first, so that what it does not name stays.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from raylab.data.labels.intervals import UNNAMED
from raylab.data.recipe import Recipe
from raylab.errors import ConfigError


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
