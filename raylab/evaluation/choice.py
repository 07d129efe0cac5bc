"""A choice among candidates that were trained with the same seeds, and the grounds for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from scipy.stats import rankdata, spearmanr

from raylab.evaluation.bootstrap import over_seeds, standard_error

Rule = Literal["best", "simplest"]


@dataclass(frozen=True)
class Candidate:
    """A config with its repetitions over seeds.

    Attributes:
        trial: The trial of the search that had this config.
        search: The score of that trial. It is of one seed and was selected, so it is optimistic.
        scores: The score of each repetition, in the order of the seeds; None where a repetition did
            not complete.
        learnt: The number of parameters that a model of this config learns.
    """

    trial: str
    search: float
    scores: tuple[float | None, ...]
    learnt: int

    @property
    def completed(self) -> list[float]:
        return [score for score in self.scores if score is not None]

    @property
    def mean(self) -> float:
        return float(np.mean(self.completed))


def choose(
    candidates: Sequence[Candidate],
    *,
    mode: Literal["max", "min"],
    rule: Rule,
    bounds: tuple[float, float] = (-np.inf, np.inf),
) -> dict[str, Any]:
    """Choose a candidate, and report how far the choice can be trusted.

    `best` takes the best mean over seeds; `simplest` the candidate that learns the fewest numbers
    among those whose mean is within one standard error of the best mean (Breiman et al. 1984,
    Classification and Regression Trees, section 3.4.3). A config that does not always complete is
    chosen only where every other config fails as often. Among equal candidates, the one that the
    search ranked higher is chosen.

    Args:
        candidates: In the order of the search, best first; at least one repetition completed.
        bounds: The least and greatest possible score, which no interval leaves.

    Returns:
        {"candidates": [{"trial", "search", "scores", "mean", "interval", "failed", "learnt",
        "ranks": by seed, None where not every candidate completed with that seed, "first": how
        often}], "stability" (see `stability`), "difference": of the first two by mean, over the
        seeds that both completed, positive where the first is better: {"first", "second", "mean",
        "interval", "values"}, "chosen", "champion": the place among the seeds of the repetition
        with the median score (of an even number the worse of the two), "threshold": the mean that
        `simplest` requires}; values that cannot be computed are None.
    """
    sign = 1.0 if mode == "max" else -1.0
    scored = [candidate for candidate in candidates if candidate.completed]
    least = min(len(candidate.scores) - len(candidate.completed) for candidate in scored)
    eligible = [
        candidate
        for candidate in scored
        if len(candidate.scores) - len(candidate.completed) == least
    ]
    best = max(eligible, key=lambda candidate: sign * candidate.mean)
    within = _within(best, eligible, sign)
    chosen = (
        best
        if rule == "best"
        else min(within, key=lambda candidate: (candidate.learnt, -sign * candidate.mean))
    )
    ranks = _ranks(candidates, sign)
    return {
        "candidates": [
            _row(candidate, ranks, place, bounds) for place, candidate in enumerate(candidates)
        ],
        "stability": stability(candidates, ranks, sign),
        "difference": _difference(scored, sign),
        "chosen": chosen.trial,
        "champion": _median_place(chosen, sign),
        "threshold": best.mean - sign * standard_error(best.completed)
        if len(best.completed) > 1
        else None,
    }


def stability(candidates: Sequence[Candidate], ranks: np.ndarray, sign: float) -> dict[str, Any]:
    """How far the seeds, and the search, agree on the order of the candidates.

    Args:
        ranks: (candidates, seeds), 1 the best, ties averaged; NaN where a seed is not common to
            all.

    Returns:
        {"seeds": common to all, "kendall_w": agreement of their rankings, 1 where all are the same,
        about 1 / seeds where they have nothing in common (Kendall & Smith 1939, corrected for
        ties), "spearman": correlation of the search's ranking with that of the means}; None for
        fewer than two candidates, or seeds, or where all are equal.
    """
    common = ranks[:, ~np.isnan(ranks).any(axis=0)]
    scored = [candidate for candidate in candidates if candidate.completed]
    search, means = (
        [sign * candidate.search for candidate in scored],
        [sign * candidate.mean for candidate in scored],
    )
    varied = len(scored) > 1 and len(set(search)) > 1 and len(set(means)) > 1
    return {
        "seeds": int(common.shape[1]),
        "kendall_w": kendall_w(common),
        "spearman": float(spearmanr(search, means).statistic) if varied else None,
    }


def kendall_w(ranks: np.ndarray) -> float | None:
    """Kendall's coefficient of concordance of ranks (n ranked, m rankings) with averaged ties; None
    where undefined.
    """
    n, m = ranks.shape
    if n < 2 or m < 2:
        return None
    sums = ranks.sum(axis=1)
    ties = sum(
        float((counts**3 - counts).sum())
        for counts in (np.unique(r, return_counts=True)[1] for r in ranks.T)
    )
    possible = m**2 * (n**3 - n) - m * ties
    return float(12 * ((sums - sums.mean()) ** 2).sum() / possible) if possible else None


def _within(best: Candidate, eligible: Sequence[Candidate], sign: float) -> list[Candidate]:
    if len(best.completed) < 2:
        return [best]  # there is no standard error of one value
    threshold = sign * best.mean - standard_error(best.completed)
    return [candidate for candidate in eligible if sign * candidate.mean >= threshold]


def _ranks(candidates: Sequence[Candidate], sign: float) -> np.ndarray:
    """(candidates, seeds); NaN in the column of a seed that some candidate did not complete."""
    scores = np.array([candidate.scores for candidate in candidates], float)
    common = ~np.isnan(scores).any(axis=0)
    ranks = np.full(scores.shape, np.nan)
    ranks[:, common] = rankdata(-sign * scores[:, common], axis=0)
    return ranks


def _row(
    candidate: Candidate, ranks: np.ndarray, place: int, bounds: tuple[float, float]
) -> dict[str, Any]:
    own = ranks[place]
    first = own == np.nanmin(ranks, axis=0, initial=np.inf)
    over = (
        over_seeds(candidate.completed, bounds)
        if candidate.completed
        else {"mean": None, "interval": None}
    )
    return {
        "trial": candidate.trial,
        "search": candidate.search,
        "scores": list(candidate.scores),
        "mean": over["mean"],
        "interval": over["interval"],
        "failed": len(candidate.scores) - len(candidate.completed),
        "learnt": candidate.learnt,
        "ranks": [None if np.isnan(rank) else float(rank) for rank in own],
        "first": int(first.sum()),
    }


def _difference(scored: Sequence[Candidate], sign: float) -> dict[str, Any] | None:
    """Paired by seed: effects that a seed has on both, such as the order of batches, cancel."""
    if len(scored) < 2:
        return None
    first, second = sorted(scored, key=lambda candidate: -sign * candidate.mean)[:2]
    both = [(a, b) for a, b in zip(first.scores, second.scores) if a is not None and b is not None]
    if not both:
        return None
    return {
        "first": first.trial,
        "second": second.trial,
        **over_seeds([sign * (a - b) for a, b in both]),
    }


def _median_place(chosen: Candidate, sign: float) -> int:
    ranked = sorted(
        (-sign * score, place) for place, score in enumerate(chosen.scores) if score is not None
    )
    return ranked[len(ranked) // 2][1]
