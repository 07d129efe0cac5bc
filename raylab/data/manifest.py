"""The manifest of a prepared dataset: what its JSON file holds."""

from __future__ import annotations

from typing import Any, NotRequired, TypedDict

from raylab.data.session import LabelKind, NeuralKind

# A section of a recipe as JSON: what it holds depends on its `kind` or `format`.
Section = dict[str, Any]

SCHEMA = 2
MANIFEST = "manifest.json"


class LabelEntry(TypedDict):
    """A label of a session.

    Attributes:
        dims: Columns of its values; 1 for discrete labels.
        labelled: Samples with a value.
        unlabelled: Samples without one.
        range: Smallest and largest value of each column; not of discrete labels.
    """

    kind: LabelKind
    unit: str
    classes: list[str]
    dims: int
    labelled: int
    unlabelled: int
    range: NotRequired[list[list[float]]]


class RecordingEntry(TypedDict):
    """A session as it was read, whatever its splits.

    Attributes:
        source: Name of the file that it was read from.
        segments: Number of ranges that are continuous in time.
        groups: Number of ids of each group, such as presentations. Older datasets lack it.
        longest: Samples of the longest segment and of the longest run of each group. Older datasets
            lack it.
        notes: What the reader changed or dropped, and what looks wrong, one sentence each.
    """

    id: str
    source: str
    animal: str
    area: NotRequired[str]
    kind: NeuralKind
    samples: int
    recorded_units: int
    rate_hz: float
    duration_s: float
    segments: int
    groups: NotRequired[dict[str, int]]
    longest: NotRequired[dict[str, int]]
    labels: dict[str, LabelEntry]
    notes: list[str]


class StoredEntry(RecordingEntry):
    """A session whose file is written.

    Attributes:
        file: Its path in the dataset's folder.
        sha256: Of that file.
    """

    file: str
    sha256: str


class SplitEntry(TypedDict):
    """The split of a session, and the units that it keeps.

    Attributes:
        units: Number of kept units.
        dropped_units: Rows of the units that were removed.
        removed: The same by the filter that removed them.
        fitted: What was computed from which samples.
        splits: Samples per split.
        split_notes: What looks wrong in the splits, one sentence each. Older datasets lack it.
        split_file: Path of the split's file in the dataset's folder.
        split_sha256: Of that file.
    """

    units: int
    dropped_units: list[int]
    removed: NotRequired[dict[str, list[int]]]
    fitted: NotRequired[dict[str, str]]
    splits: dict[str, int]
    split_notes: NotRequired[list[str]]
    split_file: str
    split_sha256: str


class SessionEntry(StoredEntry, SplitEntry):
    """A session of a dataset."""


class FailureEntry(TypedDict):
    """A source that could not be read: its file name, the error and its remedy."""

    source: str
    error: str
    remedy: str


class LeftOutEntry(TypedDict):
    """A session that the filters left out, and the reason."""

    id: str
    reason: str


class JoinedEntry(TypedDict):
    """One of the datasets that a dataset was joined from, and the ids of its sessions."""

    fingerprint: str
    recipe: Section | None
    splits: Section
    filters: Section
    sessions: list[str]


class Manifest(TypedDict):
    """A prepared dataset.

    Attributes:
        schema: Version of the format; this raylab reads `SCHEMA`.
        raylab: The version that wrote it.
        fingerprint: Hash of all content: equal fingerprints, equal data and splits.
        fingerprint_version: Of the formula of the hash, see `fingerprint.py`. Older datasets lack
            it; theirs is 1.
        splits: The section of the recipe, as it was used.
        filters: The section of the recipe, as it was used.
        recipe: The recipe; None where the files needed none, or where joined datasets differ.
        notes: On the dataset as a whole, one sentence each. Older datasets lack it.
        failed: Sources that could not be read.
        left_out: Sessions that the filters left out.
        joined: The datasets that it was joined from, if it was.
    """

    schema: int
    raylab: str
    fingerprint: str
    fingerprint_version: NotRequired[int]
    split_names: list[str]
    splits: Section
    filters: Section
    recipe: Section | None
    sessions: list[SessionEntry]
    notes: NotRequired[list[str]]
    failed: NotRequired[list[FailureEntry]]
    left_out: NotRequired[list[LeftOutEntry]]
    joined: NotRequired[list[JoinedEntry]]
