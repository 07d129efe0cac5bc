"""Sessions as a prepared dataset stores them: one file of arrays, described by the manifest."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from raylab.data.manifest import RecordingEntry, StoredEntry
from raylab.data.manifests.checks import check_arrays
from raylab.data.session import Label, Session
from raylab.files import map_tensors

Arrays = dict[str, np.ndarray]


def stored_session(folder: Path, entry: StoredEntry) -> Session:
    """The session that an entry of a manifest describes, mapped into memory.

    Args:
        folder: Of the dataset.

    Raises:
        DataError: Its file does not hold what the manifest says.
    """
    arrays = stored_arrays(folder, entry)
    return Session(
        id=entry["id"],
        neural=arrays["neural"],
        kind=entry["kind"],
        time=arrays["time"],
        rate_hz=entry["rate_hz"],
        segments=arrays["segments"],
        animal=entry["animal"],
        area=entry.get("area", ""),
        labels=stored_labels(entry, arrays),
        given=below("given.", arrays) or None,
        groups=below("group.", arrays),
        units=below("unit.", arrays),
        notes=tuple(entry["notes"]),
    )


def stored_arrays(folder: Path, entry: StoredEntry) -> Arrays:
    """The arrays of a session's file, mapped and checked against the manifest."""
    arrays = map_tensors(folder / entry["file"])
    check_arrays(entry, arrays, folder / entry["file"])
    return arrays


def stored_labels(entry: RecordingEntry, arrays: Arrays) -> dict[str, Label]:
    """The labels among the arrays of a session's file."""
    return {
        name: Label(
            kind=label["kind"],
            values=arrays[f"label.{name}"],
            unit=label["unit"],
            classes=tuple(label["classes"]),
        )
        for name, label in entry["labels"].items()
    }


def below(prefix: str, arrays: Arrays) -> Arrays:
    """The arrays whose names begin with a prefix, by the rest of their names."""
    return {
        name.removeprefix(prefix): array
        for name, array in arrays.items()
        if name.startswith(prefix)
    }
