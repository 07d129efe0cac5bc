"""Examples of decoding: samples with their windows, whole presentations, or trials."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from raylab.config.view import ViewConfig
from raylab.data.datasets.specs import SessionSpec
from raylab.data.session import UNLABELLED, Label
from raylab.data.splitting.splits import CODE
from raylab.data.views.grid import Grid, row_width
from raylab.data.views.view import Timeline
from raylab.errors import TrainingError

SAMPLE, SEGMENT, PRESENTATION = "sample", "segment", "presentation"
LONGEST = 4096  # rows of an example


@dataclass(frozen=True)
class Examples:
    """Examples of one session, in order of time.

    Attributes:
        rows: (n, L) int64 rows of the view, in order of time and all of one continuous part; where
            an example has fewer, its last row repeats (and, of a window, its first).
        splits: (n,) codes.
        label: Of n: of a sample its own; of a group the class most of its labelled samples have
            (the first of equally many), or their mean (on the circle for angles).
        belongs: (n,) ids of what stays together where scores are resampled: each group by itself,
            samples of one presentation; -1 where only time says so.
        samples: (n,) positions in the recording; of a group, of its first sample.
    """

    rows: np.ndarray
    splits: np.ndarray
    label: Label
    belongs: np.ndarray
    samples: np.ndarray | None = None

    def pick(self, at: np.ndarray) -> Examples:
        label = replace(self.label, values=self.label.values[at])
        samples = None if self.samples is None else self.samples[at]
        return Examples(self.rows[at], self.splits[at], label, self.belongs[at], samples)

    def labelled(self, splits: Sequence[str], limit: int | None = None) -> Examples:
        """The examples of some splits that have a label.

        Args:
            limit: The most examples per split. They are evenly spaced before unlabelled ones are
                left out, so that every view gives the same.
        """
        at = self.positions(splits, limit)
        return self.pick(at[self.label.labelled[at]])

    def positions(self, splits: Sequence[str], limit: int | None = None) -> np.ndarray:
        return evenly_spaced(self.splits, splits, limit)


def evenly_spaced(codes: np.ndarray, splits: Sequence[str], limit: int | None) -> np.ndarray:
    """Positions of the (n,) split codes that are of `splits`.

    At most `limit` per split, evenly spaced, so that they are the same for every view.
    """
    chosen = []
    for split in splits:
        held = np.flatnonzero(codes == CODE[split])
        if limit is not None and len(held) > limit:
            held = held[np.linspace(0, len(held) - 1, limit).round().astype(np.int64)]
        chosen.append(held)
    return np.concatenate(chosen)


def gather(features: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """(n, L * D) features of (n, L) examples, side by side, from (rows of the view, D) features."""
    if rows.shape[1] == 1:
        return np.asarray(features[rows[:, 0]])
    return np.asarray(features[rows].reshape(len(rows), -1))


def examples_of(
    timeline: Timeline, label: str, *, per: str = SAMPLE, window: tuple[int, int] = (0, 1)
) -> Examples:
    """Every example of a session.

    Args:
        per: `sample`: the reference samples; `segment`: continuous parts, as trials are; else a
            group of the session, as `presentation`.
        window: Rows [-left, right) around the row of a sample. Groups are shown whole, so it does
            not matter for them.

    Raises:
        TrainingError: The session has no such group, or a group lies in two splits.
    """
    if per == SAMPLE:
        return _samples(timeline, timeline.reference[label], *window)
    return _groups(timeline, timeline.reference[label], per)


def longest_rows(spec: SessionSpec, view: ViewConfig, per: str) -> int:
    """The most rows that a group of a session has."""
    width = row_width(view, spec.rate_hz)
    # The bins of a view need not begin where a group does.
    return Grid(spec.longest[per], width).rows + (per != SEGMENT and width != 1)


def _samples(timeline: Timeline, label: Label, left: int, right: int) -> Examples:
    part = part_of(timeline, timeline.rows)
    starts, stops = (timeline.parts[part, column, None] for column in (0, 1))
    rows = np.clip(timeline.rows[:, None] + np.arange(-left, right), starts, stops - 1)
    alone = np.full(len(rows), -1, np.int64)
    belongs = timeline.groups.get(PRESENTATION, alone)
    return Examples(rows, timeline.splits, label, belongs, timeline.samples)


def _groups(timeline: Timeline, label: Label, per: str) -> Examples:
    part = part_of(timeline, timeline.rows)
    ids = part if per == SEGMENT else _ids(timeline, per)
    inside = np.flatnonzero(ids >= 0)
    # A group with a gap in it is as many examples as it has continuous pieces.
    keys = np.stack([ids[inside], part[inside]], axis=1)
    cuts = np.flatnonzero((np.diff(keys, axis=0) != 0).any(axis=1)) + 1
    pieces = [piece for piece in np.split(inside, cuts) if len(piece)]
    _check_splits(timeline, per, ids, pieces)
    covered = [np.arange(timeline.rows[piece[0]], timeline.rows[piece[-1]] + 1) for piece in pieces]
    longest = max(map(len, covered), default=1)
    if longest > LONGEST:
        raise TrainingError(
            f"evaluation.per '{per}': session '{timeline.session}' has an example of {longest} "
            f"rows, {LONGEST} are the most",
            "Use evaluation.per: sample, or a larger view.bin_ms.",
        )
    rows = [np.concatenate([held, np.repeat(held[-1:], longest - len(held))]) for held in covered]
    values = label.values[:0]
    if pieces:
        values = np.array([_group_label(label, piece) for piece in pieces], values.dtype).reshape(
            -1, *values.shape[1:]
        )
    first = np.array([piece[0] for piece in pieces], np.int64)
    return Examples(
        np.array(rows, np.int64).reshape(-1, longest),
        timeline.splits[first],
        replace(label, values=values),
        np.arange(len(pieces)),
        timeline.samples[first],
    )


def _ids(timeline: Timeline, per: str) -> np.ndarray:
    if per not in timeline.groups:
        known = ", ".join([SAMPLE, SEGMENT, *timeline.groups])
        raise TrainingError(
            f"evaluation.per: session '{timeline.session}' has no '{per}'", f"Use one of: {known}."
        )
    return timeline.groups[per]


def _check_splits(
    timeline: Timeline, per: str, ids: np.ndarray, pieces: Sequence[np.ndarray]
) -> None:
    """Raise a TrainingError for an example that lies in training and in test."""
    seen: dict[int, int] = {}
    for piece in pieces:
        key, split = int(ids[piece[0]]), int(timeline.splits[piece[0]])
        if per != SEGMENT and seen.setdefault(key, split) != split:
            raise TrainingError(
                f"evaluation.per '{per}': {per} {key} of session '{timeline.session}' lies in two "
                "splits",
                f"Prepare the dataset with splits by {per}.",
            )


def part_of(timeline: Timeline, rows: np.ndarray) -> np.ndarray:
    """(n,) the part in which each of (n,) rows of the view is."""
    return np.asarray(np.searchsorted(timeline.parts[:, 0], rows, side="right") - 1)


def _group_label(label: Label, at: np.ndarray) -> np.ndarray | int:
    """The label of a group, from its labelled samples."""
    values = label.values[at[label.labelled[at]]]
    if label.kind == "discrete":
        return int(np.bincount(values).argmax()) if len(values) else UNLABELLED
    if not len(values):
        return np.full(label.values.shape[1:], np.nan)
    return np.asarray(
        np.angle(np.exp(1j * values).mean(0)) if label.kind == "circular" else values.mean(0)
    )
