"""Checks of splits that deal whole sessions or animals."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from raylab.data.checks.splits import notes_on_classes
from raylab.data.manifest import SessionEntry
from raylab.data.splitting.dealing import CODE
from raylab.files import map_tensors


def classes_of_whole_sessions(folder: Path, entries: Sequence[SessionEntry]) -> Iterator[str]:
    """Classes that only the sessions of one split have."""
    codes = [[CODE[name] for name, count in entry["splits"].items() if count] for entry in entries]
    if any(len(own) != 1 for own in codes):
        return  # sessions are cut; each is judged alone
    classes: dict[str, dict[int, set[str]]] = {}
    for entry, (code,) in zip(entries, codes):
        for name in entry["labels"]:
            if entry["labels"][name]["kind"] == "discrete":
                own = classes.setdefault(name, {}).setdefault(code, set())
                own |= _classes(folder, entry, name)
    for name, by_split in classes.items():
        if len(by_split) > 1:
            yield from notes_on_classes(name, by_split)


def _classes(folder: Path, entry: SessionEntry, name: str) -> set[str]:
    codes = np.unique(map_tensors(folder / entry["file"])[f"label.{name}"])
    return {entry["labels"][name]["classes"][code] for code in codes[codes >= 0]}
