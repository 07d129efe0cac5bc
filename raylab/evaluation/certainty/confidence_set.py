"""Which entrants the held-out data cannot tell from the best one (Hansen, Lunde & Nason 2011)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

LEAST = 20  # units; below that no set is claimed
REPETITIONS = 1000
BLOCK = 3  # units that a bootstrap draws together, because neighbours are correlated
TINY = 1e-9


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
    losses: Mapping[str, np.ndarray], level: float = 0.9, seed: int = 0
) -> ConfidenceSet | None:
    """The set of entrants that contains the best one with a probability of at least `level`.

    Args:
        losses: (U,) cross-fitted losses of the units of each entrant, in order of time. An entrant
            with a loss that is no number is no member.

    Returns:
        None of fewer than 20 units.
    """
    if not losses or len(next(iter(losses.values()))) < LEAST:
        return None
    finite = {name: each for name, each in losses.items() if np.isfinite(each).all()}
    distinct, copy_of = _distinct(finite)
    values = _pvalues(np.stack(list(distinct.values()), axis=1), seed) if distinct else []
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


def _pvalues(losses: np.ndarray, seed: int) -> list[float]:
    """Of each of k entrants, from their (U, k) losses."""
    if losses.shape[1] == 1:
        return [1.0]
    from arch.bootstrap import MCS  # costs two seconds

    compared = MCS(
        _jittered(losses),
        size=0.1,  # of `included`, which is not read
        reps=REPETITIONS,
        block_size=BLOCK,
        method="R",
        bootstrap="circular",
        seed=seed,
    )
    compared.compute()
    table = compared.pvalues["Pvalue"]
    return [float(table.loc[number]) for number in range(losses.shape[1])]


def _jittered(losses: np.ndarray) -> np.ndarray:
    """The losses with a billionth of noise whose mean is 0: the test divides by variances of
    differences, and entrants may differ by a constant.
    """
    noise = np.random.default_rng(0).standard_normal(losses.shape)
    size = TINY * max(float(np.ptp(losses)), float(np.abs(losses).max()) * TINY)
    return np.asarray(losses + size * (noise - noise.mean(axis=0)))
