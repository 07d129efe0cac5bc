"""What a format knows about its files, under what the user's recipe states."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# Keys of a section that answer one question: a user who states one of them replaces the default
# of the others.
ALTERNATIVES: dict[str, tuple[frozenset[str], ...]] = {
    "time": (frozenset({"path", "rate_hz", "rate_path"}),),
    "spikes": (frozenset({"tick_s", "rate_hz", "rate_path"}),),
    "labels": (frozenset({"column", "columns"}),),
}
ACTIVITY = frozenset({"neural", "spikes"})


def with_defaults(defaults: Mapping[str, Any], stated: Mapping[str, Any]) -> dict[str, Any]:
    """`stated` with the defaults that it leaves open, section by section.

    A key that the user states wins, also where its value is null. Stated `neural` replaces default
    `spikes`, and the other way round.
    """
    open_ = {
        key: value
        for key, value in defaults.items()
        if not (key in ACTIVITY and ACTIVITY & set(stated) - {key})
    }
    return _merged(open_, stated, "")


def _merged(defaults: Mapping[str, Any], stated: Mapping[str, Any], section: str) -> dict[str, Any]:
    excluded = {
        key
        for keys in ALTERNATIVES.get(section.partition(".")[0], ())
        if keys & set(stated)
        for key in keys
    }
    merged = {key: value for key, value in defaults.items() if key not in excluded} | dict(stated)
    for key, value in merged.items():
        default = defaults.get(key)
        if isinstance(value, Mapping) and isinstance(default, Mapping) and value is not default:
            merged[key] = _merged(default, value, f"{section}.{key}" if section else key)
    return merged
