"""The folder in which a dataset is made. It survives an interruption, so that the same `prepare`
goes on with it.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from raylab.data.dataset import SCHEMA, Dataset
from raylab.data.readers.source import Source
from raylab.data.recipe import Recipe
from raylab.errors import DataError
from raylab.files import digest, file_digest, read_json, safe_name, write_json

LOCK = ".lock"
ENTRIES = "entries"


class Workspace:
    """`OUT.partial`: session files, and one small record of each that is whole.

    Args:
        target: The dataset's folder, which this one becomes.
    """

    def __init__(self, target: Path) -> None:
        self.target = target
        self.folder = target.with_name(f"{target.name}.partial")

    @contextlib.contextmanager
    def opened(self, *, keep: bool = True) -> Iterator[Workspace]:
        """Held by one process at a time; what is unfinished at the end stays if it holds a finished
        session.

        Args:
            keep: False where reading again is cheap: nothing stays then.

        Raises:
            DataError: another process prepares the same dataset, or the folder cannot be written.
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
                "Choose another --out, or make room there; the same command then goes on.",
            ) from error

    def recorded(self, key: str) -> dict[str, Any] | None:
        """The record of a session that is whole, whoever made it."""
        path = self.folder / ENTRIES / f"{key}.json"
        with contextlib.suppress(DataError, KeyError, OSError):
            entry: dict[str, Any] = read_json(path)
            if file_digest(self.folder / entry["file"]) == entry["sha256"]:
                return entry
        return None

    def record(self, key: str, entry: dict[str, Any]) -> None:
        """Written after the session's own file: a record without one would be believed."""
        write_json(self.folder / ENTRIES / f"{key}.json", entry)

    def adopt(self, dataset: Dataset, entry: dict[str, Any], key: str) -> dict[str, Any]:
        """Share a prepared session and its split: hard links, or copies where the file system has
        none.
        """
        adopted = dict(entry)
        for place in ("file", "split_file"):
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

    def finish(self, entries: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
        """Name files after their sessions; `entries` are manifest entries by key. Returns them with
        the new names.
        """
        found = []
        for key, entry in entries.items():
            moved = dict(entry)
            for place in ("file", "split_file"):
                moved[place] = str(
                    Path(entry[place]).with_name(f"{safe_name(entry['id'])}.safetensors")
                )
                os.replace(self.folder / entry[place], self.folder / moved[place])
            self.record(key, moved)
            found.append(moved)
        return found

    def publish(self, entries: list[dict[str, Any]]) -> None:
        """The folder becomes the dataset, without what no entry names."""
        used = {self.folder / entry[place] for entry in entries for place in ("file", "split_file")}
        for path in (*self.folder.glob("sessions/*"), *self.folder.glob("splits/*")):
            if path not in used:
                path.unlink()
        shutil.rmtree(self.folder / ENTRIES)
        (self.folder / LOCK).unlink(missing_ok=True)
        self.folder.rename(self.target)


def source_key(source: Source, recipe: Recipe | None) -> str:
    """Equal where a source would be read to the same session: same files, unchanged, same recipe."""
    tables = [Path(spec.file) for spec in recipe.features.values()] if recipe else []
    paths = [path.resolve() for path in (*source.paths, *tables)]
    files = [(str(path), path.stat().st_size, path.stat().st_mtime_ns) for path in paths]
    read = (
        recipe.model_dump(mode="json", by_alias=True, exclude={"splits", "filters"})
        if recipe
        else None
    )
    return digest([SCHEMA, files, source.key, read])[:24]
