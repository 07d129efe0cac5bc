"""Values at dotted paths of nested configs, such as `model.encoder.kind`."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any


def set_path(value: Mapping[str, Any], path: str, leaf: Any) -> dict[str, Any]:
    """A copy of `value` with the dotted `path` set."""
    result = copy.deepcopy(dict(value))
    *parents, last = path.split(".")
    node = result
    for key in parents:
        child = node.get(key)
        node[key] = dict(child) if isinstance(child, Mapping) else {}
        node = node[key]
    node[last] = leaf
    return result


def get_path(value: Any, path: str) -> Any:
    """The value at the dotted `path` of nested mappings or config sections."""
    for key in path.split("."):
        value = value[key] if isinstance(value, Mapping) else getattr(value, key)
    return value
