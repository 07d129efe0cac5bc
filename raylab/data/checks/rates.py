"""Checks of rates: a clock in another unit of time gives rates that no recording has."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from raylab.data.checks.reading import Reading

SLOWEST_HZ = 0.1  # of a recording; slower ones are not of neural activity
FASTEST_HZ = {"calcium": 2000.0, "counts": 20_000.0, "rate": 20_000.0}
QUIET_HZ = 0.02  # a median neuron is never so quiet


def odd_sampling_rate(reading: Reading) -> Iterator[str]:
    """A sampling rate that is a thousand times too fast or too slow."""
    session, spikes = reading.session, reading.recipe is not None and reading.recipe.spikes
    if spikes or SLOWEST_HZ <= session.rate_hz <= FASTEST_HZ[session.kind]:
        return
    yield (
        f"The sampling rate is {session.rate_hz:.4g} Hz, which is unusual for {session.kind}: is "
        "the time in seconds? `time.unit` or `time.rate_hz` states it."
    )


def quiet_spikes(reading: Reading) -> Iterator[str]:
    """Spike times in ticks that were taken for seconds: all units are almost silent."""
    if reading.recipe is None or reading.recipe.spikes is None:
        return
    active = reading.units.mean[reading.units.mean > 0]
    if not len(active):
        return
    rate = float(np.median(active)) * reading.session.rate_hz
    if rate < QUIET_HZ:
        hours = len(reading.neural) / reading.session.rate_hz / 3600
        yield (
            f"The median unit fires {rate:.2g} times a second over {hours:.3g} hours: are the "
            "spike times in seconds? `spikes.tick_s` or `spikes.rate_hz` states their unit."
        )
