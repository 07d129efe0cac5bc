"""The prepared dataset: a folder that explains itself. One manifest, one memory-mappable file a session."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

import raylab
from raylab.data.session import Label, Session
from raylab.data.splits import SPLITS, counts
from raylab.errors import DataError
from raylab.files import digest, file_digest, map_tensors, read_json, write_json, write_tensors
from raylab.parsing import did_you_mean

SCHEMA = 1
MANIFEST = "manifest.json"


@dataclass(frozen=True)
class LabelSpec:
    """What a model may know of a label without reading it. `dims` is 1 for discrete labels."""

    kind: str
    unit: str
    classes: tuple[str, ...]
    dims: int


@dataclass(frozen=True)
class SessionSpec:
    id: str
    units: int
    rate_hz: float
    splits: dict[str, int]
    labels: dict[str, LabelSpec]


@dataclass(frozen=True)
class Recording:
    """One session of a prepared dataset, mapped into memory (read-only).

    Attributes:
        neural: (T, N) float32.
        parts: (P, 3) int64 rows [start, stop, split code]; see `raylab.data.splits`.
        time: (T,) float64 seconds.
    """

    id: str
    rate_hz: float
    neural: np.ndarray
    time: np.ndarray
    parts: np.ndarray
    labels: dict[str, Label]


class Dataset:
    """A prepared dataset, opened for reading.

    Args:
        path: The folder that `raylab prepare` wrote.

    Raises:
        DataError: no such folder, not a prepared dataset, or another schema version.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        if not (self.path / MANIFEST).is_file():
            raise DataError(f"{path}: not a prepared dataset (no {MANIFEST})", "Make one with `raylab prepare`.")
        self.manifest: dict[str, Any] = read_json(self.path / MANIFEST)
        found = self.manifest if isinstance(self.manifest, dict) else {}
        if found.get("schema") != SCHEMA or not found.get("sessions"):
            raise DataError(
                f"{self.path / MANIFEST}: schema {found.get('schema')}, {len(found.get('sessions', []))} sessions; "
                f"this raylab reads schema {SCHEMA}",
                "Prepare the dataset again.",
            )

    @property
    def fingerprint(self) -> str:
        """Hash of all content: equal fingerprints, equal data and splits."""
        return str(self.manifest["fingerprint"])

    @cached_property
    def sessions(self) -> dict[str, SessionSpec]:
        return {entry["id"]: _spec(entry) for entry in self.manifest["sessions"]}

    @cached_property
    def labels(self) -> dict[str, LabelSpec]:
        """The labels that every session has, in the first session's order."""
        specs = list(self.sessions.values())
        return {name: spec for name, spec in specs[0].labels.items() if all(name in s.labels for s in specs)}

    def open(self, session: str) -> Recording:
        """Map one session into memory; nothing is read until it is used."""
        entry = self._entry(session)
        arrays = map_tensors(self.path / entry["file"])
        labels = {
            name: Label(
                kind=spec["kind"], values=arrays[f"label.{name}"], unit=spec["unit"], classes=tuple(spec["classes"])
            )
            for name, spec in entry["labels"].items()
        }
        return Recording(session, entry["rate_hz"], arrays["neural"], arrays["time"], arrays["parts"], labels)

    def kept_units(self, session: str) -> np.ndarray:
        """(recorded units,) bool: which of the recording's units the dataset holds."""
        entry = self._entry(session)
        kept = np.ones(entry["recorded_units"], bool)
        kept[entry["dropped_units"]] = False
        return kept

    def verify(self) -> None:
        """Raise DataError if a session file is missing or differs from what was prepared."""
        for entry in self.manifest["sessions"]:
            file = self.path / entry["file"]
            if not file.is_file():
                raise DataError(f"{file}: no such file, but the manifest names it", "Prepare the dataset again.")
            if file_digest(file) != entry["sha256"]:
                raise DataError(f"{file}: content differs from the manifest", "Prepare the dataset again.")

    def _entry(self, session: str) -> dict[str, Any]:
        for entry in self.manifest["sessions"]:
            if entry["id"] == session:
                return entry
        raise DataError(f"{self.path}: has no session '{session}'", did_you_mean(session, self.sessions))


