"""The losses of an entrant that tried several candidates, without favour to many tries."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class CrossFit:
    """What an entrant loses when its candidate is chosen.

    Attributes:
        losses: (U,) of each unit: that of the candidate which was chosen on the other units.
        chosen: (U,) that candidate.
        best: The candidate of the lowest mean over all units.
    """

    losses: np.ndarray
    chosen: np.ndarray
    best: int


def cross_fitted(losses: np.ndarray) -> CrossFit:
    """The losses of an entrant, from those of its candidates.

    The loss of a unit comes from the candidate that is best on all other units. So a candidate that
    is best by luck gains nothing from its luck, however many were tried. Of equally good candidates
    the first is taken.

    Args:
        losses: (C, U) of C candidates on U units. A candidate with a loss that is no number is
            never chosen where another one has numbers.
    """
    table = np.where(np.isfinite(losses), losses, np.inf)
    valid = np.asarray(np.isfinite(table).all(axis=1))
    if not valid.any():
        return CrossFit(table[0], np.zeros(table.shape[1], np.int64), 0)
    totals = table.sum(axis=1)
    with np.errstate(invalid="ignore"):  # inf - inf, of candidates that are not valid
        others = np.where(valid[:, None], totals[:, None] - table, np.inf)
    chosen = others.argmin(axis=0)
    return CrossFit(table[chosen, np.arange(table.shape[1])], chosen, int(totals.argmin()))
