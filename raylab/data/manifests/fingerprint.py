"""The fingerprint of a dataset: equal fingerprints, equal data and splits.

Studies of datasets with different fingerprints are not compared. The formula has a version, which
the manifest records, so that a dataset keeps the fingerprint that it was prepared with.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal

from raylab.data.manifest import LabelEntry, SessionEntry
from raylab.files import digest

Version = Literal[1, 2]
VERSION: Version = 2  # of the datasets that this raylab prepares
FIRST: Version = 1  # of datasets whose manifest states no version


def fingerprint_of(entries: Iterable[SessionEntry], version: Version = VERSION) -> str:
    """The fingerprint of sessions, in any order.

    Version 1 covers the arrays of every session and of its split. Version 2 also covers what the
    arrays mean: the kind of activity, the sampling rate, and the kind, unit and classes of every
    label.
    """
    ordered = sorted(entries, key=lambda entry: entry["id"])
    files = [[entry["id"], entry["sha256"], entry["split_sha256"]] for entry in ordered]
    if version == FIRST:
        return digest(files)
    return digest([version, files, [_meaning(entry) for entry in ordered]])


def stated_version(manifest: Mapping[str, Any]) -> Version:
    """The version of a manifest's fingerprint."""
    version: Version = manifest.get("fingerprint_version", FIRST)
    return version


def _meaning(entry: SessionEntry) -> dict[str, Any]:
    return {
        "kind": entry["kind"],
        "rate_hz": entry["rate_hz"],
        "labels": {name: _label(label) for name, label in entry["labels"].items()},
    }


def _label(label: LabelEntry) -> list[Any]:
    return [label["kind"], label["unit"], label["classes"]]
