"""The open files of one session, read by the paths that a recipe names."""

from __future__ import annotations

import difflib
import fnmatch
import re
from collections.abc import Collection
from pathlib import Path

import numpy as np

from raylab.data.readers.cells import ROWS_OF_CELLS
from raylab.data.readers.guard import guard
from raylab.data.readers.store import Store, left_out_of
from raylab.data.readers.text import checked_text
from raylab.errors import DataError


class Files:
    """The open file of a source and the open files of its companions.

    `name:path` reads from the companion `name`; a plain path reads from the file itself. `name`
    alone reads the only array of a companion.
    """

    def __init__(
        self, stores: dict[str, Store], paths: dict[str, Path], formats: dict[str, str]
    ) -> None:
        self._stores, self._paths, self._formats = stores, paths, formats

    def read(self, text: str, key: str) -> np.ndarray:
        """Read the array at `text`.

        Args:
            key: The recipe's key that names the array, for the error.

        Raises:
            DataError: The file has no such array, or it cannot be read.
        """
        companion, path = self._part(text)
        names = self._stores[companion].names()
        if path not in names:
            raise self._absent(companion, path, key, names)
        with guard(self._paths[companion], self._formats[companion]):
            return checked_text(self._stores[companion].read(path))

    def column(self, table: str, name: str, key: str) -> np.ndarray:
        """A column of a table: the array `table/name`, or a field of the records at `table`.

        Args:
            table: Empty where the columns are the arrays of the file itself; the name of a
                companion where they are those of the companion.
        """
        companion = table.removesuffix(":")
        is_companion = companion in self._stores and companion != ""
        text = f"{companion}:{name}" if is_companion else f"{table}/{name}".strip("/")
        if not self.has(text) and self.has(table):
            records = self.read(table, key)
            if name in (records.dtype.names or ()):
                return np.asarray(records[name])
        return self.read(text, key)

    def beside(self, text: str) -> list[str]:
        """The last parts of the other names in the table, or group, that holds the array `text`."""
        companion, path = self._part(text)
        table, _, own = path.rpartition("/")
        names = [name.rpartition("/") for name in self._stores[companion].names()]
        return [last for group, _, last in names if group == table and last != own]

    def has(self, text: str) -> bool:
        """Whether the file has an array at this path, which is no pattern."""
        companion, path = self._part(text)
        return path in self._stores[companion].names()

    def match(self, text: str, key: str) -> list[str]:
        """The paths that a pattern matches, unit2 before unit10; a plain path matches itself."""
        companion, pattern = self._part(text)
        names = self._stores[companion].names()
        if pattern in names:
            matching = [pattern]
        else:
            matching = _matching(names, pattern)
            for name in _matching(left_out_of(self._stores[companion]), pattern):
                raise self._absent(companion, name, key, names)
        if not matching:
            raise self._absent(companion, pattern, key, names)
        prefix = f"{companion}:" if companion else ""
        return [prefix + name for name in sorted(matching, key=_natural)]

    def _part(self, text: str) -> tuple[str, str]:
        """The companion and the path in it that a text names.

        The name of a companion alone stands for its only array, unless the file has one so named.
        """
        companion, separator, path = text.partition(":")
        if separator and companion in self._stores:
            return companion, path.strip("/")
        name = text.strip("/")
        if name in self._stores and name not in self._stores[""].names():
            arrays = [each for each in self._stores[name].names() if "@" not in each]
            if len(arrays) == 1:
                return name, arrays[0]
            # Several: the text is still the companion's, so that the error lists its arrays.
            return name, ""
        return "", name

    def _absent(self, companion: str, path: str, key: str, names: list[str]) -> DataError:
        if companion and not path:
            return DataError(
                f"{self._paths[companion]}: `{key}` names the file, which has several arrays",
                f"Name one of them, such as '{companion}:{names[0]}'. It has: {_listed(names)}."
                if names
                else "It has no arrays.",
            )
        what = f"{self._paths[companion]}: `{key}` names '{path}', which"
        reason = left_out_of(self._stores[companion]).get(path)
        if reason is not None:
            return DataError(f"{what} is not read: {reason}", f"Choose another path for `{key}`.")
        inside = [name for name in names if name.startswith(f"{path}/")]
        if inside:
            return DataError(f"{what} is a group of arrays", f"It has: {_listed(inside)}.")
        return DataError(f"{what} the file does not have", suggest(path, names))


def _matching(names: Collection[str], pattern: str) -> list[str]:
    """The names that a pattern matches; attributes (`path@attribute`) only where it has an `@`, and
    the rows of a cell array (`path/unit`) only where it has this ending.
    """
    known = set(names)
    return [
        name
        for name in names
        if fnmatch.fnmatchcase(name, pattern)
        and ("@" in pattern or "@" not in name)
        and not _numbers_cells(name, known, pattern)
    ]


def _numbers_cells(name: str, known: set[str], pattern: str) -> bool:
    parent, _, last = name.rpartition("/")
    return last in ROWS_OF_CELLS and parent in known and not pattern.endswith(last)


def suggest(path: str, names: list[str]) -> str:
    """A remedy for a path that does not exist: the closest names, else some of all names."""
    last = path.rsplit("/", 1)[-1].lower()
    close = [name for name in names if name.rsplit("/", 1)[-1].lower() == last]
    close = close or difflib.get_close_matches(path, names, n=3, cutoff=0.5)
    if close:
        return "Did you mean " + " or ".join(f"'{name}'" for name in close[:3]) + "?"
    return f"It has: {_listed(names)}." if names else "It has no arrays."


def _listed(names: list[str]) -> str:
    return ", ".join(names[:12]) + (f" and {len(names) - 12} more" if len(names) > 12 else "")


def _natural(name: str) -> list[tuple[int, int, str]]:
    """A sorting key by which numbers inside of names compare as numbers."""
    parts = re.split(r"(\d+)", name)
    return [
        (1, int(part), "") if re.fullmatch(r"\d{1,18}", part) else (0, 0, part) for part in parts
    ]
