"""Values at dotted paths of nested configs, such as `model.encoder.kind`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

Scalar: TypeAlias = bool | int | float | str | None  # a value that a search can choose
ConfigValues: TypeAlias = dict[str, Any]  # the sections of a config, as JSON and YAML have them


def set_path(value: Mapping[str, object], path: str, leaf: object) -> ConfigValues:
    """A copy of `value` with the dotted `path` set.

    Only the sections along the path are new: checks of a space set thousands of paths.
    """
    result: ConfigValues = dict(value)
    *parents, last = path.split(".")
    node: ConfigValues = result
    for key in parents:
        child = node.get(key)
        node[key] = dict(child) if isinstance(child, Mapping) else {}
        node = node[key]
    node[last] = leaf
    return result


def get_path(value: object, path: str) -> object:
    """The value at the dotted `path` of nested mappings or config sections."""
    for key in path.split("."):
        value = value[key] if isinstance(value, Mapping) else getattr(value, key)
    return value
