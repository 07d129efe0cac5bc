"""A session as plain files, to be handed from one process to another."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from raylab.data.session import Label, Session

FACTS, ERROR = "session.json", "error.json"
GROUPS = ("given", "groups", "units")


def packed(session: Session, folder: Path) -> None:
    """Write `session` into `folder`: one JSON file, one npy file an array."""
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
    found = {
        "facts": facts,
        "labels": labels,
        "given": session.given is not None,
        "arrays": list(arrays),
    }
    (folder / FACTS).write_text(json.dumps(found))


def unpacked(folder: Path) -> Session:
    """The session that `packed` left, its arrays mapped: the folder may be removed afterwards."""
    found = json.loads((folder / FACTS).read_text())
    arrays = {
        name: _mapped(folder / f"{number}.npy") for number, name in enumerate(found["arrays"])
    }
    inside = {group: _below(arrays, f"{group}/") for group in GROUPS}
    labels = {
        name: Label(
            kind=one["kind"],
            unit=one["unit"],
            classes=tuple(one["classes"]),
            values=arrays[f"labels/{name}"],
        )
        for name, one in found["labels"].items()
    }
    facts: dict[str, Any] = {**found["facts"], "notes": tuple(found["facts"]["notes"])}
    return Session(
        **facts,
        neural=arrays["neural"],
        time=arrays["time"],
        segments=arrays["segments"],
        labels=labels,
        given=inside["given"] if found["given"] else None,
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
