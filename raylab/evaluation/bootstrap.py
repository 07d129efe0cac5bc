"""Intervals of scores: bootstraps that never take neighbouring samples for independent ones, and
means over seeds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from scipy.special import stdtrit  # scipy.stats would take half a second more to import


def block_bootstrap(
    score: Callable[[np.ndarray], dict[str, float]],
    samples: int,
    *,
    seed: int = 0,
    blocks: int = 20,
    draws: int = 300,
) -> dict[str, np.ndarray]:
    """Scores of resampled contiguous blocks: metric -> (draws,).

    Neighbouring samples are not independent; resampling single ones would make intervals far too
    narrow (Künsch 1989, the moving-block bootstrap, here with `blocks` blocks).

    Args:
        score: Maps (n,) sample indices to scores.
        samples: Number of samples scored.
    """
    length = max(1, samples // blocks)
    generator = np.random.default_rng(seed)
    starts = generator.integers(0, samples - length + 1, (draws, -(-samples // length)))
    resampled = [score((row[:, None] + np.arange(length)).ravel()[:samples]) for row in starts]
    return {name: np.array([scores[name] for scores in resampled]) for name in resampled[0]}


def group_bootstrap(
    score: Callable[[np.ndarray], dict[str, float]],
    groups: np.ndarray,
    *,
    seed: int = 0,
    draws: int = 300,
) -> dict[str, np.ndarray]:
    """Scores of resampled groups: metric -> (draws,). With one example a group it is the ordinary
    bootstrap.

    Whole groups are drawn with replacement, as many as there are (the cluster bootstrap, Davison &
    Hinkley 1997, 3.8), so that samples of one presentation never count as independent.

    Args:
        score: Maps (n,) example indices to scores; n differs between draws where groups differ in
            size.
        groups: (Q,) the group of each example, such as its presentation.
    """
    order = np.argsort(groups, kind="stable")
    _, starts, sizes = np.unique(groups[order], return_index=True, return_counts=True)
    generator = np.random.default_rng(seed)
    resampled = []
    for chosen in generator.integers(0, len(starts), (draws, len(starts))):
        size = sizes[chosen]
        begins = np.repeat(starts[chosen] - (np.cumsum(size) - size), size)
        resampled.append(score(order[begins + np.arange(size.sum())]))
    return {name: np.array([scores[name] for scores in resampled]) for name in resampled[0]}


def interval(draws: Sequence[dict[str, np.ndarray]]) -> dict[str, list[float]]:
    """95 % percentile interval of the mean over sessions, from each session's bootstrap draws."""
    return {
        name: np.nanpercentile(
            np.mean([entry[name] for entry in draws], axis=0), [2.5, 97.5]
        ).tolist()
        for name in draws[0]
    }


def over_seeds(
    values: Sequence[float], bounds: tuple[float, float] = (-np.inf, np.inf)
) -> dict[str, Any]:
    """A score over seeds: {"mean", "interval": 95 % by Student's t, None of one seed, "values"}.

    Args:
        bounds: The least and greatest possible value, which the interval does not leave.
    """
    mean, count = float(np.mean(values)), len(values)
    interval = None
    if count > 1:
        half = float(stdtrit(count - 1, 0.975)) * standard_error(values)
        interval = [max(mean - half, bounds[0]), min(mean + half, bounds[1])]
    return {"mean": mean, "interval": interval, "values": [float(value) for value in values]}


def standard_error(values: Sequence[float]) -> float:
    """Of the mean of two or more values."""
    return float(np.std(values, ddof=1) / np.sqrt(len(values)))
