"""Sections of a space that are one of several kinds: the default kind, and keys of other kinds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic.fields import FieldInfo

from raylab.registry import Registry


def of_kind(value: object, registry: Registry[Any], default: str) -> object:
    """A section as it is validated: with its `kind`, and without keys that have no effect there.

    Left out are keys of other kinds that hold their default: earlier versions of raylab recorded
    all keys of all kinds. With kind `none` all keys of other kinds are left out, so that
    `--set scheduler.kind=none` switches off a scheduler that is described in the file.
    """
    if not isinstance(value, Mapping):
        return value
    kind = value.get("kind", default)
    choice = registry.find(kind) if isinstance(kind, str) else None
    if choice is None:
        return {**value, "kind": kind}
    own = choice.config.model_fields
    others = [model.model_fields for model in registry.models]

    def is_idle(key: str, entry: object) -> bool:
        fields = [other[key] for other in others if key in other]
        return bool(fields) and (kind == "none" or any(_is_default(entry, f) for f in fields))

    kept = {key: entry for key, entry in value.items() if key in own or not is_idle(key, entry)}
    return {**kept, "kind": kind}


def _is_default(entry: object, field: FieldInfo) -> bool:
    return not field.is_required() and bool(entry == field.get_default())
