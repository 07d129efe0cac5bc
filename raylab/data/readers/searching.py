"""The sessions in folders: files, and folders that are sessions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from raylab.data.readers.registry import Reader
from raylab.errors import DataError

ZARR = (".zgroup", ".zattrs", ".zarray", "zarr.json")  # files that say what such a folder is
MOST_LEVELS = 6  # of folders above a session that is a folder
HIDDEN = (".", "~$")  # how names begin of files that no user made; Excel's while it has a file open


def sessions_among(paths: Iterable[Path], reader: Reader, *, hidden: bool = False) -> list[Path]:
    """The sessions among files, and in folders where sessions are folders.

    Args:
        hidden: Also those of `paths` whose names begin with a dot, because the user named them.
    """
    sessions, seen = set[Path](), set[Path]()
    for path in paths:
        if path.name.startswith(HIDDEN) and not hidden:
            continue
        if path.is_dir() and reader.folder:
            sessions |= set(_below(path, reader, MOST_LEVELS, seen))
        elif path.is_file() and reader.patterns:
            sessions.add(path)
        elif path.is_dir():
            refuse_zarr(path)
    return sorted(sessions)


def refuse_zarr(folder: Path) -> None:
    """Raise a DataError where a folder is a Zarr store, as some archives keep NWB."""
    if any((folder / name).is_file() for name in ZARR):
        raise DataError(
            f"{folder}: a folder of the Zarr format, which raylab does not read",
            "Convert it into one HDF5 file. For NWB: open it with `NWBZarrIO` of hdmf-zarr, and "
            "export it with `NWBHDF5IO` of pynwb.",
        )


def _below(folder: Path, reader: Reader, levels: int, seen: set[Path]) -> Iterator[Path]:
    """The folder if it is a session, else the sessions in the folders below it.

    Args:
        seen: Folders that were looked into, which links may lead to again.
    """
    place = folder.resolve()
    if place in seen:
        return
    seen.add(place)
    if reader.files_in(folder):
        yield folder
        return
    for inner in _folders_in(folder) if levels else ():
        yield from _below(inner, reader, levels - 1, seen)


def _folders_in(folder: Path) -> list[Path]:
    try:
        inside = sorted(folder.iterdir())
        return [path for path in inside if path.is_dir() and not path.name.startswith(HIDDEN)]
    except OSError as error:
        raise DataError(
            f"{folder}: cannot be listed ({error.strerror or error})",
            "Ask its owner for access, or name a folder below it.",
        ) from None
