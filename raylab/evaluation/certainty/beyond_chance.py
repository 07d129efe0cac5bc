"""Whether anything predicts better than a constant."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from scipy.special import stdtr  # scipy.stats would take half a second more to import

from raylab.evaluation.certainty.means import mean_of

# By simulation: an autocorrelation that few units show is uncertain, and with it standard errors,
# which are longer by this share over the number of units.
MARGIN = 5.0


def beats_chance(
    losses: Mapping[str, np.ndarray],
    chance: np.ndarray,
    *,
    level: float = 0.95,
    contenders: int | None = None,
    folds: np.ndarray | None = None,
) -> tuple[str, ...]:
    """The entrants that predict better than a constant.

    Of labels without information none does, with a probability of at least `level`, however many
    entrants there are (Bonferroni).

    Args:
        losses: (U,) of the units of each entrant: cross-fitted ones, or those of test data.
        chance: (U,) those of the best constant; see `HeldOut.chance_losses`.
        contenders: Among how many the entrants were chosen on these same units; by default all that
            are given. 1 where other data chose.
        folds: (U,) what each unit lies in; units of different folds are no neighbours.
    """
    count = len(losses) if contenders is None else contenders
    pvalues = {name: chance_pvalue(each, chance, folds) for name, each in losses.items()}
    return tuple(name for name, value in pvalues.items() if value * count < 1 - level)


def chance_pvalue(losses: np.ndarray, chance: np.ndarray, folds: np.ndarray | None = None) -> float:
    """How probable a mean gain over the constant as large as this is where there is none."""
    gains = np.asarray(chance, np.float64) - losses
    if len(gains) < 2 or not np.isfinite(gains).all():
        return 1.0
    mean = mean_of(gains, folds)
    if mean.error == 0:
        return 0.0 if mean.value > 0 else 1.0
    error = mean.error * (1 + MARGIN / len(gains))
    return float(stdtr(mean.worth - 1, -mean.value / error))
