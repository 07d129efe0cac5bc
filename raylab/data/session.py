"""The Session: one recording in memory, whatever file it came from."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from raylab.data.labels.classes import (
    UNLABELLED as UNLABELLED,  # the code of a sample without a class
)
from raylab.data.labels.classes import coded
from raylab.errors import DataError

MOST_HZ = 1e9  # a higher rate is none of a device, and would overflow
LabelKind = Literal["continuous", "circular", "discrete"]
NeuralKind = Literal["counts", "calcium", "rate"]
FRAME = "frame"  # the unit of discrete labels whose classes are frames of a movie


@dataclass(frozen=True, kw_only=True)
class Label:
    """One labelled variable on the session's samples.

    Attributes:
        kind: `circular` values are angles in radians.
        values: (T, D) float64, NaN where unlabelled; for `discrete` (T,) int64 codes into
            `classes`, -1 where unlabelled.
        unit: Of the values, in which errors are reported (m, cm/s, rad ...). Mostly empty for
            `discrete` labels; `frame` where the classes are frames of a movie, whose scores also
            count how far off a prediction is.
        classes: The original value of each code of a discrete label, as text.
    """

    kind: LabelKind
    values: np.ndarray
    unit: str = ""
    classes: tuple[str, ...] = ()

    @property
    def labelled(self) -> np.ndarray:
        """(T,) bool: which samples have a label."""
        if self.kind == "discrete":
            return np.asarray(self.values != UNLABELLED)
        return np.asarray(np.isfinite(self.values).all(axis=1))

    @classmethod
    def discrete(cls, raw: np.ndarray) -> Label:
        """A discrete label from (T,) values of any type; `coded` says which of them are missing."""
        coding = coded(raw)
        return cls(kind="discrete", values=coding.codes, classes=coding.names)

    @classmethod
    def continuous(
        cls, raw: np.ndarray, *, unit: str = "", kind: LabelKind = "continuous"
    ) -> Label:
        """A continuous or circular label from (T,) or (T, D) numbers."""
        values = np.asarray(raw, np.float64)
        columns = int(np.prod(values.shape[1:]))  # not -1: a label may have no sample
        return cls(kind=kind, values=values.reshape(len(values), columns), unit=unit)

    def at(self, rows: np.ndarray) -> Label:
        """The label of (T,) rows of this one, unlabelled where a row is -1.

        Classes that no row has are left out. Values are only picked, so a class stays what it is.
        """
        if not len(self.values):
            rows = np.full(len(rows), -1)
            shape = (len(rows), *self.values.shape[1:])
            missing = UNLABELLED if self.kind == "discrete" else np.nan
            return replace(self, values=np.full(shape, missing, self.values.dtype), classes=())
        values = self.values[rows]
        if self.kind != "discrete":
            values[rows < 0] = np.nan
            return replace(self, values=values)
        values[rows < 0] = UNLABELLED
        shown = np.unique(values[values != UNLABELLED])
        code = np.full(len(self.classes) + 1, UNLABELLED)  # the last one is that of UNLABELLED
        code[shown] = np.arange(len(shown))
        return replace(
            self, values=code[values], classes=tuple(self.classes[each] for each in shown)
        )


@dataclass(frozen=True, kw_only=True)
class Session:
    """One recording.

    Attributes:
        id: From inside the file where it has one, else the file's stem.
        area: Where in the brain all its units lie, such as VISp; empty where it is not known or
            where they lie in several areas.
        neural: (T, N) float32, no NaN.
        time: (T,) float64, seconds, strictly increasing inside a segment.
        rate_hz: Nominal sampling rate.
        segments: (S, 2) int64 [start, stop) sample ranges that are continuous in time, sorted,
            disjoint. Gaps, trials and masks become segments; nothing is ever spliced.
        given: Splits the file itself states: name (train, valid, test) -> (K, 2) sample ranges.
        groups: Per-sample ids that splits may go by, such as `presentation` or `movie_repeat`: (T,)
            int64, -1 where a sample belongs to none. All samples of one id land in one split.
        units: Per-unit columns, each (N, ...), such as id or position.
        notes: What the reader changed or dropped, and what looks wrong, one sentence each.
    """

    id: str
    neural: np.ndarray
    kind: NeuralKind
    time: np.ndarray
    rate_hz: float
    segments: np.ndarray
    animal: str = ""
    area: str = ""
    labels: dict[str, Label] = field(default_factory=dict)
    given: dict[str, np.ndarray] | None = None
    groups: dict[str, np.ndarray] = field(default_factory=dict)
    units: dict[str, np.ndarray] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def check(self, source: str) -> Session:
        """Raise DataError naming `source` where the parts do not fit together; return self."""
        samples, units = self.neural.shape if self.neural.ndim == 2 else (0, 0)
        if samples < 2 or units < 1:
            raise DataError(
                f"{source}: session '{self.id}' has neural data of shape {self.neural.shape}; "
                "at least 2 samples x 1 unit are needed",
                "Check `neural.path` and `neural.layout` in the recipe.",
            )
        if not np.isfinite(self.neural).all():
            bad = int((~np.isfinite(self.neural)).sum())
            raise DataError(
                f"{source}: session '{self.id}' has {bad} NaN or infinite values in its neural "
                "data",
                "State a rule in the recipe: `neural.nan: drop_units`, `interpolate` or `zero`.",
            )
        for name, label in self.labels.items():
            if len(label.values) != samples:
                raise DataError(
                    f"{source}: label '{name}' has {len(label.values)} samples, neural data "
                    f"{samples}",
                    f"Check `labels.{name}.path` in the recipe.",
                )
        for name, group in self.groups.items():
            if group.shape != (samples,):
                raise DataError(
                    f"{source}: group '{name}' has shape {group.shape}, neural data {samples} "
                    "samples"
                )
        if len(self.time) != samples:
            raise DataError(
                f"{source}: time has {len(self.time)} samples, neural data {samples}",
                "Check `time.path` in the recipe.",
            )
        if not (np.isfinite(self.time).all() and 0 < self.rate_hz <= MOST_HZ):
            raise DataError(
                f"{source}: time is not finite, or {self.rate_hz:g} Hz is no sampling rate",
                "Check `time.path`, `time.unit` and `time.rate_hz` in the recipe.",
            )
        self._check_segments(source)
        return self

    def _check_segments(self, source: str) -> None:
        for start, stop in self.segments:
            if not 0 <= start < stop <= len(self.time):
                raise DataError(
                    f"{source}: segment [{start}, {stop}) lies outside the {len(self.time)} samples"
                )
            if not (np.diff(self.time[start:stop]) > 0).all():
                raise DataError(
                    f"{source}: time does not increase inside samples [{start}, {stop})",
                    "Check `time.path` and `time.unit` in the recipe.",
                )
        if (self.segments[1:, 0] < self.segments[:-1, 1]).any():
            raise DataError(f"{source}: segments overlap")


def segments_from_time(time: np.ndarray, *, longest_s: float) -> np.ndarray:
    """(S, 2) ranges without a step of more than `longest_s` seconds."""
    breaks = np.flatnonzero(np.diff(time) > longest_s) + 1
    edges = np.concatenate([[0], breaks, [len(time)]])
    return np.stack([edges[:-1], edges[1:]], axis=1).astype(np.int64)


def segments_from_mask(mask: np.ndarray) -> np.ndarray:
    """(S, 2) runs of True in a (T,) mask."""
    steps = np.diff(np.concatenate([[0], np.asarray(mask, np.int8), [0]]))
    return np.stack([np.flatnonzero(steps == 1), np.flatnonzero(steps == -1)], axis=1).astype(
        np.int64
    )
