"""`--set` on a search space: a space key changes the space, a searched path is pinned, another
becomes a base value. A pinned path keeps its `when`.
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
    given = dict(leaves(overrides))
    search = value.get("search", {})
    # Parents first: only then is it known on which parameters a pinned one still depends.
    for path in sorted(given, key=lambda path: len(_ancestors(path, search))):
        value = _override(value, path, given[path], sections)
    return value


def _ancestors(name: str, search: Mapping[str, object]) -> set[str]:
    """The searched paths on which a path depends, by its `when` and theirs."""
    known: set[str] = set()
    waiting = [name]
    while waiting:
        parents = {parent for parent in _when(search.get(waiting.pop())) if parent in search}
        waiting += parents - known
        known |= parents
    return known


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
    if any(parent in search for parent in _when(search.get(path))):
        return _pinned_where_active(value, path, leaf)
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
    return result | _points(value, kept, {})


def _pinned_where_active(value: ConfigValues, name: str, leaf: object) -> ConfigValues:
    """A parameter that depends on a searched one keeps its `when` and becomes a choice of a single
    value. As a base value it would also be given to trials in which it does not exist.
    """
    search = value["search"]
    if isinstance(leaf, list | Mapping):
        parents = ", ".join(parent for parent in _when(search[name]) if parent in search)
        raise ConfigError(
            f"--set {name}: it exists only with some {parents}, and a choice is a single value, "
            f"not {leaf}",
            f"Pin {parents} as well.",
        )
    single: dict[str, object] = {"categorical": [leaf], "when": dict(_when(search[name]))}
    if targets := _paths(search[name]):
        single["paths"] = targets
    kept = {
        other: single if other == name else entry
        for other, entry in search.items()
        if not _excluded(entry, name, leaf)
    }
    return {**value, "search": kept} | _points(value, kept, {name: leaf})


def _points(
    value: ConfigValues, kept: Mapping[str, object], pinned: Mapping[str, object]
) -> ConfigValues:
    """The section `points` with the parameters that are kept, each point once; nothing where there
    are no points.

    Args:
        pinned: Parameters that are kept with a single value.
    """
    if not value.get("points"):
        return {}
    rest = [
        {
            path: pinned.get(path, entry)
            for path, entry in point.items()
            if path in kept or path not in value.get("search", {})
        }
        for point in value["points"]
    ]
    return {
        "points": [
            point for number, point in enumerate(rest) if point and point not in rest[:number]
        ]
    }


def _when(entry: object) -> Mapping[str, object]:
    """The condition of a search entry; empty where it has none."""
    return (entry.get("when") or {}) if isinstance(entry, Mapping) else {}


def _paths(entry: object) -> list[str]:
    """Of a draw that several config paths share."""
    return list(entry.get("paths") or ()) if isinstance(entry, Mapping) else []


def _without_condition(entry: object, name: str) -> object:
    """An entry without its condition on a pinned shared draw, which is no config path any more. The
    condition holds, since entries for other choices were removed.
    """
    if not isinstance(entry, Mapping) or name not in _when(entry):
        return entry
    when = {parent: wanted for parent, wanted in _when(entry).items() if parent != name}
    return {**entry, "when": when}


def _excluded(entry: object, path: str, leaf: object) -> bool:
    when = _when(entry)
    if path not in when:
        return False
    wanted = when[path]
    return leaf not in (wanted if isinstance(wanted, list) else [wanted])
