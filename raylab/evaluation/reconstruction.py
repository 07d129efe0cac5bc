"""Reconstructions against what was recorded: the prepared samples, which no view has smoothed or
binned.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from raylab.config.view import ViewConfig
from raylab.data.datasets.recording import Recording
from raylab.data.splitting.splits import CODE
from raylab.data.views.variation import beyond_rounding, varying
from raylab.data.views.view import Fitted, Timeline, view_part
from raylab.evaluation.decoding import reference_samples


@dataclass(frozen=True)
class Target:
    """Held-out samples of one session, in the recording's own units.

    Attributes:
        samples: (R,) int64 their places in the recording.
        rows: (R,) int64 the view's row of each sample.
        values: (R, K) float32 of the units that the view shows, lagged as it lags them.
        variance: (K,) of the training samples; 0 of units that are constant there.
    """

    samples: np.ndarray
    rows: np.ndarray
    values: np.ndarray
    variance: np.ndarray


def target_of(
    recording: Recording,
    timeline: Timeline,
    view: ViewConfig,
    fitted: Fitted,
    *,
    splits: Sequence[str],
    limit: int,
) -> Target:
    """At most `limit` samples a split, evenly spaced: those that decoding is scored on."""
    at = reference_samples(timeline, splits, limit)
    wanted, rows = timeline.samples[at], timeline.rows[at]
    values = np.empty((len(at), len(fitted.columns)), np.float32)
    for start, stop, code in recording.parts.tolist():
        held = slice(*np.searchsorted(wanted, (start, stop)))
        if held.start < held.stop and code in [CODE[split] for split in splits]:
            values[held] = _plain(recording, view, fitted, start, stop)[wanted[held] - start]
    return Target(wanted, rows, values, _training_variance(recording, view, fitted))


def recorded_units(rows: np.ndarray, view: ViewConfig, fitted: Fitted) -> np.ndarray:
    """(n, K) rows as the view shows them, back in the recording's units: z-score and square root
    undone.
    """
    if fitted.mean is not None and fitted.std is not None:
        rows = rows * fitted.std + fitted.mean
    return np.square(np.maximum(rows, 0)) if view.sqrt else rows


def reconstruction_scores(
    target: Target, rebuilt: np.ndarray
) -> tuple[dict[str, float], np.ndarray]:
    """Scores of (R, K) reconstructions, and the explained variance of each unit.

    `mse` is the squared error in units of the training samples' variance, `explained_variance` is 1
    - squared error / squares about the mean of the scored samples; means over units. Both are about
    a unit as it was recorded, so what a view smooths away is missed. Units that are silent among
    the scored samples have no explained variance (NaN) and do not count there.
    """
    error = np.square(rebuilt.astype(np.float64) - target.values).mean(axis=0)
    spread = target.values.astype(np.float64).var(axis=0)
    varies, trained = varying(target.values), target.variance > 0
    explained = np.where(varies, 1 - error / np.where(varies, spread, 1), np.nan)
    scores = (
        {"mse": float((error[trained] / target.variance[trained]).mean())} if trained.any() else {}
    )
    if varies.any():
        scores["explained_variance"] = float(np.nanmean(explained))
    return scores, explained


def _plain(
    recording: Recording, view: ViewConfig, fitted: Fitted, start: int, stop: int
) -> np.ndarray:
    activity = recording.activity(start, stop)
    columns = fitted.columns
    chosen = activity if len(columns) == activity.shape[1] else activity[:, columns]
    return view_part(chosen, ViewConfig(lag_ms=view.lag_ms), recording.rate_hz)


def _training_variance(recording: Recording, view: ViewConfig, fitted: Fitted) -> np.ndarray:
    """Part by part; zero without training samples."""
    from sklearn.preprocessing import StandardScaler  # imported on use: few trials need it

    scaler = StandardScaler()
    training = [
        (start, stop) for start, stop, code in recording.parts.tolist() if code == CODE["train"]
    ]
    for start, stop in training:
        scaler.partial_fit(_plain(recording, view, fitted, start, stop).astype(np.float64))
    if not training:
        return np.zeros(len(fitted.columns))
    varies = beyond_rounding(np.sqrt(scaler.var_), scaler.mean_, np.float32)
    return np.where(varies, scaler.var_, 0.0)
