"""The activity of synthetic units: spikes at rates that the truth drives, through an indicator."""

from __future__ import annotations

from typing import Literal

import numpy as np

from raylab.data.synthesis.mixed import mixed_rates
from raylab.data.synthesis.truth import DIRECTIONS, RATE_HZ, Truth, smooth

Tuning = Literal["simple", "mixed"]

RISE_S, DECAY_S = 0.07, 0.6  # GCaMP6
UNITS_AT_ONCE = 32  # bounds the memory of true-size sessions


def fluorescence_of(
    truth: Truth,
    units: int,
    noise: float,
    generator: np.random.Generator,
    tuning: Tuning = "simple",
) -> np.ndarray:
    """(T, N) float32 dF/F: spikes at rates that the truth drives, through the indicator, with
    noise.
    """
    rates_of = {"simple": _rates, "mixed": mixed_rates}[tuning]
    traces = np.empty((len(truth.speed), units), np.float32)
    for start in range(0, units, UNITS_AT_ONCE):
        block = slice(start, min(start + UNITS_AT_ONCE, units))
        traces[:, block] = _fluoresce(
            rates_of(truth, block.stop - block.start, generator), noise, generator
        )
    return traces


def _rates(truth: Truth, units: int, generator: np.random.Generator) -> np.ndarray:
    """(T, units) spikes/s: tuned to the angle, some also to the other latent, speed, gratings,
    movie.
    """
    angle = np.arctan2(truth.latent[:, 1], truth.latent[:, 0])[:, None]
    preferred = generator.uniform(-np.pi, np.pi, units)
    rates = 0.2 + 5.0 * np.exp(3.0 * (np.cos(angle - preferred) - 1.0))
    rates += generator.uniform(0, 3.0, units) * np.maximum(
        truth.latent[:, 2:] * generator.choice([-1, 1], units), 0
    )
    rates += (
        _some(units, 0.3, generator) * generator.uniform(0.05, 0.2, units) * truth.speed[:, None]
    )
    orientation = generator.integers(0, DIRECTIONS, units)
    for first, end, direction, _ in truth.gratings:
        distance = np.abs(
            (direction - orientation + DIRECTIONS // 2) % DIRECTIONS - DIRECTIONS // 2
        )
        rates[first:end] += 8.0 * np.exp(-2.0 * distance)
    if len(truth.movie):
        frames = int(truth.movie[:, 2].max()) + 1
        tuning = np.stack(
            [smooth(generator.normal(size=frames), frames / 60) for _ in range(units)], axis=1
        )
        drive = 10.0 * _some(units, 0.6, generator) * np.maximum(tuning - 0.5, 0)
        rates[truth.movie[:, 0]] += drive[truth.movie[:, 2]]
    return np.asarray(rates)


def _some(units: int, share: float, generator: np.random.Generator) -> np.ndarray:
    return (generator.random(units) < share).astype(np.float64)


def _fluoresce(rates: np.ndarray, noise: float, generator: np.random.Generator) -> np.ndarray:
    """Poisson spikes through a rise-and-decay kernel (two poles), 0.2 dF/F a spike, plus noise."""
    from scipy.signal import lfilter

    spikes = generator.poisson(rates / RATE_HZ)
    rise, decay = np.exp(-1 / (RISE_S * RATE_HZ)), np.exp(-1 / (DECAY_S * RATE_HZ))
    calcium = lfilter(
        [1.0 - rise], np.convolve([1.0, -rise], [1.0, -decay]), spikes.astype(np.float64), axis=0
    )
    return (0.2 * calcium + generator.normal(scale=noise, size=calcium.shape)).astype(np.float32)
