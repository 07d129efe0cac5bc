"""What the manifest of a dataset says of its sessions and labels; no data is read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from raylab.config.view import SessionsConfig
from raylab.data.manifest import SessionEntry


@dataclass(frozen=True)
class LabelSpec:
    """What the manifest says about a label; `dims` is its number of columns, 1 if discrete."""

    kind: str
    unit: str
    classes: tuple[str, ...]
    dims: int

    @property
    def meaning(self) -> tuple[str, str, int]:
        """What two sessions must have in common for one score or one model of their labels. Classes
        may differ: they are matched by name.
        """
        return self.kind, self.unit, self.dims

    def __str__(self) -> str:
        unit = f" in {self.unit}" if self.unit else ""
        return f"{self.kind}{unit}, {self.dims} wide"


@dataclass(frozen=True)
class SessionSpec:
    """What the manifest says about a session.

    Attributes:
        units: Number of units that the dataset keeps.
        rate_hz: Sampling rate of the recording.
        splits: Number of samples per split.
        longest: Number of samples of the longest segment, and of the longest of each kind of group,
            such as `presentation`.
    """

    id: str
    units: int
    rate_hz: float
    splits: dict[str, int]
    labels: dict[str, LabelSpec]
    longest: dict[str, int] = field(default_factory=dict)

    def for_training(self, sessions: SessionsConfig) -> SessionSpec:
        """The session with the samples counted as `Recording.for_training` splits them, except that
        a share of the training samples counts as all of them.
        """
        taken = sessions.training_splits
        counts = {name: 0 if name in taken else count for name, count in self.splits.items()}
        counts["train"] = sum(self.splits[name] for name in taken)
        return replace(self, splits=counts)


def used_sessions(
    specs: Mapping[str, SessionSpec], sessions: SessionsConfig
) -> dict[str, SessionSpec]:
    """The sessions that a trial uses, with samples counted as it splits them."""
    return {name: spec.for_training(sessions) for name, spec in sessions.used(specs).items()}


def session_spec(entry: SessionEntry) -> SessionSpec:
    """What an entry of a manifest says."""
    labels = {
        name: LabelSpec(label["kind"], label["unit"], tuple(label["classes"]), label["dims"])
        for name, label in entry["labels"].items()
    }
    return SessionSpec(
        entry["id"],
        entry["units"],
        entry["rate_hz"],
        entry["splits"],
        labels,
        entry.get("longest", {}),
    )
