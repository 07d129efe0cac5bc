"""The checks of a session's splits. A new check is a function and its line in `CHECKS`."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from raylab.data.checks import splits
from raylab.data.session import Session

# A check gets a session and the samples of each split that has any, and yields notes.
Check = Callable[[Session, splits.Split], Iterator[str]]
CHECKS: tuple[Check, ...] = (
    splits.short_splits,
    splits.splits_without_label,
    splits.constant_in_a_split,
    splits.classes_of_one_split,
)


def split_notes(session: Session, parts: np.ndarray) -> list[str]:
    """Notes on everything that looks wrong in the splits of a session.

    Args:
        parts: (P, 3) rows [start, stop, split code].
    """
    samples = splits.samples_of(parts)
    return [note for check in CHECKS for note in check(session, samples)]
