"""Whether an HDF5 file came whole."""

from __future__ import annotations

import re
from pathlib import Path

import h5py


def fault(path: Path) -> str | None:
    """Why a file is not a whole HDF5 file; None if it is.

    HDF5 keeps the address of its end in the superblock and the library compares it with the file's
    length on opening, so a file that was cut anywhere shows. Bytes that were changed in the middle
    do not; checksums are for these.
    """
    if not h5py.is_hdf5(path):
        with path.open("rb") as file:
            return (
                f"is not an HDF5 file ({path.stat().st_size} bytes, beginning with "
                f"{file.read(12)!r})"
            )
    try:
        with h5py.File(path, "r", locking=False):
            return None
    except (OSError, RuntimeError) as error:
        cut = re.search(r"eof = (\d+).*stored_eof = (\d+)", str(error))
        return f"is truncated: {cut[1]} of {cut[2]} bytes" if cut else f"is damaged ({error})"
