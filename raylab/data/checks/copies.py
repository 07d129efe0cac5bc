"""Checks whether a recording is in a dataset twice, under two ids."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np

from raylab.data.checks.wording import NAMES
from raylab.data.manifest import SessionEntry
from raylab.errors import DataError
from raylab.files import map_tensors

PROBED = 16  # samples by which candidates are chosen, before all are compared


def same_activity(folder: Path, entries: Sequence[SessionEntry]) -> Iterator[str]:
    """Sessions with equal activity.

    Raises:
        DataError: One of them trains on samples that another one is tested on.
    """
    for session, copy in _candidates(folder, entries):
        if np.array_equal(_neural(folder, session), _neural(folder, copy)):
            _refuse_leak(folder, session, copy)
            yield (
                f"Sessions '{session['id']}' and '{copy['id']}' have the same activity: is one a "
                "copy of the other?"
            )


def _candidates(
    folder: Path, entries: Sequence[SessionEntry]
) -> Iterator[tuple[SessionEntry, SessionEntry]]:
    """Pairs of one shape that agree in some samples."""
    shapes = Counter((entry["samples"], entry["recorded_units"]) for entry in entries)
    alike: dict[tuple[int, int, bytes], list[SessionEntry]] = {}
    for entry in entries:
        shape = (entry["samples"], entry["recorded_units"])
        if shapes[shape] > 1:
            alike.setdefault((*shape, _probe(_neural(folder, entry))), []).append(entry)
    for group in alike.values():
        yield from pairwise(group)


def _neural(folder: Path, entry: SessionEntry) -> np.ndarray:
    return map_tensors(folder / entry["file"])["neural"]


def _probe(neural: np.ndarray) -> bytes:
    rows = np.linspace(0, len(neural) - 1, PROBED).astype(np.int64)
    return np.ascontiguousarray(neural[rows]).tobytes()


def _refuse_leak(folder: Path, session: SessionEntry, copy: SessionEntry) -> None:
    codes = [_codes(folder, entry) for entry in (session, copy)]
    crossing = (codes[0] != codes[1]) & (codes[0] >= 0) & (codes[1] >= 0)
    if crossing.any():
        place = int(np.flatnonzero(crossing)[0])
        first, second = (NAMES[int(own[place])] for own in codes)
        raise DataError(
            f"{session['source']}, {copy['source']}: sessions '{session['id']}' and "
            f"'{copy['id']}' have the same activity, and {int(crossing.sum())} samples are "
            f"{first} samples in one and {second} samples in the other",
            "Remove the copy.",
        )


def _codes(folder: Path, entry: SessionEntry) -> np.ndarray:
    """(T,) split codes; -1 in no split."""
    codes = np.full(entry["samples"], -1, np.int64)
    for start, stop, code in map_tensors(folder / entry["split_file"])["parts"]:
        codes[start:stop] = code
    return codes
