"""Tables of losses whose truth is known: units that depend on their neighbours."""

from __future__ import annotations

import numpy as np


def series(generator: np.random.Generator, shape: tuple[int, ...], correlation: float = 0.3):
    """Normal noise, autoregressive of order 1 along the last axis; variance 1."""
    noise = generator.standard_normal(shape)
    for at in range(1, shape[-1]):
        before = correlation * noise[..., at - 1]
        noise[..., at] = before + np.sqrt(1 - correlation**2) * noise[..., at]
    return noise


def events(generator: np.random.Generator, shape: tuple[int, int], share: float, repeat: float):
    """0 or 1; a unit repeats the unit before it with probability `repeat`."""
    table = (generator.random(shape) < share).astype(float)
    kept = generator.random(shape) < repeat
    for at in range(1, shape[1]):
        table[:, at] = np.where(kept[:, at], table[:, at - 1], table[:, at])
    return table


def entrants(
    generator: np.random.Generator,
    tries: tuple[int, ...],
    units: int,
    *,
    gains: tuple[float, ...] | None = None,
    correlation: float = 0.3,
) -> list[np.ndarray]:
    """(tries, units) losses of the candidates of each entrant; the units differ in difficulty, and
    candidates of one entrant share half of their variance.

    Args:
        gains: By how much the candidates of each entrant are truly better.
    """
    difficulty = series(generator, (units,), correlation)
    return [
        5
        + difficulty
        - gain
        + np.sqrt(0.5) * series(generator, (units,), correlation)
        + np.sqrt(0.5) * series(generator, (count, units), correlation)
        for count, gain in zip(tries, gains or (0.0,) * len(tries))
    ]
