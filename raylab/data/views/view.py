"""Views of a prepared recording: computed inside parts, fitted on training samples only. See
docs/views.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from scipy.ndimage import gaussian_filter1d

from raylab.config.view import CorrelatedUnits, ViewConfig
from raylab.data.datasets.recording import Recording
from raylab.data.datasets.specs import LabelSpec
from raylab.data.session import Label
from raylab.data.views.grid import Grid, row_width
from raylab.data.views.selection import Fitted, fit, unfitted
from raylab.errors import ConfigError

TIME = "time"  # the label that `normalized_time` adds


@dataclass(frozen=True)
class Timeline:
    """Everything about a viewed session except the activity itself: small, so every worker has it
    whole.

    Rows of the view are the binned samples of all parts, one part after the other; a part's rows
    are continuous in time and belong to one split. The reference grid is the prepared dataset's own
    samples: a score is always taken there, with unsmoothed labels, so that every view is scored on
    the same samples.

    Attributes:
        parts: (P, 3) int64 [start row, stop row, split code].
        labels: On the view's rows (bin means; circular means; the middle sample's class).
        samples: (R,) int64 reference samples that lie in a part, ascending.
        rows: (R,) int64, the view's row of each of `samples`.
        splits: (R,) int64, the split code of each of `samples`.
        reference: Unsmoothed labels of `samples`.
        groups: (R,) ids of `samples` by name, -1 outside, such as `presentation`.
    """

    session: str
    parts: np.ndarray
    labels: dict[str, Label]
    samples: np.ndarray
    rows: np.ndarray
    splits: np.ndarray
    reference: dict[str, Label]
    groups: dict[str, np.ndarray] = field(default_factory=dict)

    @property
    def length(self) -> int:
        return int(self.parts[-1, 1])

    @property
    def training_rows(self) -> int:
        starts, stops, codes = self.parts.T
        return int((stops - starts)[codes == 0].sum())


def make_timeline(recording: Recording, config: ViewConfig) -> Timeline:
    width = row_width(config, recording.rate_hz)
    grids = [Grid(int(stop - start), width) for start, stop, _ in recording.parts]
    stops = np.cumsum([grid.rows for grid in grids])
    starts = np.append(0, stops[:-1])
    ranges = [slice(start, stop) for start, stop, _ in recording.parts]
    source = {
        **recording.labels,
        **({TIME: _normalized_time(recording)} if config.normalized_time else {}),
    }
    samples = np.concatenate([np.arange(held.start, held.stop) for held in ranges])
    return Timeline(
        session=recording.id,
        parts=np.stack([starts, stops, recording.parts[:, 2]], axis=1).astype(np.int64),
        labels={name: _on_rows(label, ranges, grids) for name, label in source.items()},
        samples=samples,
        rows=np.concatenate([first + grid.row_of for first, grid in zip(starts, grids)]),
        splits=np.repeat(recording.parts[:, 2], [grid.samples for grid in grids]),
        reference={
            name: _like(label, np.asarray(label.values[samples])) for name, label in source.items()
        },
        groups={name: np.asarray(ids[samples]) for name, ids in recording.groups.items()},
    )


def view_activity(
    recording: Recording, config: ViewConfig, fitted: Fitted | None = None
) -> tuple[np.ndarray, Fitted]:
    """The activity through a view: ((rows, K) float32, what was fitted on training rows).

    Args:
        fitted: What to apply instead of fitting, for a session without training samples.
    """
    pieces = [
        view_part(recording.activity(start, stop), config, recording.rate_hz)
        for start, stop, _ in recording.parts
    ]
    if fitted is None and not (config.zscore or config.fitted_selection):
        fitted = Fitted(unfitted(pieces[0].shape[1], config, session=recording.id))
    if fitted is None:
        training = np.concatenate(
            [piece for piece, split in zip(pieces, recording.parts[:, 2]) if split == 0]
        )
        fitted = fit(training, _training_label(recording, config), config, session=recording.id)
    whole = len(fitted.columns) == pieces[0].shape[1]
    shown = np.concatenate(pieces if whole else [piece[:, fitted.columns] for piece in pieces])
    return fitted.scaled(shown, out=shown), fitted


def view_part(neural: np.ndarray, config: ViewConfig, rate_hz: float) -> np.ndarray:
    """Lag, clip, bin or resample, smooth and square-root one part: (samples, N) -> (rows, N)
    float32.
    """
    lag = round(config.lag_ms * rate_hz / 1000)
    index = np.clip(np.arange(len(neural)) - lag, 0, len(neural) - 1)
    activity: np.ndarray = np.asarray(neural[index] if lag else neural, np.float32)
    if config.clip_min is not None or config.clip_max is not None:
        activity = np.clip(activity, config.clip_min, config.clip_max)
    grid = part_grid(len(neural), config, rate_hz)
    if not grid.same:
        activity = grid.weights.astype(np.float32) @ activity
    sigma = config.smoothing_ms * rate_hz / 1000 / grid.width
    if sigma > 0:
        activity = gaussian_filter1d(activity, sigma, axis=0)
    return np.sqrt(np.maximum(activity, 0)) if config.sqrt else activity


def part_grid(samples: int, config: ViewConfig, rate_hz: float) -> Grid:
    """The rows of a continuous stretch of so many prepared samples."""
    return Grid(samples, row_width(config, rate_hz))


def view_labels(labels: Mapping[str, LabelSpec], config: ViewConfig) -> dict[str, LabelSpec]:
    """The labels of a session as trials of this view know them; those of the session itself come
    first.

    Raises:
        ConfigError: the session has a label of the name that the view would add.
    """
    if not config.normalized_time:
        return dict(labels)
    if TIME in labels:
        raise ConfigError(
            f"view.normalized_time: the dataset has a label '{TIME}' already",
            "Set view.normalized_time: false.",
        )
    return {**labels, TIME: LabelSpec("continuous", "", (), 1)}


def _normalized_time(recording: Recording) -> Label:
    """0 at the earliest and 1 at the latest training sample, beyond them outside; unlabelled where
    there is none.
    """
    parts = recording.parts[recording.parts[:, 2] == 0]
    if not len(parts):
        return Label.continuous(np.full(len(recording.time), np.nan))
    first, last = recording.time[parts[:, 0]].min(), recording.time[parts[:, 1] - 1].max()
    span = last - first
    return Label.continuous(
        (recording.time - first) / (span if span > 0 else 1 / recording.rate_hz)
    )


def _training_label(recording: Recording, config: ViewConfig) -> Label | None:
    """What units are selected by, on the view's training rows."""
    if not isinstance(config.selection, CorrelatedUnits):
        return None
    timeline = make_timeline(recording, config)
    name = config.selection.label or next(iter(recording.labels), "")
    if name not in timeline.labels:
        raise ConfigError(
            f"view.selection.label: session '{recording.id}' has no label '{name}'",
            f"Its labels: {', '.join(timeline.labels) or 'none'}.",
        )
    label = timeline.labels[name]
    rows = np.concatenate(
        [np.arange(start, stop) for start, stop, split in timeline.parts if split == 0]
    )
    return _like(label, label.values[rows])


def _on_rows(label: Label, ranges: list[slice], grids: list[Grid]) -> Label:
    """A label on the view's rows: mean, circular mean, or the middle sample of each."""
    pieces = []
    for held, grid in zip(ranges, grids):
        values = np.asarray(label.values[held])
        if not grid.same and label.kind == "discrete":
            values = values[grid.middle]
        elif not grid.same:
            values = (
                np.angle(grid.weights @ np.exp(1j * values))
                if label.kind == "circular"
                else grid.weights @ values
            )
        pieces.append(values)
    return _like(label, np.concatenate(pieces))


def _like(label: Label, values: np.ndarray) -> Label:
    return Label(kind=label.kind, values=values, unit=label.unit, classes=label.classes)
