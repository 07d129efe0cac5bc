"""A session as plain files, to be handed from one process to another."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NotRequired, TypedDict

import numpy as np

from raylab.data.readers.source import SourceRecord
from raylab.data.session import Label, Session

FACTS, ERROR = "session.json", "error.json"


class DumpedSections(TypedDict):
    """Splits and filters as JSON."""

    splits: dict[str, Any] | None
    filters: dict[str, Any]


class Job(TypedDict):
    """What the reading process is asked to do.

    Attributes:
        do: `read` a session, `prepare` it, `probe` the kind of a file, or `look` into a file that
            nobody described.
        sections: To prepare a session: its splits and filters.
        target: To prepare a session: the folder of the dataset.
    """

    do: str
    source: SourceRecord
    recipe: dict[str, Any] | None
    sections: NotRequired[DumpedSections]
    target: NotRequired[str]


class SourceTask(TypedDict):
    """A source to prepare, as JSON for another process.

    Attributes:
        sections: Its splits and filters.
        target: The folder of the dataset.
    """

    source: SourceRecord
    recipe: dict[str, Any] | None
    sections: DumpedSections
    target: str


class SentJob(Job):
    """A job on its way.

    Attributes:
        folder: Where the answer goes.
        working_folder: Where relative paths begin; the server may have started elsewhere.
        environment: The variables of the process that asks, because the server may have started
            when they were others.
        cpu_s: Seconds of processor time after which the system ends the reader. None for a reader
            without limits.
    """

    folder: str
    working_folder: str
    environment: dict[str, str]
    cpu_s: int | None


GROUPS = ("given", "groups", "units")


def packed(session: Session, folder: Path) -> None:
    """Write `session` into `folder`: one JSON file, and one npy file per array."""
    arrays = {name: getattr(session, name) for name in ("neural", "time", "segments")}
    arrays |= {f"labels/{name}": label.values for name, label in session.labels.items()}
    for group in GROUPS:
        arrays |= {
            f"{group}/{name}": array for name, array in (getattr(session, group) or {}).items()
        }
    for number, array in enumerate(arrays.values()):
        np.save(folder / f"{number}.npy", array, allow_pickle=False)
    facts = {
        name: getattr(session, name)
        for name in ("id", "animal", "area", "kind", "rate_hz", "notes")
    }
    labels = {
        name: {"kind": label.kind, "unit": label.unit, "classes": label.classes}
        for name, label in session.labels.items()
    }
    content = {
        "facts": facts,
        "labels": labels,
        "given": session.given is not None,
        "arrays": list(arrays),
    }
    (folder / FACTS).write_text(json.dumps(content))


def unpacked(folder: Path) -> Session:
    """The session that `packed` wrote, its arrays mapped; the folder may be removed afterwards."""
    content = json.loads((folder / FACTS).read_text())
    arrays = {
        name: _mapped(folder / f"{number}.npy") for number, name in enumerate(content["arrays"])
    }
    inside = {group: _below(arrays, f"{group}/") for group in GROUPS}
    labels = {
        name: Label(
            kind=label["kind"],
            unit=label["unit"],
            classes=tuple(label["classes"]),
            values=arrays[f"labels/{name}"],
        )
        for name, label in content["labels"].items()
    }
    facts: dict[str, Any] = {**content["facts"], "notes": tuple(content["facts"]["notes"])}
    return Session(
        **facts,
        neural=arrays["neural"],
        time=arrays["time"],
        segments=arrays["segments"],
        labels=labels,
        given=inside["given"] if content["given"] else None,
        groups=inside["groups"],
        units=inside["units"],
    )


def _mapped(path: Path) -> np.ndarray:
    """Written-to pages become the process's own; an empty file cannot be mapped."""
    try:
        return np.load(path, mmap_mode="c", allow_pickle=False).view(np.ndarray)
    except ValueError:
        return np.load(path, allow_pickle=False)


def _below(arrays: dict[str, np.ndarray], prefix: str) -> dict[str, np.ndarray]:
    return {
        name.removeprefix(prefix): array
        for name, array in arrays.items()
        if name.startswith(prefix)
    }
