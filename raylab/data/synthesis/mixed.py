"""Units with mixed tuning: each answers to a conjunction of what happens, and of when it happened.

Many cortical units have mixed selectivity: their rate is a non-linear function of several variables
at once (Rigotti et al. 2013), and they follow a variable with different delays. A decoder of one
variable then has to undo the others. Smoothing alone, or a linear map, cannot do this.
"""

from __future__ import annotations

import numpy as np

from raylab.data.synthesis.truth import RATE_HZ, Truth

LONGEST_DELAY_S = 0.5
PEAK_HZ = (4.0, 12.0)  # the rate of a unit where all that it is tuned to is at its best
SPEED_WIDTH, LATENT_WIDTH = 5.0, 0.8  # cm/s, and standard deviations


def mixed_rates(truth: Truth, units: int, generator: np.random.Generator) -> np.ndarray:
    """(T, units) spikes/s, each unit tuned to the product of three bumps.

    A unit has a preferred angle, a preferred running speed and a preferred value of the third
    latent, and a delay of up to half a second for each of the three.
    """
    angle = np.arctan2(truth.latent[:, 1], truth.latent[:, 0])
    fastest = max(float(np.quantile(truth.speed, 0.99)), SPEED_WIDTH)
    angles, speeds, latents = (
        _delayed(values, units, generator) for values in (angle, truth.speed, truth.latent[:, 2])
    )
    bumps = (
        np.exp(1.5 * (np.cos(angles - generator.uniform(-np.pi, np.pi, units)) - 1.0)),
        _bump(speeds, generator.uniform(0, fastest, units), SPEED_WIDTH),
        _bump(latents, generator.normal(size=units), LATENT_WIDTH),
    )
    return np.asarray(0.2 + generator.uniform(*PEAK_HZ, units) * bumps[0] * bumps[1] * bumps[2])


def _delayed(values: np.ndarray, units: int, generator: np.random.Generator) -> np.ndarray:
    """(T, units): the values as each unit sees them, some samples later."""
    delays = generator.integers(0, int(LONGEST_DELAY_S * RATE_HZ) + 1, units)
    at = np.arange(len(values))[:, None] - delays
    return np.asarray(values[np.maximum(at, 0)], np.float64)


def _bump(values: np.ndarray, preferred: np.ndarray, width: float) -> np.ndarray:
    return np.asarray(np.exp(-(((values - preferred) / width) ** 2) / 2))
