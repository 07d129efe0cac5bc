"""A session of a dataset as trials see it: its samples with their splits, mapped into memory."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

import numpy as np

from raylab.config.view import SessionsConfig
from raylab.data.session import Label
from raylab.data.splitting.dealing import CODE


@dataclass(frozen=True)
class Recording:
    """One session of a prepared dataset, mapped into memory (read-only).

    Attributes:
        neural: (T, N) float32, every recorded unit.
        kept: (N,) bool, the units that passed the filters; None where all did.
        parts: (P, 3) int64 rows [start, stop, split code]; see `raylab.data.splitting.splits`.
        time: (T,) float64 seconds.
        groups: (T,) int64 ids by name, -1 outside, such as `presentation`.
        units: (N, ...) columns of every recorded unit, such as `position`.
    """

    id: str
    rate_hz: float
    neural: np.ndarray
    time: np.ndarray
    parts: np.ndarray
    labels: dict[str, Label]
    kept: np.ndarray | None = None
    groups: dict[str, np.ndarray] = field(default_factory=dict)
    units: dict[str, np.ndarray] = field(default_factory=dict)

    def activity(self, start: int, stop: int) -> np.ndarray:
        """(stop - start, kept units) float32 of samples [start, stop)."""
        rows: np.ndarray = self.neural[start:stop]
        return rows if self.kept is None else rows[:, self.kept]

    def for_training(self, sessions: SessionsConfig) -> Recording:
        """The recording as a trial with this section splits it: `train_on` names the splits whose
        samples are training samples, and `training_fraction` is the first share of those.

        Parts are never joined, so that no window and no filter crosses a border between two parts.
        The other training samples then lie in no split, as samples in gaps do.
        """
        if sessions.validates and sessions.training_fraction == 1:
            return self
        training = [CODE[name] for name in sessions.training_splits]
        codes = np.where(np.isin(self.parts[:, 2], training), CODE["train"], self.parts[:, 2])
        every = np.column_stack([self.parts[:, :2], codes])
        left = training_samples(
            sum(int(stop - start) for start, stop, code in every if code == 0),
            sessions.training_fraction,
        )
        parts = []
        for start, stop, code in every.tolist():
            if code == 0:
                stop = min(stop, start + left)
                left -= stop - start
            if start < stop:
                parts.append((start, stop, code))
        return replace(self, parts=np.array(parts, self.parts.dtype).reshape(-1, 3))


def training_samples(samples: int, fraction: float) -> int:
    """How many of a session's training samples a `sessions.training_fraction` keeps.

    At least one, if there are any.
    """
    return min(samples, math.ceil(round(samples * fraction, 6)))  # 0.1 * 30 is a little more than 3
