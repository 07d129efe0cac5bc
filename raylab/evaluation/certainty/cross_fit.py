"""The losses of an entrant that tried several candidates, without favour to many tries."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

GROUPS = 10  # of neighbouring units, which are left out together


@dataclass(frozen=True, eq=False)
class CrossFit:
    """What an entrant loses when its candidate is chosen.

    Attributes:
        losses: (U,) of each unit: the expected loss of a candidate that the other units chose.
        chosen: (U,) the candidate that is the best on the other units.
        best: The candidate of the lowest mean over all units.
    """

    losses: np.ndarray
    chosen: np.ndarray
    best: int


def cross_fitted(losses: np.ndarray) -> CrossFit:
    """The losses of an entrant, from those of its candidates.

    Units are left out in groups of neighbours. The loss of a unit comes from what is best on all
    other groups, so a candidate that is best by luck gains nothing from its luck, however many were
    tried. Candidates that the other groups can hardly tell apart are averaged: each has the weight
    exp(-z^2 / 2), where z is its distance to the best one in standard errors (a soft argmin, as in
    Zhang, Lee & Lei 2024, that leaves out what is clearly worse). If only the best one counted, its
    name would change from group to group, and confidence sets would hold the entrants with many
    tries far too rarely.

    Args:
        losses: (C, U) of C candidates on U units in order of time. A candidate with a loss that is
            no number is left out where another one has numbers. Of equally good candidates the
            first is `chosen`.
    """
    losses = np.asarray(losses, np.float64)
    valid = np.flatnonzero(np.isfinite(losses).all(axis=1))
    if not len(valid):
        return CrossFit(losses[0], np.zeros(losses.shape[1], np.int64), 0)
    table = losses[valid]
    totals = table.sum(axis=1)
    best = int(totals.argmin())
    if table.shape[1] == 1:  # there is nothing else to choose by
        return CrossFit(table[best], valid[[best]], int(valid[best]))
    error = _standard_error(table, best)
    mixed, chosen = np.empty(table.shape[1]), np.empty(table.shape[1], np.int64)
    for held in left_out(table.shape[1]):
        others = totals - table[:, held].sum(axis=1)
        chosen[held] = others.argmin()
        share = (table.shape[1] - len(held)) ** 0.5 * error
        weights = np.exp(-(((others - others.min()) / share) ** 2) / 2)
        mixed[held] = weights @ table[:, held] / weights.sum()
    return CrossFit(mixed, valid[chosen], int(valid[best]))


def left_out(units: int) -> list[np.ndarray]:
    """The groups of neighbouring units that are left out together; single units where few."""
    return np.array_split(np.arange(units), min(GROUPS, units))


def _standard_error(table: np.ndarray, best: int) -> float:
    """Of a difference to the best candidate in one unit: that of the quarter of candidates which is
    most like the best one, because bad ones differ by more than noise.
    """
    spread = (table - table[best]).std(axis=1)
    spread = spread[spread > 1e-12 * np.abs(table).max()]
    return float(np.quantile(spread, 0.25)) if len(spread) else 1.0
