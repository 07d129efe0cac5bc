"""A choice among candidates that were trained with the same seeds, and the grounds for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from scipy.stats import rankdata, spearmanr

from raylab.evaluation.bootstrap import over_seeds, standard_error
from raylab.evaluation.certainty.intervals import mean_interval

Rule = Literal["best", "simplest"]
ONE_ERROR = 0.6827  # level of an interval of one standard error to either side


@dataclass(frozen=True)
class Candidate:
    """A config with its repetitions over seeds.

    Attributes:
        trial: The trial of the search that had this config.
        search: The score of that trial. It is of one seed and was selected, so it is optimistic.
        scores: The score of each repetition, in the order of the seeds; None where a repetition did
            not complete.
        learnt: The number of parameters that a model of this config learns.
        fixed: Whether seeds change nothing, so that all scores are that of one repetition.
        losses: (U,) of a fixed config: the losses of the units of validation, whose mean is 1 - the
            score; None where they are not known.
        units: What these units are, such as "20 blocks".
    """

    trial: str
    search: float
    scores: tuple[float | None, ...]
    learnt: int
    fixed: bool = False
    losses: np.ndarray | None = None
    units: str = ""

    @property
    def measured(self) -> bool:
        """Whether there is a standard error."""
        return self.losses is not None if self.fixed else len(self.completed) > 1

    @property
    def error(self) -> float:
        """The standard error of the mean: over seeds, or over the units of a fixed config."""
        if not self.fixed:
            return standard_error(self.completed)
        if self.losses is None:
            return 0.0
        _, low, high = mean_interval(self.losses, level=ONE_ERROR)
        return (high - low) / 2

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
        "threshold": best.mean - sign * best.error if best.measured else None,
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
    if not best.measured:
        return [best]  # there is no standard error of one value
    threshold = sign * best.mean - best.error
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
    if candidate.fixed:
        over = {**over, "interval": _over_units(candidate, bounds)}
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
        **({"over": candidate.units or "nothing"} if candidate.fixed else {}),
    }


def _over_units(candidate: Candidate, bounds: tuple[float, float]) -> list[float] | None:
    """The 95 % interval of a fixed candidate's score; None where it has kept no losses."""
    if candidate.losses is None:
        return None
    _, low, high = mean_interval(1 - candidate.losses, bounds=bounds)
    return [low, high]


def _difference(scored: Sequence[Candidate], sign: float) -> dict[str, Any] | None:
    """Paired by seed: effects that a seed has on both, such as the order of batches, cancel."""
    if len(scored) < 2:
        return None
    first, second = sorted(scored, key=lambda candidate: -sign * candidate.mean)[:2]
    if first.fixed and second.fixed:
        return _unit_difference(first, second)
    both = [(a, b) for a, b in zip(first.scores, second.scores) if a is not None and b is not None]
    if not both:
        return None
    return {
        "first": first.trial,
        "second": second.trial,
        **over_seeds([sign * (a - b) for a, b in both]),
    }


def _unit_difference(first: Candidate, second: Candidate) -> dict[str, Any] | None:
    """Of two fixed candidates, paired by the units of validation; None where these are unknown."""
    if first.losses is None or second.losses is None or len(first.losses) != len(second.losses):
        return None
    mean, low, high = mean_interval(second.losses - first.losses)
    named = {"first": first.trial, "second": second.trial}
    return {**named, "mean": mean, "interval": [low, high], "values": [mean]}


def _median_place(chosen: Candidate, sign: float) -> int:
    if chosen.fixed:
        return 0  # the only repetition
    ranked = sorted(
        (-sign * score, place) for place, score in enumerate(chosen.scores) if score is not None
    )
    return ranked[len(ranked) // 2][1]
