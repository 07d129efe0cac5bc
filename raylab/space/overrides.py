"""`--set` on a search space: a space key changes the space, a searched path is pinned, another
becomes a base value.
"""

from __future__ import annotations

from collections.abc import Mapping

from raylab.config.dotted import ConfigValues, set_path
from raylab.errors import ConfigError
from raylab.space.parameters import leaves


def overridden(
    value: ConfigValues, overrides: Mapping[str, object], *, sections: set[str]
) -> ConfigValues:
    """The mapping of a space with overrides applied.

    Args:
        sections: The keys of a space.

    Raises:
        ConfigError: An override names a draw by one of the paths that share it, or by its place in
            the file.
    """
    for path, leaf in leaves(overrides):
        value = _override(value, path, leaf, sections)
    return value


def _override(value: ConfigValues, path: str, leaf: object, sections: set[str]) -> ConfigValues:
    head, _, rest = path.partition(".")
    if head in ("base", "search"):
        raise ConfigError(
            f"--set {path}: an override names a config path, without '{head}'",
            f"For example: --set {rest or 'training.max_steps'}={leaf}",
        )
    search = value.get("search", {})
    if head in sections and path not in search:
        return set_path(value, path, leaf)
    owner = next((name for name in search if path in _paths(search[name])), None)
    if owner is not None:
        raise ConfigError(
            f"--set {path}: it shares its draw with "
            f"{', '.join(other for other in _paths(search[owner]) if other != path)}",
            f"Pin them together: --set {owner}={leaf}",
        )
    return _pinned(value, path, leaf)


def _pinned(value: ConfigValues, name: str, leaf: object) -> ConfigValues:
    """A parameter becomes base values. Parameters that were searched only for another choice of it
    are removed.
    """
    search = value.get("search", {})
    targets = _paths(search.get(name)) or [name]
    kept = {
        other: _without_condition(entry, name) if targets != [name] else entry
        for other, entry in search.items()
        if other != name and not _excluded(entry, name, leaf)
    }
    base = {path: entry for path, entry in leaves(value.get("base", {})) if path not in targets}
    result = {**value, "search": kept, "base": {**base, **dict.fromkeys(targets, leaf)}}
    if value.get("points"):
        gone = set(search) - set(kept)
        rest = [
            {path: entry for path, entry in point.items() if path not in gone}
            for point in value["points"]
        ]
        result["points"] = [
            point for number, point in enumerate(rest) if point and point not in rest[:number]
        ]
    return result


def _paths(entry: object) -> list[str]:
    """Of a draw that several config paths share."""
    return list(entry.get("paths") or ()) if isinstance(entry, Mapping) else []


def _without_condition(entry: object, name: str) -> object:
    """An entry without its condition on a pinned shared draw, which is no config path any more. The
    condition holds, since entries for other choices were removed.
    """
    if not isinstance(entry, Mapping) or name not in entry.get("when", {}):
        return entry
    return {
        **entry,
        "when": {parent: wanted for parent, wanted in entry["when"].items() if parent != name},
    }


def _excluded(entry: object, path: str, leaf: object) -> bool:
    when = entry.get("when", {}) if isinstance(entry, Mapping) else {}
    if path not in when:
        return False
    wanted = when[path]
    return leaf not in (wanted if isinstance(wanted, list) else [wanted])
