"""What public functions return: frozen dataclasses that become plain JSON values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any


@dataclass(frozen=True)
class Result:
    """A result of a public function.

    A field whose metadata has `omit_none` is left out of `to_dict()` while it is None.
    """

    def to_dict(self) -> dict[str, Any]:
        """The result as nested dicts, lists, text, numbers and None: what `--json` prints."""
        values = ((field, getattr(self, field.name)) for field in fields(self))
        return {
            field.name: _plain(value)
            for field, value in values
            if not (value is None and field.metadata.get("omit_none"))
        }


def _plain(value: Any) -> Any:
    if isinstance(value, Result):
        return value.to_dict()
    if isinstance(value, Mapping):
        return {key: _plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(entry) for entry in value]
    return value
