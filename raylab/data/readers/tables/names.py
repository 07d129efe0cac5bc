"""The names of the columns of a table, from its first row."""

from __future__ import annotations

import re
from collections.abc import Sequence

from raylab.errors import DataError

NO_NAMES = "If the file has no row of names, write `header: false` into the recipe."
NUMBER = re.compile(r"[+-]?\d*\.?\d*(e[+-]?\d+)?", re.IGNORECASE)


def check_names(what: str, names: Sequence[str]) -> None:
    """Raise a DataError where two columns have one name, or where the names are numbers.

    Empty names are allowed.

    Args:
        what: The file, or its sheet, for the error.
    """
    places: dict[str, int] = {}
    for number, name in enumerate(names):
        if name and name in places:
            raise DataError(
                f"{what}: columns {places[name]} and {number} are both called '{name}' "
                "(columns count from 0)",
                f"Rename one of them. {NO_NAMES}",
            )
        places[name] = number
    numbers = all(NUMBER.fullmatch(name) for name in names)
    if numbers and any(name and not name.isdecimal() for name in names):
        raise DataError(
            f"{what}: its first row holds numbers ({', '.join(names[:3])}), not the names of "
            "columns",
            NO_NAMES,
        )
