"""What columns are divided by when they are standardised: one rule for the z-score of a view and
for the features of readouts.

A unit that is almost silent in training has a standard deviation near zero there. Divided by it,
the unit's usual activity in other samples becomes a value of many thousands, and one such column
decides every prediction. So an almost silent column is divided by a share of what the median column
is divided by. All other columns are scaled exactly as without the rule, whatever their units.
"""

from __future__ import annotations

import numpy as np

from raylab.config.view import ScaleRule
from raylab.data.views.variation import relative_rounding

SHARE = 0.1  # of the median standard deviation; measured, see docs/views.md
STILL = 0.1  # of its own standard deviation: where the middle half of a silent column's values is


def column_scale(
    values: np.ndarray, std: np.ndarray, varies: np.ndarray, rule: ScaleRule
) -> np.ndarray:
    """(F,) float64 what each column is divided by.

    Args:
        values: (n, F) training samples.
        std: (F,) standard deviation of each column.
        varies: (F,) whether the column does more than rounding makes of a constant.
        rule: `floored`, or `plain`, which divides every varying column by its standard deviation
            and a constant one by 1.
    """
    scale = np.where(varies, std, 1.0)
    if rule == "plain" or not varies.any():
        return scale
    median = float(np.median(std[varies]))
    low = np.flatnonzero(scale < SHARE * median)  # usually none: the values are not looked at
    silent = low[almost_silent(values[:, low], std[low], median) | ~varies[low]]
    scale[silent] = SHARE * median
    return scale


def almost_silent(values: np.ndarray, std: np.ndarray, median: float) -> np.ndarray:
    """Whether columns stay at one value in most samples, or vary by no more than float32 makes of
    the median column. A column of a smaller unit, such as volts beside counts, does neither.
    """
    if not len(std):
        return np.zeros(0, bool)
    lower, upper = np.percentile(values, (25, 75), axis=0)
    return (upper - lower <= STILL * std) | (std < relative_rounding(np.float32) * median)
