"""The mean of what several fits predicted of the same examples."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from raylab.evaluation.ensembles.averaging import average
from raylab.training.candidates import CandidateTable


def averaged(tables: Sequence[tuple[CandidateTable, float]]) -> np.ndarray:
    """(n,) or (n, D) mean predictions of fits, each of one candidate and with its weight."""
    first = tables[0][0].held_out
    return average(
        first.kind,
        [table.predicted[0] for table, _ in tables],
        probabilities=[table.probabilities.get(0) for table, _ in tables],
        weights=[weight for _, weight in tables],
        classes=len(first.classes),
    ).values
