"""Which entrants the held-out data cannot tell from the best one (Hansen, Lunde & Nason 2011)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri, stdtrit

from raylab.evaluation.certainty.means import autocorrelation

LEAST = 20  # units; below that no set is claimed
REPETITIONS = 1000
TINY = 1e-9
ERROR = 0.1  # of the level at which the tails of small numbers of units are compared
MARGIN = 1.1  # by simulation: for errors of standard errors, and for choices within entrants


@dataclass(frozen=True)
class ConfidenceSet:
    """A model confidence set.

    Attributes:
        members: The entrants of the set, in the order in which they were given.
        pvalues: Of each entrant; it belongs to the sets of all levels above 1 - p-value.
        level: With this probability the best entrant is a member.
    """

    members: tuple[str, ...]
    pvalues: dict[str, float]
    level: float


def confidence_set(
    losses: Mapping[str, np.ndarray],
    level: float = 0.9,
    seed: int = 0,
    folds: np.ndarray | None = None,
) -> ConfidenceSet | None:
    """The set of entrants that contains the best one with a probability of at least `level`.

    Args:
        losses: (U,) cross-fitted losses of the units of each entrant, in order of time. An entrant
            with a loss that is no number is no member.
        folds: (U,) what each unit lies in; units of different folds are no neighbours.

    Returns:
        None of fewer than 20 units.
    """
    if not losses or len(next(iter(losses.values()))) < LEAST:
        return None
    finite = {name: each for name, each in losses.items() if np.isfinite(each).all()}
    distinct, copy_of = _distinct(finite)
    values = _pvalues(np.stack(list(distinct.values()), 1), seed, folds) if distinct else []
    known = dict(zip(distinct, values))
    pvalues = {name: known[copy_of[name]] if name in finite else 0.0 for name in losses}
    members = tuple(name for name, value in pvalues.items() if value > 1 - level + TINY)
    return ConfidenceSet(members, pvalues, level)


def _distinct(losses: Mapping[str, np.ndarray]) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """The entrants that differ in some loss, and whose losses each entrant has."""
    distinct: dict[str, np.ndarray] = {}
    copy_of: dict[str, str] = {}
    for name, each in losses.items():
        same = (known for known, other in distinct.items() if np.allclose(each, other, TINY, 0))
        copy_of[name] = next(same, name)
        distinct.setdefault(copy_of[name], each)
    return distinct, copy_of


def _pvalues(losses: np.ndarray, seed: int, folds: np.ndarray | None) -> list[float]:
    """Of each of k entrants, from their (U, k) losses."""
    if losses.shape[1] == 1:
        return [1.0]
    from arch.bootstrap import MCS  # costs two seconds

    means = losses.mean(axis=0)
    excess = losses - means
    block = block_length(len(losses))
    nearer = means.mean() + (means - means.mean()) / widening(excess, block, folds)
    compared = MCS(
        _jittered(excess + nearer),
        size=0.1,  # of `included`, which is not read
        reps=REPETITIONS,
        block_size=block,
        method="R",
        bootstrap="circular",
        seed=seed,
    )
    compared.compute()
    table = compared.pvalues["Pvalue"]
    return [float(table.loc[number]) for number in range(losses.shape[1])]


def block_length(units: int) -> int:
    """How many units a bootstrap draws together, because neighbours are correlated."""
    return max(2, round(units ** (1 / 3) / 1.5))


def widening(excess: np.ndarray, block: int, folds: np.ndarray | None = None) -> float:
    """By how much the block bootstrap's standard errors of differences are too small, 1 or more.

    Blocks of few units miss a part of the autocorrelation, and few units are drawn about their own
    mean, as if the tails were those of a normal distribution. Dividing the differences of means by
    this factor is the same as multiplying all standard errors by it.

    Args:
        excess: (U, k) losses of k entrants less the mean of each.
        block: Units that are drawn together.
    """
    differences = _paired(excess)
    count, entrants = excess.shape
    correlation = autocorrelation(differences, folds)
    inflation = (1 + correlation) / (1 - correlation)
    worth = max(count / inflation, 3.0)
    needed = inflation / max(1 - (inflation - 1) / (count - 1), 0.3) * count / (count - 1)
    tail = 1 - ERROR / (entrants * (entrants - 1))  # of the largest of all differences
    tails = float(stdtrit(worth - 1, tail) / ndtri(tail))
    return max((needed / _drawn(differences, block)) ** 0.5 * tails * MARGIN, 1.0)


def _paired(excess: np.ndarray) -> np.ndarray:
    """(U, pairs) the differences of every two entrants, each with a variance of 1.

    Without this scale, an entrant whose losses are hundreds of times those of the others (a filter
    that explodes in a few units) alone would decide how wide all others are compared.
    """
    first, second = np.triu_indices(excess.shape[1], 1)
    differences = excess[:, first] - excess[:, second]
    spread = differences.std(axis=0)
    differing = spread > TINY * np.abs(excess).max()
    return np.asarray(differences[:, differing] / spread[differing])


def _drawn(series: np.ndarray, block: int) -> float:
    """The variance of a mean that circular blocks draw, as a multiple of independent units'."""
    total = float((series**2).sum())
    lagged = (float((series * np.roll(series, lag, axis=0)).sum()) for lag in range(1, block))
    terms = ((1 - lag / block) * each for lag, each in enumerate(lagged, 1))
    return max(1 + 2 * sum(terms) / total, 0.3) if total > 0 else 1.0


def _jittered(losses: np.ndarray) -> np.ndarray:
    """The losses with a billionth of noise whose mean is 0: the test divides by variances of
    differences, and entrants may differ by a constant.
    """
    noise = np.random.default_rng(0).standard_normal(losses.shape)
    size = TINY * max(float(np.ptp(losses)), float(np.abs(losses).max()) * TINY)
    return np.asarray(losses + size * (noise - noise.mean(axis=0)))
