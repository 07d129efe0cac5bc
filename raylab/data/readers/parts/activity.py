"""Sampled activity on its clock, before it becomes a Session."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from raylab.data.readers.parts.arrays import of_trials
from raylab.data.readers.parts.trials import Trials


@dataclass(frozen=True, kw_only=True)
class Activity:
    """Sampled activity on its clock.

    Attributes:
        neural: (T, N) float32, NaN allowed.
        time: (T,) seconds.
        rate_hz: Nominal sampling rate.
        segments: (S, 2) sample ranges that are continuous in time.
        rows: (T,) the row of a per-trial label that holds for each sample; None where labels are
            per sample.
        trials: Where the activity is sampled in trials.
        stored_trials: How many trials the file has; 0 where only the trials with spikes are known.
        stored: (T,) the places of the samples in the file, where not all of the file's are taken.
        stored_samples: How many samples the file has.
        stamped: (T,) the places of the samples among the time stamps, where they have stamps.
        stored_stamps: How many time stamps the file has.
        origin_s: Seconds of `time` at which the session starts, where time counts from 1970.
        is_nominal: The time between trials is not known.
        unit_rows: (N,) the rows of the units in the file, where not all of the file's are taken or
            some have no spike.
        all_units: How many units the file has.
        unit_columns: (N, ...) by name, such as `id`.
        notes: What was changed or dropped, one sentence each.
    """

    neural: np.ndarray
    time: np.ndarray
    rate_hz: float
    segments: np.ndarray
    rows: np.ndarray | None = None
    trials: Trials | None = None
    stored_trials: int = 0
    stored: np.ndarray | None = None
    stored_samples: int = 0
    stamped: np.ndarray | None = None
    stored_stamps: int = 0
    origin_s: float = 0.0
    is_nominal: bool = False
    unit_rows: np.ndarray | None = None
    all_units: int = 0
    unit_columns: dict[str, np.ndarray] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def of_samples(self, raw: np.ndarray, key: str) -> np.ndarray:
        """(T, ...) values of a label or group from the rows that the file has.

        They are per sample, per time stamp, or per trial.

        Their number is checked by the caller.
        """
        is_per_sample = len(raw) == self.stored_samples
        if self.rows is not None and not (self.trials is not None and is_per_sample):
            return of_trials(raw, self.rows, self.stored_trials, key)
        if self.stored is not None and is_per_sample:
            return np.asarray(raw[self.stored])
        if self.stamped is not None and len(raw) == self.stored_stamps:
            return np.asarray(raw[self.stamped])
        return raw

    def flat(self, raw: np.ndarray, *, is_transposed: bool = False) -> np.ndarray:
        """The rows of a label: a tensor (trials, samples, ...) becomes (trials x samples, ...)."""
        if self.trials is None:
            return raw
        return self.trials.per_sample(raw, is_transposed=is_transposed)

    def of_units(self, column: np.ndarray) -> np.ndarray:
        """(N, ...) the rows of a column that belong to the units of the session.

        Their number is checked by the caller.
        """
        if self.unit_rows is not None and len(column) == self.all_units:
            return np.asarray(column[self.unit_rows])
        return column
