"""Which units a view shows, and their scale: learnt from one session's training samples, applied
everywhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from raylab.config.view import (
    CorrelatedUnits,
    RandomUnits,
    VariantUnits,
    ViewConfig,
)
from raylab.data.session import Label
from raylab.data.views.scaling import column_scale
from raylab.data.views.variation import beyond_rounding, label_varies, relative_rounding
from raylab.errors import ConfigError
from raylab.seeding import derive


@dataclass(frozen=True)
class Fitted:
    """What a view learnt from the training samples of one session.

    Attributes:
        columns: (K,) int64, ascending: which of the dataset's units of the session the view shows.
        mean: (K,) float32; None without z-score.
        std: (K,) float32, what each unit is divided by: its standard deviation over the view's
            training samples, or what `view.scale` puts in its place where the unit is constant or
            almost silent there. None without z-score.
    """

    columns: np.ndarray
    mean: np.ndarray | None = None
    std: np.ndarray | None = None

    def arrays(self) -> dict[str, np.ndarray]:
        """The attributes that are there, by name: `Fitted(**arrays)` is equal."""
        return {name: value for name, value in vars(self).items() if value is not None}

    def scaled(self, activity: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        """(L, K) float32 activity of `columns`, z-scored where the view is; into `out` if given."""
        if self.mean is None or self.std is None:
            return activity
        centred = np.subtract(activity, self.mean, out=out)
        return np.divide(centred, self.std, out=centred)


def fit(training: np.ndarray, label: Label | None, config: ViewConfig, *, session: str) -> Fitted:
    """Choose units and learn their scale.

    Args:
        training: (rows, N), the viewed training samples before z-scoring.
        label: On these rows; what `view.selection` correlates with.

    Raises:
        ConfigError: no unit is left, or the label says nothing about these rows.
    """
    mean = training.mean(axis=0, dtype=np.float64)
    std = training.std(axis=0, dtype=np.float64)
    columns = np.arange(training.shape[1])
    if config.outlier_z is not None:
        columns = columns[largest_z(training, mean, std) <= config.outlier_z]
        if not len(columns):
            raise ConfigError(
                f"view.outlier_z: every unit of session '{session}' has a training sample beyond "
                f"{config.outlier_z:g}",
                "Make it larger.",
            )
    columns = _select(training, columns, std, label, config, session)
    if not config.zscore:
        return Fitted(columns)
    # A unit may be constant in a view although it was not before (one spike cut off by a lag):
    # leave it at zero.
    scale = column_scale(training, std, varies(mean, std), config.scale)
    return Fitted(columns, mean[columns].astype(np.float32), scale[columns].astype(np.float32))


def unfitted(units: int, config: ViewConfig, *, session: str) -> np.ndarray:
    """The columns of a session without training samples, for views that choose units without
    looking at any.
    """
    selection = config.selection
    return (
        _random(np.arange(units), selection, session)
        if isinstance(selection, RandomUnits)
        else np.arange(units)
    )


def pool(fits: Sequence[tuple[Fitted, int]], columns: np.ndarray) -> Fitted:
    """What a session without training samples is viewed with: for its j-th unit, the scale that the
    j-th units of the training sessions have in common. Units beyond the widest of them are left
    out: no weight was trained for those.

    Args:
        fits: Each training session's fit and its number of training rows.
        columns: What the session would show.
    """
    widest = max(len(fitted.columns) for fitted, _ in fits)
    columns = columns[:widest]
    if fits[0][0].mean is None:
        return Fitted(columns)
    weight, first, second = (np.zeros(widest) for _ in range(3))
    for fitted, rows in fits:
        assert fitted.mean is not None
        assert fitted.std is not None
        held = slice(len(fitted.columns))
        mean, std = fitted.mean.astype(np.float64), fitted.std.astype(np.float64)
        weight[held] += rows
        first[held] += rows * mean
        second[held] += rows * (std**2 + mean**2)
    mean = first / weight
    std = np.sqrt(np.maximum(second / weight - mean**2, 0))
    std, shown = np.where(varies(mean, std), std, 1.0), slice(len(columns))
    return Fitted(columns, mean[shown].astype(np.float32), std[shown].astype(np.float32))


def largest_z(training: np.ndarray, mean: np.ndarray, std: np.ndarray) -> np.ndarray:
    """(N,) largest absolute z-score of each unit of (rows, N); 0 where a unit is constant."""
    off = np.maximum(training.max(axis=0) - mean, mean - training.min(axis=0))
    return off / np.where(varies(mean, std), std, np.inf)


def varies(mean: np.ndarray, std: np.ndarray) -> np.ndarray:
    """Whether a unit does more than what float32 makes of a constant (a clipped unit, smoothed), or
    of the zeros of a unit beside others that vary.
    """
    least = relative_rounding(np.float64) * std.max(initial=0.0)
    return beyond_rounding(std, mean, np.float32) & (std > least)


def explained(activity: np.ndarray, label: Label) -> np.ndarray:
    """(N,) share of each unit's variance that a label explains, 0 to 1; 0 where a unit is constant.

    For one continuous column the squared Pearson correlation, for several the squared multiple
    correlation. A circular label enters as its sine and cosine (the circular-linear correlation of
    Mardia 1976), a discrete one as its classes (eta squared, which ranks units as the F statistic
    of a one-way analysis of variance does).

    Args:
        activity: (rows, N).
        label: On these rows, all labelled.
    """
    mean = activity.mean(axis=0, dtype=np.float64)
    centred = activity - mean
    total = np.square(centred).sum(axis=0)
    if label.kind == "discrete":
        order = np.argsort(label.values, kind="stable")
        _, starts, counts = np.unique(label.values[order], return_index=True, return_counts=True)
        explained = (
            np.square(np.add.reduceat(centred[order], starts, axis=0)) / counts[:, None]
        ).sum(axis=0)
    else:
        circular = label.kind == "circular"
        design = (
            np.concatenate([np.sin(label.values), np.cos(label.values)], 1)
            if circular
            else label.values
        )
        basis, sizes, _ = np.linalg.svd(design - design.mean(axis=0), full_matrices=False)
        basis = basis[:, sizes > 1e-9 * sizes.max()]
        explained = np.square(basis.T @ centred).sum(axis=0)
    return np.divide(
        explained,
        total,
        out=np.zeros_like(total),
        where=varies(mean, np.sqrt(total / len(centred))),
    )


def _select(
    training: np.ndarray,
    columns: np.ndarray,
    std: np.ndarray,
    label: Label | None,
    config: ViewConfig,
    session: str,
) -> np.ndarray:
    selection = config.selection
    if isinstance(selection, RandomUnits):
        return _random(columns, selection, session)
    if isinstance(selection, VariantUnits):
        return _best(columns, std[columns], selection.count)
    if isinstance(selection, CorrelatedUnits):
        assert (
            label is not None
        )  # `view.py` looks it up, the task's check has seen that it is there
        return _best(columns, _correlation(training, columns, label, session), selection.count)
    return columns


def _correlation(
    training: np.ndarray, columns: np.ndarray, label: Label, session: str
) -> np.ndarray:
    labelled = label.labelled
    values = label.values[labelled]
    if not label_varies(label):
        raise ConfigError(
            "view.selection: the label has fewer than two values in the training samples of "
            f"session '{session}'",
            "Choose another view.selection.label, or view.selection.kind: variance.",
        )
    chosen = (
        training[labelled] if len(columns) == training.shape[1] else training[labelled][:, columns]
    )
    return explained(chosen, Label(kind=label.kind, values=values))


def _best(columns: np.ndarray, scores: np.ndarray, count: int) -> np.ndarray:
    """Of equal scores the first units, in the recording's order."""
    return np.sort(columns[np.argsort(-scores, kind="stable")[:count]])


def _random(columns: np.ndarray, selection: RandomUnits, session: str) -> np.ndarray:
    """A lot for each unit of the session, so that more units contain the fewer and outliers change
    no other's lot.
    """
    lots = np.random.default_rng(derive(selection.seed, "units", session)).random(
        int(columns.max()) + 1
    )
    return _best(columns, lots[columns], selection.count)
