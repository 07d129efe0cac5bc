"""The folder in which a dataset is made.

It survives an interruption, so that the same `prepare` continues with it.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Literal

from filelock import FileLock, Timeout

from raylab.data.dataset import Dataset
from raylab.data.manifest import SCHEMA, SessionEntry, StoredEntry
from raylab.data.readers.source import Source
from raylab.data.recipe import Recipe
from raylab.errors import DataError
from raylab.files import digest, file_digest, read_json, safe_name, write_json

LOCK = ".lock"
ENTRIES = "entries"
FILES: tuple[Literal["file"], Literal["split_file"]] = ("file", "split_file")


class Workspace:
    """The folder `OUT.partial`: session files, and a small record of each that is whole.

    Args:
        target: The dataset's folder, which this one becomes.
    """

    def __init__(self, target: Path) -> None:
        self.target = target
        self.folder = target.with_name(f"{target.name}.partial")

    @contextlib.contextmanager
    def opened(self, *, keep: bool = True) -> Iterator[Workspace]:
        """Hold the folder, which only one process can at a time.

        If the dataset is unfinished at the end, the folder stays where it holds a whole session.

        Args:
            keep: False where reading again is cheap; then nothing stays.

        Raises:
            DataError: Another process prepares the same dataset, or the folder cannot be written.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with FileLock(self.folder / LOCK, timeout=0):
                try:
                    yield self
                finally:
                    if self.folder.is_dir() and not (
                        keep and any((self.folder / ENTRIES).glob("*.json"))
                    ):
                        shutil.rmtree(self.folder, ignore_errors=True)
        except Timeout:
            raise DataError(
                f"{self.folder}: another `raylab prepare` is writing this dataset",
                "Wait for it, or choose another --out.",
            ) from None
        except OSError as error:
            raise DataError(
                f"{self.target}: cannot be written ({error.strerror or error})",
                "Choose another --out, or make room there; the same command then continues.",
            ) from error

    def recorded(self, key: str) -> StoredEntry | None:
        """The record of a session that an earlier process wrote whole, if there is one."""
        path = self.folder / ENTRIES / f"{key}.json"
        with contextlib.suppress(DataError, KeyError, OSError):
            entry: StoredEntry = read_json(path)
            if file_digest(self.folder / entry["file"]) == entry["sha256"]:
                return entry
        return None

    def record(self, key: str, entry: StoredEntry) -> None:
        """Note that a session's own file, which must be written before, is whole."""
        write_json(self.folder / ENTRIES / f"{key}.json", entry)

    def adopt(self, dataset: Dataset, entry: SessionEntry, key: str) -> SessionEntry:
        """Share a prepared session and its split, by hard links where the file system has them.

        Returns:
            The entry with the names of the files here.
        """
        adopted = entry.copy()
        for place in FILES:
            adopted[place] = f"{Path(entry[place]).parent.name}/{key}.safetensors"
            source, target = dataset.path / entry[place], self.folder / adopted[place]
            target.parent.mkdir(parents=True, exist_ok=True)
            target.unlink(missing_ok=True)
            try:
                os.link(source, target)
            except OSError:
                shutil.copyfile(source, target)
        self.record(key, adopted)
        return adopted

    def finish(self, entries: Mapping[str, SessionEntry]) -> list[SessionEntry]:
        """Name the files of each session after its id.

        Args:
            entries: By the key under which the session was recorded.

        Returns:
            The entries with the new names.
        """
        renamed = []
        for key, entry in entries.items():
            moved = entry.copy()
            for place in FILES:
                moved[place] = str(
                    Path(entry[place]).with_name(f"{safe_name(entry['id'])}.safetensors")
                )
                os.replace(self.folder / entry[place], self.folder / moved[place])
            self.record(key, moved)
            renamed.append(moved)
        return renamed

    def publish(self, entries: Iterable[SessionEntry]) -> None:
        """Make the folder the dataset, without files that no entry names."""
        used = {self.folder / entry[place] for entry in entries for place in FILES}
        for path in (*self.folder.glob("sessions/*"), *self.folder.glob("splits/*")):
            if path not in used:
                path.unlink()
        shutil.rmtree(self.folder / ENTRIES)
        (self.folder / LOCK).unlink(missing_ok=True)
        self.folder.rename(self.target)


def source_key(source: Source, recipe: Recipe | None) -> str:
    """A key that is equal where reading would give the same session: same files, same recipe."""
    tables = [Path(spec.file) for spec in recipe.features.values()] if recipe else []
    paths = [path.resolve() for path in (*source.paths, *tables)]
    files = [(str(path), path.stat().st_size, path.stat().st_mtime_ns) for path in paths]
    read = (
        recipe.model_dump(mode="json", by_alias=True, exclude={"splits", "filters"})
        if recipe
        else None
    )
    return digest([SCHEMA, files, source.key, source.stem, read])[:24]
