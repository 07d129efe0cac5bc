"""Checks of the activity: its shape, and whether its numbers are what its kind says."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from raylab.data.checks.reading import Reading
from raylab.data.checks.wording import units_text
from raylab.errors import DataError

LARGEST_COUNT = 50  # a larger whole number is rather the raw brightness of a camera
FASTEST_HZ = 1000  # no neuron fires so fast for long, nor do the few that one channel records
USUAL = 0.9  # of the values that are not 0
HUGE = 1e4  # times what these values stay below
MOST_PROBED = 2**21  # values from which that level is estimated


def more_units_than_samples(reading: Reading) -> Iterator[str]:
    """An array that was perhaps stored the other way round."""
    samples, units = reading.neural.shape
    spec = reading.recipe.neural if reading.recipe is not None else None
    if units <= samples or spec is None or len(reading.names) > 1:
        return
    what = f"more units ({units}) than samples ({samples})"
    if "layout" not in spec.model_fields_set:
        raise DataError(
            f"the activity has {what}: is it stored as (units, samples)?",
            "State `neural.layout: neuron_time`; or `neural.layout: time_neuron` if there are so "
            "many units.",
        )
    yield f"The session has {what}, as `neural.layout: {spec.layout}` says."


def counts_are_counts(reading: Reading) -> Iterator[str]:
    """Spike counts are whole numbers from 0."""
    units = reading.units
    if reading.session.kind != "counts":
        return
    broken = np.flatnonzero(~units.whole | (units.low < 0))
    if len(broken):
        unit = int(broken[0])
        odd = reading.neural[:, unit]
        value = odd[(odd < 0) | (odd != np.rint(odd))][0]
        name = "`neural.kind`" if reading.recipe is not None else "the kind of the activity"
        raise DataError(
            f"{name} is counts, but {len(broken)} of {len(units.low)} units have values that are "
            f"negative or not whole, such as {value:.6g} of {reading.unit_name(unit)}",
            "State `neural.kind: calcium` for fluorescence, or `rate` for rates and for counts "
            "that were smoothed or scaled.",
        )
    fast = np.flatnonzero(units.mean * reading.session.rate_hz > FASTEST_HZ)
    if len(fast):
        rate = (units.mean * reading.session.rate_hz).max()
        yield (
            f"{len(fast)} units have more than {FASTEST_HZ} counts per second on average (up to "
            f"{rate:,.0f}): are these spike counts, and is the clock right?"
        )


def looks_like_counts(reading: Reading) -> Iterator[str]:
    """Activity of another kind whose values are all small whole numbers."""
    units = reading.units
    if reading.session.kind == "counts" or not units.whole.all():
        return
    if units.low.min() == 0 and 1 < units.high.max() <= LARGEST_COUNT:
        yield (
            f"All values are whole numbers from 0 to {units.high.max():.0f}: is the kind of the "
            f"activity counts, not {reading.session.kind}?"
        )


def huge_values(reading: Reading) -> Iterator[str]:
    """Values that stand for something else, such as 1e20 for a missing value."""
    units = reading.units
    if reading.session.kind == "counts":
        return
    step = max(1, reading.neural.size // MOST_PROBED)
    values = np.abs(reading.neural[::step])
    values = values[values > 0]
    typical = float(np.quantile(values, USUAL)) if values.size else 0.0
    size = np.maximum(np.abs(units.low), np.abs(units.high))
    huge = np.flatnonzero(size > HUGE * typical) if typical > 0 else np.array([], np.int64)
    if len(huge):
        unit = huge[size[huge].argmax()]
        value = units.low[unit] if -units.low[unit] > units.high[unit] else units.high[unit]
        yield (
            f"{len(huge)} of {len(size)} units have a value as large as {value:.3g}, while most "
            f"values are within {typical:.3g}: does it mark missing data?"
        )


def equal_units(reading: Reading) -> Iterator[str]:
    """A unit that is in the file twice. Units that never vary are left out by `prepare`."""
    units = reading.units
    varying = np.flatnonzero(units.low < units.high)
    _, first, place = np.unique(units.hashes[varying], return_index=True, return_inverse=True)
    copies = [
        int(unit)
        for unit, original in zip(varying, varying[first][place])
        if unit != original and np.array_equal(reading.neural[:, unit], reading.neural[:, original])
    ]
    if copies:
        yield (
            f"{len(copies)} of {len(units.low)} units are copies of another unit: "
            f"{units_text(copies)}."
        )
