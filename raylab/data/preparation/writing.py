"""What `prepare` writes: per session one file with the recording and a small one with its split.

The two are apart so that another split of the same recordings (a fold) costs no second copy of the
activity. The manifest describes them all.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from raylab.config.splits import FiltersConfig
from raylab.data.checks.dataset_table import dataset_notes
from raylab.data.checks.split_table import split_notes
from raylab.data.manifest import (
    MANIFEST,
    SCHEMA,
    FailureEntry,
    JoinedEntry,
    LabelEntry,
    LeftOutEntry,
    Manifest,
    RecordingEntry,
    Section,
    SessionEntry,
    SplitEntry,
    StoredEntry,
)
from raylab.data.manifests.fingerprint import VERSION, fingerprint_of
from raylab.data.preparation.filters import judge_units
from raylab.data.session import Label, Session
from raylab.data.splitting.splits import SPLITS, counts
from raylab.files import file_digest, write_json, write_tensors
from raylab.version import __version__


def store_session(folder: Path, session: Session, *, name: str, source: str) -> StoredEntry:
    """Write one session below `folder`; return its part of the manifest."""
    arrays = {"neural": session.neural, "time": session.time, "segments": session.segments}
    arrays |= {f"label.{key}": label.values for key, label in session.labels.items()}
    arrays |= {f"group.{key}": group for key, group in session.groups.items()}
    arrays |= {f"given.{key}": ranges for key, ranges in (session.given or {}).items()}
    arrays |= {
        f"unit.{key}": column
        for key, column in session.units.items()
        if column.dtype.kind in "iufb"
    }
    file = f"sessions/{name}.safetensors"
    write_tensors(folder / file, arrays)
    return {
        **describe_session(session, source=source),
        "file": file,
        "sha256": file_digest(folder / file),
    }


def describe_session(session: Session, *, source: str) -> RecordingEntry:
    """What a session holds, whatever its splits."""
    return {
        "id": session.id,
        "source": source,
        "animal": session.animal,
        "area": session.area,
        "kind": session.kind,
        "samples": len(session.neural),
        "recorded_units": session.neural.shape[1],
        "rate_hz": session.rate_hz,
        "duration_s": float(session.time[-1] - session.time[0] + 1 / session.rate_hz),
        "segments": len(session.segments),
        "groups": {key: len(np.unique(group[group >= 0])) for key, group in session.groups.items()},
        "longest": {
            "segment": int(np.diff(session.segments).max()),
            **{key: _longest_run(group) for key, group in session.groups.items()},
        },
        "labels": {key: describe(label) for key, label in session.labels.items()},
        "notes": list(session.notes),
    }


def _longest_run(group: np.ndarray) -> int:
    """The most consecutive samples of one id; 0 where there is none."""
    cuts = np.flatnonzero(np.diff(group)) + 1
    runs = np.diff(np.concatenate([[0], cuts, [len(group)]]))
    return int(np.where(group[np.append(0, cuts)] >= 0, runs, 0).max())


def store_split(
    folder: Path,
    session: Session,
    parts: np.ndarray,
    filters: FiltersConfig,
    *,
    name: str,
    source: str,
) -> SplitEntry:
    """Write a session's parts and the units it keeps; return its part of the manifest.

    Raises:
        DataError: No unit is left.
    """
    kept, removed = judge_units(session, parts, filters, source=source)
    file = f"splits/{name}.safetensors"
    write_tensors(folder / file, {"parts": parts, "kept": kept})
    return {
        "units": int(kept.sum()),
        "dropped_units": np.flatnonzero(~kept).tolist(),
        "removed": removed,
        "fitted": {"dropped_units": "training samples"},
        "splits": counts(parts),
        "split_notes": split_notes(session, parts),
        "split_file": file,
        "split_sha256": file_digest(folder / file),
    }


def describe(label: Label) -> LabelEntry:
    """Kind, unit, classes or range of a label, and how many samples are labelled."""
    labelled = label.labelled
    dims = 1 if label.kind == "discrete" else label.values.shape[1]
    entry: LabelEntry = {
        "kind": label.kind,
        "unit": label.unit,
        "classes": list(label.classes),
        "dims": dims,
        "labelled": int(labelled.sum()),
        "unlabelled": int((~labelled).sum()),
    }
    if label.kind != "discrete" and labelled.any():
        values = label.values[labelled]
        entry["range"] = [values.min(axis=0).tolist(), values.max(axis=0).tolist()]
    return entry


def write_manifest(
    folder: Path,
    entries: Sequence[SessionEntry],
    *,
    recipe: Section | None,
    splits: Section,
    filters: FiltersConfig | None = None,
    failed: Sequence[FailureEntry] = (),
    left_out: Sequence[LeftOutEntry] = (),
    joined: Sequence[JoinedEntry] = (),
) -> None:
    """Write the file that makes a folder a dataset, with the entries in the order of their ids.

    Raises:
        DataError: Two sessions have the same activity, and one trains on what the other tests.
    """
    entries = sorted(entries, key=lambda entry: entry["id"])
    manifest: Manifest = {
        "schema": SCHEMA,
        "raylab": __version__,
        "fingerprint": fingerprint_of(entries),
        "fingerprint_version": VERSION,
        "split_names": list(SPLITS),
        "splits": splits,
        "filters": (filters or FiltersConfig()).model_dump(mode="json", exclude_none=True),
        "recipe": recipe,
        "sessions": entries,
        "notes": dataset_notes(folder, entries),
        "failed": list(failed),
        "left_out": list(left_out),
    }
    if joined:
        manifest["joined"] = list(joined)
    write_json(folder / MANIFEST, manifest)
