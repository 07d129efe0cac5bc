"""Losses of examples whose weighted mean is 1 - the label's primary score, to the last digit.

R2 and balanced accuracy are means over examples once it is known what they are divided by: the
variance of the truth, and how often each class occurs. Both are known from the truth alone.
"""

from __future__ import annotations

import numpy as np

from raylab.data.views.variation import varying
from raylab.evaluation.formulas import on_circle


def weights_of(kind: str, truth: np.ndarray, session: np.ndarray) -> np.ndarray:
    """(n,) weights that sum to 1, in which every session has the same share, and every class of a
    session the same share of it.
    """
    weights = np.empty(len(truth))
    every = np.unique(session)
    for number in every:
        at = session == number
        weights[at] = _class_weights(truth[at]) if kind == "discrete" else 1 / at.sum()
    return weights / len(every)


def columns_of(kind: str, values: np.ndarray) -> np.ndarray:
    """The numbers whose squared differences are the errors: (n, D), of angles (n, 2 D)."""
    return on_circle(values) if kind == "circular" else values


def precision_of(kind: str, truth: np.ndarray, session: np.ndarray) -> np.ndarray:
    """(sessions, D) what the squared errors of each column are multiplied by.

    It is 1 / (variance of the truth * number of columns that vary), and 0 for a column that is
    constant in the truth of its session: R2 leaves such a column out.
    """
    columns = columns_of(kind, truth)
    precision = []
    for number in range(int(session.max()) + 1):
        mine = columns[session == number]
        varies = varying(mine, 1.0 if kind == "circular" else None)
        precision.append(np.where(varies, 1 / np.where(varies, mine.var(axis=0), 1), 0))
        precision[-1] /= max(int(varies.sum()), 1)
    return np.array(precision)


def _class_weights(codes: np.ndarray) -> np.ndarray:
    counts = np.bincount(codes)
    return np.asarray(1 / (counts[codes] * (counts > 0).sum()))
