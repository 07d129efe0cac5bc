"""Several files of a folder, some at a time: by one process alone, where there is room for them."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import filelock

from raylab.data.fetching.download import ATTEMPTS, Check, Stopped, download
from raylab.data.fetching.part import NotWritable
from raylab.data.fetching.record import Record
from raylab.errors import DataError


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """A file of an archive, and what there is of it.

    Attributes:
        size: Bytes, as the archive says; None where it does not.
        whole: The file is there and whole.
        begun: Bytes of an earlier download that need not come again.
        here: All this in words: "", "whole", "35 %", or what is wrong with the file that is there.
    """

    url: str
    path: Path
    size: int | None
    whole: bool
    begun: int
    here: str

    @property
    def missing(self) -> int | None:
        """Bytes still to come, if known."""
        if self.whole:
            return 0
        return None if self.size is None else max(0, self.size - self.begun)


W = TypeVar("W", bound=Wanted)
Progress = Callable[[str, int, int | None], None]


def state(size: int | None, whole: bool, begun: int, wrong: str | None) -> str:
    """What there is of a file, in words."""
    percent = f"{100 * begun // size} %" if begun and size else ""
    return "whole" if whole else wrong or percent


def transfer(
    folder: Path,
    todo: Sequence[W],
    *,
    parallel: int,
    progress: Progress | None,
    description: Callable[[W], Mapping[str, Any]],
    check: Callable[[W], Check],
    contents: int = ATTEMPTS,
) -> tuple[list[Path], list[tuple[W, str]]]:
    """Download files into a folder, and note them in its record.

    Args:
        description: What the record says of a file.
        check: How the bytes of a file are checked; called before they are fetched.
        contents: How often contents that are wrong are fetched before this is an error.

    Returns:
        The files that came, and those that could not be had, with the reason.

    Raises:
        DataError: The folder is full, not writable, or in use.
    """
    stop = threading.Event()
    with own(folder):
        _check_room(folder, todo)
        record = Record(folder)

        def bring(wanted: W) -> Path:
            name = wanted.path.relative_to(folder).as_posix()
            if stop.is_set():
                raise Stopped
            _make_folder(wanted.path.parent)
            arrived = download(
                wanted.url,
                wanted.path,
                stop=stop,
                progress=lambda there, size: progress(name, there, size) if progress else None,
                check=check(wanted),
                contents=contents,
            )
            # The record first: a process killed in between leaves a part, which the next run
            # completes.
            record.add(name, arrived, wanted.url, description(wanted))
            arrived.part.become(wanted.path)
            return wanted.path

        with ThreadPoolExecutor(parallel) as pool:
            running = {pool.submit(bring, wanted): wanted for wanted in todo}
            try:
                return _collect(running)
            except BaseException:  # Ctrl-C, a full disk: the threads end soon, their parts stay
                stop.set()
                raise


def _collect(running: dict[Future[Path], W]) -> tuple[list[Path], list[tuple[W, str]]]:
    fetched, failed = list[Path](), list[tuple[W, str]]()
    for future in as_completed(running):
        try:
            fetched.append(future.result())
        except NotWritable:
            raise
        except DataError as error:
            failed.append((running[future], error.what))
    return sorted(fetched), failed


@contextmanager
def own(folder: Path) -> Iterator[None]:
    """Hold the folder for this process alone: two would write the same partial files."""
    _make_folder(folder)
    try:
        with filelock.FileLock(folder / ".fetch.lock", timeout=0):
            yield
    except filelock.Timeout:
        raise DataError(
            f"{folder}: another `raylab fetch` is writing there", "Wait for it."
        ) from None
    except OSError as error:
        raise _not_writable(folder, error) from None


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _not_writable(folder, error) from None


def _not_writable(folder: Path, error: OSError) -> NotWritable:
    return NotWritable(
        f"{error.filename or folder}: cannot be written ({error.strerror})",
        "Choose another --out.",
    )


def _check_room(folder: Path, todo: Sequence[Wanted]) -> None:
    needed, free = sum(wanted.missing or 0 for wanted in todo), shutil.disk_usage(folder).free
    if needed > free:
        raise NotWritable(
            f"{folder}: {needed / 1e9:.1f} GB are needed and {free / 1e9:.1f} GB are free",
            "Make room, choose another --out, or fewer files (--limit).",
        )
