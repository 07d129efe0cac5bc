"""Chance by permutation: the scores of a decoder's predictions against labels that belong to other
presentations.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np

from raylab.evaluation.metrics import lower_is_better
from raylab.evaluation.scores import score_predictions


def permutation_chance(
    kind: str,
    truth: np.ndarray,
    predicted: np.ndarray,
    groups: np.ndarray,
    draws: int = 200,
    seed: int = 0,
    scores: np.ndarray | None = None,
    *,
    frames: np.ndarray | None = None,
) -> dict[str, dict[str, float]]:
    """Scores of the same predictions after the true labels are permuted among whole groups.

    Single samples are never permuted. Neighbouring samples share their label and their activity, so
    any prediction would look significant against labels that jump from sample to sample.

    Args:
        kind: Of the label, with `truth`, `predicted`, `scores` and `frames` as `score_predictions`
            takes them.
        groups: (Q,) the group of each sample: its presentation, trial, or block of time.

    Returns:
        Metric -> `mean`, `low` and `high` (2.5th and 97.5th percentile) over the draws, and `p`,
        the share of draws that are at least as good as the predictions: (1 + draws as good) /
        (1 + draws), which is never 0 (Phipson & Smyth 2010).
    """

    def score(labels: np.ndarray) -> dict[str, float]:
        return score_predictions(kind, labels, predicted, scores, frames=frames)

    return chance_of(score(truth), [permuted_scores(score, truth, groups, draws=draws, seed=seed)])


def permuted_scores(
    score: Callable[[np.ndarray], dict[str, float]],
    truth: np.ndarray,
    groups: np.ndarray,
    *,
    draws: int = 200,
    seed: int = 0,
) -> dict[str, np.ndarray]:
    """Metric -> (draws,) the values of `score` for permutations of the truth among whole groups."""
    scores = [score(dealt) for dealt in _dealt(truth, groups, draws=draws, seed=seed)]
    return {name: np.array([draw[name] for draw in scores]) for name in scores[0]}


def chance_of(
    observed: Mapping[str, float], draws: Sequence[Mapping[str, np.ndarray]]
) -> dict[str, dict[str, float]]:
    """The result of `permutation_chance` for means over sessions.

    Args:
        observed: The mean scores; scores without draws are left out.
        draws: `permuted_scores` of each session.
    """
    return {
        name: _summary(name, value, np.mean([draw[name] for draw in draws], axis=0))
        for name, value in observed.items()
        if all(name in draw for draw in draws)
    }


def time_blocks(samples: int, blocks: int = 20) -> np.ndarray:
    """(samples,) the contiguous block of each sample: groups for labels without presentations."""
    return np.arange(samples) * min(blocks, max(samples, 1)) // max(samples, 1)


def _dealt(truth: np.ndarray, groups: np.ndarray, *, draws: int, seed: int) -> Iterator[np.ndarray]:
    """`truth` with the groups' labels permuted among groups.

    A group takes the labels of another group in their order. Where the two differ in length, each
    sample takes the label at the same relative position, so that constant labels stay constant and
    borders stay borders.
    """
    order = np.argsort(groups, kind="stable")
    _, starts, sizes = np.unique(groups[order], return_index=True, return_counts=True)
    within = np.arange(len(order)) - np.repeat(starts, sizes)
    generator = np.random.default_rng(seed)
    for _ in range(draws):
        source = generator.permutation(len(starts))
        theirs = np.repeat(sizes[source], sizes)
        place = np.repeat(starts[source], sizes) + (2 * within + 1) * theirs // (
            2 * np.repeat(sizes, sizes)
        )
        dealt = np.empty_like(truth)
        dealt[order] = truth[order[place]]
        yield dealt


def _summary(name: str, observed: float, values: np.ndarray) -> dict[str, float]:
    as_good = values <= observed if lower_is_better(name) else values >= observed
    low, high = np.nanpercentile(values, [2.5, 97.5])
    p = (1 + as_good.sum()) / (1 + len(values))
    return {
        "mean": float(np.nanmean(values)),
        "low": float(low),
        "high": float(high),
        "p": float(p),
    }
