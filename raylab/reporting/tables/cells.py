"""Values as text in tables, for a terminal, a page and CSV."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping


def text(value: object) -> str:
    """A parameter or score as people read it: four significant digits."""
    if value is None:
        return "–"
    if isinstance(value, bool) or not isinstance(value, float):
        return value if isinstance(value, str) else json.dumps(value, default=str)
    return f"{value:.4g}"


def number(value: object) -> str:
    """A score with three decimals; a dash where there is none."""
    return f"{value:.3f}" if isinstance(value, int | float) else "–"


def csv_cell(value: object) -> str | int | float:
    """A value as a cell of a CSV file: empty for None, lists and mappings as JSON."""
    if value is None:
        return ""
    return value if isinstance(value, str | int | float) else json.dumps(value, default=str)


def yes_or_no(value: bool) -> str:
    return "yes" if value else "no"


def keys(mappings: Iterable[Mapping[str, object]]) -> list[str]:
    """Every key of several mappings, in the order they first appear."""
    return list(dict.fromkeys(key for mapping in mappings for key in mapping))


def short_names(
    paths: Iterable[str], *, taken: Collection[str] = (), mark: str = "."
) -> dict[str, str]:
    """The shortest ends of paths that still tell them apart, by path.

    Args:
        taken: Names that other columns of the table have already.
        mark: What separates the parts of a path: a dot of config paths, a slash of folders.
    """
    paths = list(dict.fromkeys(paths))
    short: dict[str, str] = {}
    for path in paths:
        parts = path.split(mark)
        ends = (mark.join(parts[-count:]) for count in range(1, len(parts) + 1))
        others = [f"{mark}{other}" for other in paths if other != path]
        free = (
            end
            for end in ends
            if end not in taken and not any(other.endswith(f"{mark}{end}") for other in others)
        )
        short[path] = next(free, path)
    return short
