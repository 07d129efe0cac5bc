"""The checks of all sessions of a dataset together. A new check is a function and its line in
`CHECKS`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from raylab.data.checks.copies import same_activity
from raylab.data.checks.dealt import classes_of_whole_sessions
from raylab.data.manifest import SessionEntry

# A check gets the dataset's folder and the entries of its sessions. It yields notes, and raises a
# DataError for what cannot be right.
Check = Callable[[Path, Sequence[SessionEntry]], Iterator[str]]
CHECKS: tuple[Check, ...] = (same_activity, classes_of_whole_sessions)


def dataset_notes(folder: Path, entries: Sequence[SessionEntry]) -> list[str]:
    """Notes on what only all sessions together show.

    Raises:
        DataError: Something cannot be right.
    """
    return [note for check in CHECKS for note in check(folder, entries)]