def write_session(folder: Path, session: Session, parts: np.ndarray, *, source: str) -> dict[str, Any]:
    """Write one session below `folder`; return its manifest entry.

    Units that are constant in the training samples cannot be z-scored or learnt from: they are dropped, and named.
    """
    training = np.concatenate([session.neural[a:b] for a, b, split in parts if split == 0])
    constant = np.ptp(training, axis=0) == 0
    if constant.all():
        raise DataError(
            f"{source}: every unit of session '{session.id}' is constant in its {len(training)} training samples",
            "Check `neural.path` and `splits` in the recipe.",
        )
    kept = ~constant
    arrays = {"neural": session.neural[:, kept], "time": session.time, "parts": parts}
    arrays |= {f"label.{name}": label.values for name, label in session.labels.items()}
    arrays |= {f"unit.{name}": column[kept] for name, column in session.units.items() if column.dtype.kind in "iufb"}
    file = f"sessions/{_safe_name(session.id)}.safetensors"
    write_tensors(folder / file, arrays)
    return {
        "id": session.id,
        "file": file,
        "sha256": file_digest(folder / file),
        "source": source,
        "animal": session.animal,
        "kind": session.kind,
        "samples": len(session.neural),
        "units": int(kept.sum()),
        "recorded_units": len(kept),
        "dropped_units": np.flatnonzero(constant).tolist(),
        "rate_hz": session.rate_hz,
        "duration_s": float(session.time[-1] - session.time[0] + 1 / session.rate_hz),
        "segments": len(session.segments),
        "splits": counts(parts),
        "labels": {name: describe(label) for name, label in session.labels.items()},
        "fitted": {"dropped_units": "training samples"},
        "notes": list(session.notes),
    }


def describe(label: Label) -> dict[str, Any]:
    """Kind, unit, classes or range, and how many samples are labelled: JSON-ready."""
    labelled = label.labelled
    dims = 1 if label.kind == "discrete" else label.values.shape[1]
    entry: dict[str, Any] = {"kind": label.kind, "unit": label.unit, "classes": list(label.classes), "dims": dims}
    entry |= {"labelled": int(labelled.sum()), "unlabelled": int((~labelled).sum())}
    if label.kind != "discrete" and labelled.any():
        values = label.values[labelled]
        entry["range"] = [values.min(axis=0).tolist(), values.max(axis=0).tolist()]
    return entry


def write_manifest(
    folder: Path,
    entries: list[dict[str, Any]],
    *,
    recipe: dict[str, Any] | None,
    splits: dict[str, Any],
    failed: list[dict[str, str]],
) -> None:
    content = [[entry["id"], entry["sha256"]] for entry in sorted(entries, key=lambda entry: entry["id"])]
    write_json(
        folder / MANIFEST,
        {
            "schema": SCHEMA,
            "raylab": raylab.__version__,
            "fingerprint": digest(content),
            "split_names": list(SPLITS),
            "splits": splits,
            "recipe": recipe,
            "sessions": entries,
            "failed": failed,
        },
    )


def _spec(entry: dict[str, Any]) -> SessionSpec:
    labels = {
        name: LabelSpec(label["kind"], label["unit"], tuple(label["classes"]), label["dims"])
        for name, label in entry["labels"].items()
    }
    return SessionSpec(entry["id"], entry["units"], entry["rate_hz"], entry["splits"], labels)


def _safe_name(session: str) -> str:
    """A session id as a file name: separators never leave the folder, and two ids never share a name."""
    safe = "".join(c if c.isalnum() or c in "-_." else "_" for c in session).lstrip(".") or "_"
    return safe if safe == session else f"{safe}-{digest(session)[:8]}"
