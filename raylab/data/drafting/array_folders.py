"""Folders of npy files: one session of arrays, folders of such sessions, or recordings."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path, PurePath

from raylab.data.drafting.field_names import ACTIVITY, CALCIUM, CLOCK, LABELS, SPIKING, words
from raylab.data.looking.item import FileContents

KNOWN = (ACTIVITY | CALCIUM | SPIKING | CLOCK | LABELS) - {"s", "x", "y", "z", "c", "f", "t"}
LETTERS = {"s", "c", "f", "x"}  # names of arrays only where they are the whole name


def are_recordings(files: Sequence[FileContents]) -> bool:
    """True for arrays of one kind under names that differ by an id: `m1_dff.npy`, `m2_dff.npy`.

    `spikes.npy` and `pos.npy` are two arrays of one session, and so are arrays of other dimensions.
    """
    shapes = [file.items[0].shape for file in files]
    if len({len(shape) for shape in shapes}) > 1:
        return False
    return len({_kind(file) for file in files}) == 1


def _kind(file: FileContents) -> frozenset[str]:
    """The words of a file's name that say what an array is."""
    stem = Path(file.name).stem
    parts = set(words(stem))
    return frozenset(parts & KNOWN or ({stem.lower()} & LETTERS))


def session_folder(
    files: Sequence[FileContents], where: str
) -> tuple[PurePath, FileContents] | None:
    """(folder, arrays) of the first session: the folder itself, else the first of those below it.

    The name of the session ends with `/`: its arrays are called after their files.
    """
    arrays = [file for file in files if file.format == "npy" and file.items]
    folders = sorted({PurePath(file.name).parent for file in arrays})
    if not folders:
        return None
    top = PurePath()
    folder = top if top in folders else folders[0]
    own = [file for file in arrays if PurePath(file.name).parent == folder]
    items = tuple(item for file in own for item in file.items)
    name = Path(where).resolve().name if folder == top else folder.as_posix()
    number = f"{len(own)} NumPy array{'s'[: len(own) != 1]}"
    what = f"folder of {number}"
    if folder != top:
        what = f"{len(folders)} folders with arrays; drafted from {folder}, of {number}"
    return folder, FileContents(name=f"{name}/", format="npy", what=what, items=items)
