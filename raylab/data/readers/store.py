"""The one small interface of file formats: named arrays. And the errors that every format shares."""

from __future__ import annotations

import contextlib
import difflib
import fnmatch
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import numpy as np

from raylab.data.readers.formats.text import TextColumn
from raylab.errors import DataError, RaylabError

MOST_OBJECTS, MOST_LEVELS = 300_000, 100


class Store(Protocol):
    """An open file as arrays with `/`-joined names. Text arrays are of kind U, never object."""

    def names(self) -> list[str]:
        """Every array in the file."""

    def read(self, name: str) -> np.ndarray:
        """One array; `name` is one of `names()`."""

    def close(self) -> None:
        """Release the file."""


@contextlib.contextmanager
def guard(path: Path, format_name: str) -> Iterator[None]:
    """DataError for whatever a parser raises on a damaged or foreign file.

    Parsers raise almost anything there (OSError, ValueError, KeyError, zlib.error,
    UnicodeDecodeError), so this is the one place that catches Exception; nothing of raylab's own
    runs inside it.
    """
    try:
        yield
    except RaylabError:
        raise
    except Exception as error:
        said = " ".join(str(error).split())[:200] or type(error).__name__
        raise DataError(
            f"{path}: not readable as {format_name} ({said})",
            "The file is truncated, damaged or of another format: compare it with its source.",
        ) from None


class Files:
    """The open file of a source and its companions, read by the paths of a recipe.

    `name:path` reads from the companion `name`, a plain path from the file itself.
    """

    def __init__(self, stores: dict[str, Store], paths: dict[str, Path], format_name: str) -> None:
        self._stores, self._paths, self._format = stores, paths, format_name

    def read(self, text: str, key: str) -> np.ndarray:
        """The array at `text`; `key` is the recipe's key that named it, for the error."""
        companion, path = self._part(text)
        names = self._stores[companion].names()
        if path not in names:
            raise self._absent(companion, path, key, names)
        with guard(self._paths[companion], self._format):
            return self._stores[companion].read(path)

    def match(self, text: str, key: str) -> list[str]:
        """The paths that a pattern matches, unit2 before unit10; a plain path matches itself."""
        companion, pattern = self._part(text)
        names = self._stores[companion].names()
        found = (
            [pattern]
            if pattern in names
            else [name for name in names if fnmatch.fnmatchcase(name, pattern)]
        )
        if not found:
            raise self._absent(companion, pattern, key, names)
        prefix = f"{companion}:" if companion else ""
        return [prefix + name for name in sorted(found, key=_natural)]

    def _part(self, text: str) -> tuple[str, str]:
        companion, separator, path = text.partition(":")
        return (
            (companion, path.strip("/"))
            if separator and companion in self._stores
            else ("", text.strip("/"))
        )

    def _absent(self, companion: str, path: str, key: str, names: list[str]) -> DataError:
        what = f"{self._paths[companion]}: `{key}` names '{path}', which the file does not have"
        return DataError(what, suggest(path, names))


def suggest(path: str, names: list[str]) -> str:
    """Close paths, else some of the paths there are."""
    last = path.rsplit("/", 1)[-1].lower()
    close = [name for name in names if name.rsplit("/", 1)[-1].lower() == last]
    close = close or difflib.get_close_matches(path, names, n=3, cutoff=0.5)
    if close:
        return "Did you mean " + " or ".join(f"'{name}'" for name in close[:3]) + "?"
    shown = ", ".join(names[:12]) + (f" and {len(names) - 12} more" if len(names) > 12 else "")
    return f"It has: {shown}." if names else "It has no arrays."


def flatten(value: object) -> dict[str, np.ndarray]:
    """Arrays of nested dicts and lists, by `/`-joined name; other objects are left out.

    Raises:
        ValueError: More objects than a recording has: a pickle of a few bytes can hold one list
            2^40 times.
    """
    found: dict[str, np.ndarray] = {}
    pending, seen = [("", value)], 0
    while pending:
        name, item = pending.pop()
        seen += 1
        if seen > MOST_OBJECTS or name.count("/") > MOST_LEVELS:
            raise ValueError("nested containers without end")
        inner = _items(item)
        if inner is not None:
            pending += [(f"{name}/{key}" if name else key, one) for key, one in reversed(inner)]
        elif not (array := _as_array(item, name)).dtype.hasobject:
            found[name or "array"] = array
    return found


def _items(value: object) -> list[tuple[str, object]] | None:
    """What a container holds; None for what is one array."""
    if isinstance(value, dict):
        return [
            (str(key), item) for key, item in value.items() if isinstance(key, (str, int, float))
        ]
    if isinstance(value, (list, tuple)) and not all(
        isinstance(item, (int, float, str)) for item in value
    ):
        return [(str(key), item) for key, item in enumerate(value)]
    return None


def _as_array(value: object, name: str) -> np.ndarray:
    if isinstance(value, (list, tuple)) and any(isinstance(item, str) for item in value):
        text = TextColumn(f"'{name}'")
        text.add(value)
        return text.array()
    return np.asarray(value)


class MemoryStore:
    """A file that was read whole."""

    def __init__(self, arrays: dict[str, np.ndarray]) -> None:
        self._arrays = arrays

    def names(self) -> list[str]:
        return list(self._arrays)

    def read(self, name: str) -> np.ndarray:
        return self._arrays[name]

    def close(self) -> None:
        self._arrays = {}


def _natural(name: str) -> list[tuple[int, int, str]]:
    """Numbers inside names compare as numbers."""
    parts = re.split(r"(\d+)", name)
    return [
        (1, int(part), "") if re.fullmatch(r"\d{1,18}", part) else (0, 0, part) for part in parts
    ]
