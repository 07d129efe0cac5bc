"""The notes on a dataset: what was changed, left out or looks wrong, from all its sessions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from raylab.results import Result

SHOWN = 3  # sessions that are named
NUMBERS = 20  # of a list of units that are shown
# What may differ between sentences that say the same: numbers and names, but not those of labels.
_VARYING = re.compile(r"[Ll]abel '[^']*'|'[^']*'|\d[\d.,]*")


@dataclass(frozen=True)
class Note(Result):
    """A sentence on some sessions of a dataset.

    Attributes:
        sessions: The ids; none for a sentence on the whole dataset.
        alike: Whether the other sessions have notes that differ in numbers or names only.
    """

    text: str
    sessions: tuple[str, ...] = ()
    alike: bool = False

    @property
    def line(self) -> str:
        """The sentence after the sessions that it holds for."""
        if not self.sessions:
            return self.text
        count = len(self.sessions)
        if self.alike:
            return f"{count} sessions, such as {self.sessions[0]}: {self.text}"
        if count <= SHOWN:
            return f"{', '.join(self.sessions)}: {self.text}"
        named = ", ".join(self.sessions[:SHOWN])
        return f"{count} sessions ({named} ...): {self.text}"


def notes_of(
    sessions: Iterable[Mapping[str, Any]], dataset: Sequence[str] = ()
) -> tuple[Note, ...]:
    """The notes on sessions, each sentence once.

    Sentences of more than three sessions that differ in numbers or names alone count as one.

    Args:
        sessions: Entries of a manifest, or the like of raw recordings.
        dataset: Notes on the whole dataset.
    """
    kinds: dict[str, dict[str, list[str]]] = {}
    for entry in sessions:
        for text in session_notes(entry):
            texts = kinds.setdefault(_VARYING.sub(_kept, text), {})
            texts.setdefault(text, []).append(str(entry["id"]))
    notes = [Note(text) for text in dataset]
    for texts in kinds.values():
        together = tuple(dict.fromkeys(name for names in texts.values() for name in names))
        if len(texts) > 1 and len(together) > SHOWN:
            notes.append(Note(next(iter(texts)), together, alike=True))
        else:
            notes += [Note(text, tuple(names)) for text, names in texts.items()]
    return tuple(notes)


def session_notes(entry: Mapping[str, Any]) -> list[str]:
    """What an entry says of a session: units that were left out, then the notes."""
    removed = [
        f"{_units(len(units))} dropped, {name} in training samples: {_shortly(units)}"
        for name, units in entry.get("removed", {}).items()
    ]
    return [*removed, *entry.get("notes", []), *entry.get("split_notes", [])]


def _kept(match: re.Match[str]) -> str:
    return match[0] if match[0].startswith(("Label", "label")) else "#"


def _units(count: int) -> str:
    return f"{count} unit{'s' * (count != 1)}"


def _shortly(numbers: Sequence[int]) -> str:
    more = f" and {len(numbers) - NUMBERS} more" if len(numbers) > NUMBERS else ""
    return ", ".join(map(str, numbers[:NUMBERS])) + more
