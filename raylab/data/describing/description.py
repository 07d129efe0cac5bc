"""What a prepared dataset, or raw recordings, hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from raylab.data.manifest import Manifest
from raylab.data.session import NeuralKind
from raylab.results import Result


@dataclass(frozen=True, kw_only=True)
class DescribedLabel(Result):
    """A label of a session.

    Attributes:
        kind: `continuous`, `circular` or `discrete`.
        unit: Of the values, such as cm/s.
        classes: Of a discrete label, by code.
        dims: Columns of the values; 1 for discrete labels.
        labelled: Number of samples that have a value.
        unlabelled: Number of samples that have none.
        range: Smallest and largest value of each column; None for discrete labels.
    """

    kind: str
    unit: str
    classes: tuple[str, ...]
    dims: int
    labelled: int
    unlabelled: int
    range: tuple[tuple[float, ...], tuple[float, ...]] | None = None


@dataclass(frozen=True, kw_only=True)
class DescribedSession(Result):
    """A session of a dataset, or of a raw recording.

    Attributes:
        source: Name of the file that it was read from.
        kind: Of the activity: `counts`, `calcium` or `rate`.
        samples: Number of samples.
        units: Number of units that the dataset keeps; of a raw recording, of all units.
        recorded_units: Number of all units.
        rate_hz: Sampling rate.
        duration_s: From the first sample to the end of the last one.
        segments: Number of ranges that are continuous in time.
        groups: Number of ids of each group, such as presentations.
        splits: Number of samples per split; of a raw recording, those that `prepare` would make.
        notes: What the reader changed or dropped, and what looks wrong, one sentence each.
        sha256: Of the session's file in the dataset, or of the raw recording.
        record: All that is recorded of it, as `to_dict()` gives it.
    """

    id: str
    source: str
    animal: str
    area: str
    kind: NeuralKind
    samples: int
    units: int
    recorded_units: int
    rate_hz: float
    duration_s: float
    segments: int
    groups: Mapping[str, int]
    labels: Mapping[str, DescribedLabel]
    splits: Mapping[str, int]
    notes: tuple[str, ...]
    sha256: str
    record: Mapping[str, object]

    def to_dict(self) -> dict[str, Any]:
        return dict(self.record)


@dataclass(frozen=True, kw_only=True)
class Totals(Result):
    """Sums over sessions.

    Attributes:
        animals: Number of different animals that are named.
        splits: Number of samples per split.
    """

    sessions: int
    animals: int
    samples: int
    units: int
    hours: float
    splits: Mapping[str, int]


@dataclass(frozen=True, kw_only=True)
class Description(Result):
    """What a prepared dataset, or raw recordings, hold.

    Attributes:
        sessions: Each session.
        totals: Sums over the sessions.
        manifest: The manifest of a dataset; None for raw recordings.
    """

    sessions: tuple[DescribedSession, ...]
    totals: Totals
    manifest: Manifest | None = None

    def to_dict(self) -> dict[str, Any]:
        """The manifest of a dataset, if there is one, with `sessions` and `totals`."""
        sessions = [session.to_dict() for session in self.sessions]
        manifest: dict[str, Any] = dict(self.manifest) if self.manifest is not None else {}
        return {**manifest, "sessions": sessions, "totals": self.totals.to_dict()}
