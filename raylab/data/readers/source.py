"""A source: one session to read, before anything of it is read."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypedDict

# Folders that programs name, not people: the folder above says which recording it is.
NAMED_BY_A_PROGRAM = re.compile(
    r"suite2p|plane\d+|combined|phy|(kilosort|ks)[\d._-]*|sorter_output|alf", re.IGNORECASE
)


class SourceRecord(TypedDict):
    """A source as JSON, for another process."""

    path: str
    key: str
    companions: list[tuple[str, str]]
    files: list[str]
    title: str


@dataclass(frozen=True, order=True)
class Source:
    """One session to read: a file or folder, the files beside it, and which session of the file.

    Attributes:
        companions: (name, path) of the recipe's companion files.
        key: Of the recipe's `sessions`; empty where a file holds one session.
        files: The files that are read of those of the paths above that are folders.
        title: What the session is called where other sources would be called the same.
    """

    path: Path
    key: str = ""
    companions: tuple[tuple[str, Path], ...] = ()
    files: tuple[Path, ...] = ()
    title: str = ""

    def __str__(self) -> str:
        return f"{self.path}[{self.key}]" if self.key else str(self.path)

    @property
    def paths(self) -> tuple[Path, ...]:
        """Every file that the session is read from."""
        return (*(path for path in self.places if not path.is_dir()), *self.files)

    @property
    def places(self) -> tuple[Path, ...]:
        """Every file or folder that is opened as one."""
        return (self.path, *(path for _, path in self.companions))

    @property
    def stem(self) -> str:
        """What the session is called unless the recipe says otherwise.

        It is the file's name without its ending. A folder is called after itself, or after the
        first folder above whose name a person has chosen: `mouse1` of `mouse1/suite2p/plane0`.
        `with_titles` tells sources apart that would be called the same.
        """
        return self.title or self.place.name

    @property
    def name(self) -> str:
        """The source in a list of sources: a file's name, or `mouse1/suite2p` of a folder."""
        if not self.path.is_dir():
            return self.path.name
        return str(absolute(self.path).relative_to(self.place.parent))

    @property
    def place(self) -> Path:
        """The file without its ending, or the folder after which the session is called."""
        folder = absolute(self.path)
        if not self.path.is_dir():
            return folder.with_name(self.path.stem)
        return next((each for each in (folder, *folder.parents) if is_chosen(each)), folder)

    def dump(self) -> SourceRecord:
        """This source for another process."""
        return {
            "path": str(self.path),
            "key": self.key,
            "companions": [(name, str(path)) for name, path in self.companions],
            "files": [str(path) for path in self.files],
            "title": self.title,
        }

    @classmethod
    def of(cls, record: SourceRecord) -> Source:
        """The source that `dump` wrote down."""
        return cls(
            Path(record["path"]),
            record["key"],
            tuple((name, Path(path)) for name, path in record["companions"]),
            tuple(Path(path) for path in record["files"]),
            record["title"],
        )

    def absolute(self) -> Source:
        """With absolute paths, for a process with another working folder."""
        return Source(
            absolute(self.path),
            self.key,
            tuple((name, absolute(path)) for name, path in self.companions),
            tuple(absolute(path) for path in self.files),
            self.title,
        )


def with_titles(sources: Sequence[Source]) -> list[Source]:
    """The sources, those that would be called the same with the folders that tell them apart.

    `m1/day1/suite2p` and `m2/day1/suite2p` are both called `day1`; they become `m1_day1` and
    `m2_day1`.
    """
    alike: dict[str, set[Path]] = {}
    for source in sources:
        alike.setdefault(source.stem, set()).add(source.place)
    titled = []
    for source in sources:
        places = alike[source.stem]
        if len(places) > 1:
            common = os.path.commonpath([place.parent for place in places])
            source = replace(source, title="_".join(source.place.relative_to(common).parts))
        titled.append(source)
    return titled


def absolute(path: Path) -> Path:
    """An absolute path whose links are not followed: a session is called after the link."""
    return Path(os.path.abspath(path))


def is_chosen(folder: Path) -> bool:
    """Whether a person has chosen the name of a folder."""
    return bool(folder.name) and not NAMED_BY_A_PROGRAM.fullmatch(folder.name)
