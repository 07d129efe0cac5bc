"""Descriptions of sessions, of their entries in a manifest."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from raylab.data.describing.description import (
    DescribedLabel,
    DescribedSession,
    Description,
    Totals,
)
from raylab.data.manifest import LabelEntry, Manifest
from raylab.data.splitting.splits import SPLITS


def description_of(
    entries: Iterable[Mapping[str, Any]], manifest: Manifest | None = None
) -> Description:
    """The sessions of a manifest, or of raw recordings, and their sums."""
    sessions = tuple(_described(entry) for entry in entries)
    return Description(sessions=sessions, totals=_totals(sessions), manifest=manifest)


def _described(entry: Mapping[str, Any]) -> DescribedSession:
    return DescribedSession(
        id=entry["id"],
        source=entry["source"],
        animal=entry["animal"],
        area=entry.get("area", ""),
        kind=entry["kind"],
        samples=entry["samples"],
        units=entry["units"],
        recorded_units=entry["recorded_units"],
        rate_hz=entry["rate_hz"],
        duration_s=entry["duration_s"],
        segments=entry.get("segments", 0),  # as all that no check of manifests demands
        groups=entry.get("groups", {}),
        labels={name: _described_label(label) for name, label in entry["labels"].items()},
        splits=entry["splits"],
        notes=(*entry["notes"], *entry.get("split_notes", ())),
        sha256=entry["sha256"],
        record=entry,
    )


def _described_label(label: LabelEntry) -> DescribedLabel:
    low, high = label.get("range", ((), ()))
    return DescribedLabel(
        kind=label["kind"],
        unit=label["unit"],
        classes=tuple(label["classes"]),
        dims=label["dims"],
        labelled=label.get("labelled", 0),
        unlabelled=label.get("unlabelled", 0),
        range=(tuple(low), tuple(high)) if "range" in label else None,
    )


def _totals(sessions: Sequence[DescribedSession]) -> Totals:
    return Totals(
        sessions=len(sessions),
        animals=len({session.animal for session in sessions if session.animal}),
        samples=sum(session.samples for session in sessions),
        units=sum(session.units for session in sessions),
        hours=round(sum(session.duration_s for session in sessions) / 3600, 3),
        splits={name: sum(session.splits.get(name, 0) for session in sessions) for name in SPLITS},
    )
