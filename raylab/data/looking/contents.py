"""The contents of a path: every file that raylab can look into, and what the path seems to be."""

from __future__ import annotations

import glob
import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from raylab.data.looking.item import FileContents, item_from
from raylab.data.looking.look import SUFFIXES
from raylab.data.readers.isolation.isolated import look_isolated
from raylab.errors import DataError
from raylab.results import Result

MOST_FILES, MOST_ALIKE = 48, 12  # looked into: in all, and of one suffix in one folder
DEPTH = 5  # folders below the path: mouse1/day1/suite2p/plane0
LARGEST_BESIDE = 2**27  # bytes of a file beside another one that is looked into for its labels


@dataclass(frozen=True, kw_only=True)
class Contents(Result):
    """What is in a file or folder that needs a recipe.

    Attributes:
        path: The path that was looked at.
        format: The format that a recipe for it would have; empty where there is none.
        what: What it seems to be, in words.
        files: The files that were looked into.
        others: Number of files of each suffix that were not.
        recipes: Names of the shipped recipes that fit.
        notes: What stands in the way of a recipe, and what is doubtful.
        steps: What to do next: sentences and commands.
    """

    path: str
    format: str = ""
    what: str = ""
    files: tuple[FileContents, ...] = ()
    others: Mapping[str, int] = field(default_factory=dict)
    recipes: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    steps: tuple[str, ...] = ()

    @property
    def readable(self) -> tuple[FileContents, ...]:
        """The files that could be looked into."""
        return tuple(file for file in self.files if file.format and not file.error)


def look_at(path: Path) -> tuple[tuple[FileContents, ...], Mapping[str, int]]:
    """(the files looked into, the number of other files by suffix) of a file or a folder.

    Raises:
        DataError: A lone file cannot be read, or the path does not exist.
    """
    if path.is_dir():
        chosen, others = _chosen(sorted(_walk(path)), path)
        return tuple(_looked(file, path) for file in chosen), others
    files = _named_by(path)
    if len(files) == 1:
        return (_read(files[0], files[0].parent),), {}
    chosen, others = _chosen(files, path.parent)
    return tuple(_looked(file, path.parent) for file in chosen), others


def look_beside(path: Path) -> tuple[FileContents, ...]:
    """The small files in the folder of `path`, which may hold its labels."""
    beside = [
        file
        for file in sorted(path.parent.iterdir())
        if file.is_file() and file != path and _has_kind(file)
        and file.stat().st_size <= LARGEST_BESIDE
    ]  # fmt: skip
    looked = [_looked(file, path.parent) for file in beside[:MOST_FILES]]
    return tuple(file for file in looked if not file.error)


def _named_by(path: Path) -> list[Path]:
    """The file itself, or the files that a pattern matches."""
    if path.exists():
        return [path]
    files = [Path(name) for name in sorted(glob.glob(str(path))) if Path(name).is_file()]
    if not files:
        kind = "matches no file" if glob.has_magic(str(path)) else "no such file or folder"
        raise DataError(f"{path}: {kind}")
    return files


def _walk(folder: Path) -> Iterator[Path]:
    for place, folders, names in os.walk(folder):
        depth = len(Path(place).relative_to(folder).parts)
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        if depth >= DEPTH:
            folders.clear()
        yield from (Path(place) / name for name in names if not name.startswith("."))


def _chosen(files: Sequence[Path], folder: Path) -> tuple[list[Path], Mapping[str, int]]:
    """The files to look into, those near the top first, and the count of the others by suffix."""
    alike: Counter[tuple[Path, str]] = Counter()
    chosen, others = list[Path](), Counter[str]()
    for file in sorted(files, key=lambda file: (len(file.relative_to(folder).parts), file)):
        key = (file.parent, file.suffix.lower())
        if _has_kind(file) and alike[key] < MOST_ALIKE and len(chosen) < MOST_FILES:
            alike[key] += 1
            chosen.append(file)
        else:
            others[file.suffix.lower() or file.name] += 1
    return chosen, dict(others)


def _has_kind(file: Path) -> bool:
    return file.suffix.lower() in SUFFIXES


def _looked(file: Path, folder: Path) -> FileContents:
    """As `_read`, with the error in place of the items."""
    try:
        return _read(file, folder)
    except (DataError, OSError) as error:
        what = error.what if isinstance(error, DataError) else f"{file}: {error}"
        reason = what.removeprefix(f"{file}: ")
        remedy = error.remedy if isinstance(error, DataError) else ""
        return FileContents(name=_name(file, folder), error=reason, remedy=remedy)


def _read(file: Path, folder: Path) -> FileContents:
    if file.exists() and not file.is_file():  # a pipe would wait for its writer for ever
        raise DataError(f"{file}: is a pipe or a device, not a file", "Name a file or a folder.")
    record = look_isolated(file)
    return FileContents(
        name=_name(file, folder),
        format=record["format"],
        what=record["what"],
        bytes=file.stat().st_size,
        items=tuple(item_from(item) for item in record["items"]),
    )


def _name(file: Path, folder: Path) -> str:
    return file.relative_to(folder).as_posix()
