"""Views of a prepared recording: lag, bin width, smoothing, scaling; inside parts, fitted on training samples."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter1d

from raylab.config import ViewConfig
from raylab.data.dataset import Recording
from raylab.data.session import Label


@dataclass(frozen=True)
class Timeline:
    """Everything about a viewed session except the activity itself: small, so every worker has it whole.

    Rows of the view are the binned samples of all parts, one part after the other; a part's rows are continuous
    in time and belong to one split. The reference grid is the prepared dataset's own samples: a score is always
    taken there, with unsmoothed labels, so that every view is scored on the same samples.

    Attributes:
        parts: (P, 3) int64 [start row, stop row, split code].
        labels: On the view's rows (bin means; circular means; the middle sample's class).
        samples: (R,) int64 reference samples that lie in a part, ascending.
        rows: (R,) int64, the view's row of each of `samples`.
        splits: (R,) int64, the split code of each of `samples`.
        reference: Unsmoothed labels of `samples`.
    """

    session: str
    parts: np.ndarray
    labels: dict[str, Label]
    samples: np.ndarray
    rows: np.ndarray
    splits: np.ndarray
    reference: dict[str, Label]

    @property
    def length(self) -> int:
        return int(self.parts[-1, 1])


@dataclass(frozen=True)
class Fitted:
    """What a view learnt from the training samples of one session: (N,) float32 each; none without z-score."""

    mean: np.ndarray
    std: np.ndarray


def bin_factor(config: ViewConfig, rate_hz: float) -> int:
    """Prepared samples a bin; the nearest whole number to the width asked for."""
    return max(1, round(config.bin_ms * rate_hz / 1000))


def make_timeline(recording: Recording, config: ViewConfig) -> Timeline:
    factor = bin_factor(config, recording.rate_hz)
    bins = -(-(recording.parts[:, 1] - recording.parts[:, 0]) // factor)  # the last bin of a part may be shorter
    stops = np.cumsum(bins)
    starts = stops - bins
    samples, rows, splits = [], [], []
    for (start, stop, split), first in zip(recording.parts, starts):
        samples.append(np.arange(start, stop))
        rows.append(first + np.arange(stop - start) // factor)
        splits.append(np.full(stop - start, split))
    taken, row = np.concatenate(samples), np.concatenate(rows)
    reference = {name: _take(label, taken) for name, label in recording.labels.items()}
    return Timeline(
        session=recording.id,
        parts=np.stack([starts, stops, recording.parts[:, 2]], axis=1).astype(np.int64),
        labels={name: _bin_label(label, row, int(stops[-1])) for name, label in reference.items()},
        samples=taken,
        rows=row,
        splits=np.concatenate(splits),
        reference=reference,
    )


def view_activity(
    recording: Recording, config: ViewConfig, fitted: Fitted | None = None
) -> tuple[np.ndarray, Fitted | None]:
    """The activity through a view: ((rows, N) float32, what was fitted on training rows).

    Args:
        fitted: Statistics to apply instead of fitting; for new data of a trained model.
    """
    pieces = [view_part(recording.neural, start, stop, config, recording.rate_hz) for start, stop, _ in recording.parts]
    if not config.zscore:
        return np.concatenate(pieces), None
    if fitted is None:
        training = np.concatenate([piece for piece, split in zip(pieces, recording.parts[:, 2]) if split == 0])
        std = training.std(axis=0, dtype=np.float64)
        # A unit may be constant in a view although it was not before (one spike cut off by a lag): leave it at zero.
        fitted = Fitted(
            training.mean(axis=0, dtype=np.float64).astype(np.float32),
            np.where(std > 1e-9, std, 1.0).astype(np.float32),
        )
    return np.concatenate([apply_fitted(piece, fitted) for piece in pieces]), fitted


def apply_fitted(activity: np.ndarray, fitted: Fitted | None) -> np.ndarray:
    return activity if fitted is None else (activity - fitted.mean) / fitted.std


def view_part(neural: np.ndarray, start: int, stop: int, config: ViewConfig, rate_hz: float) -> np.ndarray:
    """Lag, bin, smooth and square-root one part: (bins, N) float32. Nothing outside [start, stop) is read."""
    lag = round(config.lag_ms * rate_hz / 1000)
    index = np.clip(np.arange(start, stop) - lag, start, stop - 1)
    activity: np.ndarray = np.asarray(neural[index] if lag else neural[start:stop], np.float32)
    factor = bin_factor(config, rate_hz)
    if factor > 1:
        edges = np.arange(0, len(activity), factor)
        lengths = np.diff(np.append(edges, len(activity)))
        # Means, not sums: a shorter last bin then has the same scale.
        activity = np.add.reduceat(activity, edges, axis=0) / lengths[:, None].astype(np.float32)
    sigma = config.smoothing_ms * rate_hz / 1000 / factor
    if sigma > 0:
        activity = gaussian_filter1d(activity, sigma, axis=0)
    return np.sqrt(np.maximum(activity, 0)) if config.sqrt else activity


def _take(label: Label, samples: np.ndarray) -> Label:
    return Label(kind=label.kind, values=np.asarray(label.values[samples]), unit=label.unit, classes=label.classes)


def _bin_label(label: Label, rows: np.ndarray, length: int) -> Label:
    """A reference label (R,) on the view's rows: mean, circular mean, or the middle sample of each bin."""
    if len(rows) == length:
        return label
    first = np.searchsorted(rows, np.arange(length))
    count = np.diff(np.append(first, len(rows)))
    if label.kind == "discrete":
        values = label.values[first + count // 2]
    elif label.kind == "circular":
        values = np.angle(np.add.reduceat(np.exp(1j * label.values), first, axis=0))
    else:
        values = np.add.reduceat(label.values, first, axis=0) / count[:, None]
    return Label(kind=label.kind, values=values, unit=label.unit, classes=label.classes)
