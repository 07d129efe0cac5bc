"""What `study.json` says of a study."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Identity:
    """What `study.json` says of a study, as text.

    Attributes:
        name, id, kind: Of the study; the kind is search or train.
        label: The label that the objective decodes; empty without one.
        family: The kind of model.
        created: Unix seconds.
        data: The name of the dataset's folder, or of what a study made its dataset from.
        fingerprint: Of the dataset.
        notes: On the dataset, as `prepare` printed them.
        code: The commit of the code, or that it is not under git.
        packages: The versions of packages, by name.
    """

    name: str
    id: str
    kind: str
    label: str | None
    family: str
    created: float
    data: str
    fingerprint: str
    code: str
    packages: Mapping[str, str]
    notes: tuple[str, ...] = ()

    @classmethod
    def read(cls, description: Mapping[str, Any]) -> Identity:
        """Read it from the content of `study.json`, of which any field may be missing."""
        data, git = description.get("data") or {}, description.get("git") or {}
        changes = " with uncommitted changes" if git.get("dirty") else ""
        return cls(
            name=str(description["name"]),
            id=str(description.get("id")),
            kind=str(description.get("kind", "")),
            label=description.get("label"),
            family=str((description.get("task") or {}).get("kind", "")),
            created=float(description.get("created", 0)),
            data=str(data.get("name") or Path(str(data.get("path", "?"))).name),
            fingerprint=str(data.get("fingerprint", "?")),
            code=f"{git.get('commit')}{changes}" if git else "not under git",
            packages=description.get("packages") or {},
            notes=tuple(map(str, data.get("notes") or ())),
        )
