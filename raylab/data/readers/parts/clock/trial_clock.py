"""The clock of activity in trials."""

from __future__ import annotations

import dataclasses

import numpy as np

from raylab.data.readers.files import Files
from raylab.data.readers.parts.arrays import numbers
from raylab.data.readers.parts.clock.clock import Clock, clock_of
from raylab.data.readers.parts.clock.stamps import Stamps, dates_of, stamps_of, zero_of
from raylab.data.readers.parts.trials import Trials
from raylab.data.recipe_sections.clock import TimeSpec
from raylab.data.recipe_sections.types import SECONDS
from raylab.errors import DataError

NOMINAL = "The file does not state the time between trials: they are set one after the other."


def trial_clock(files: Files, spec: TimeSpec, trials: Trials, rate_hz: float | None) -> Clock:
    """When the samples of trials were taken.

    Without stamps, a rate gives the time inside a trial, and trials are set one after the other.
    The stamps are those of one trial, which all share; or one per trial, its start; or one per
    sample, which may start anew in each trial.

    Raises:
        DataError: The number of stamps fits none of these.
    """
    if spec.path is None:
        assert rate_hz is not None  # the recipe has stamps or a rate
        return _nominal(trials.place / rate_hz, trials, rate_hz)
    stamps = _stamps(files, spec, trials)
    count = len(stamps.seconds)
    if count == trials.trials and rate_hz is not None:
        return _from_starts(stamps, trials, rate_hz)
    if count == trials.longest:
        axis = clock_of(stamps, spec, rate_hz=rate_hz, is_cut=False)
        if len(axis.segments) > 1:
            raise DataError(
                f"{stamps.name} pauses inside a trial", "Check `time.path`, or set `time.gap_s`."
            )
        clock = _nominal(axis.time[trials.place], trials, axis.rate_hz)
        return dataclasses.replace(clock, notes=(*axis.notes, *clock.notes))
    if count != trials.stored_samples:
        raise DataError(
            f"{stamps.name} has {count} stamps; there are {trials.trials} trials of up to "
            f"{trials.longest} samples",
            "Give the stamps of one trial, of every sample, or with `time.rate_hz` the start of "
            "every trial.",
        )
    return _of_samples(
        dataclasses.replace(stamps, seconds=stamps.seconds[trials.stored]), spec, trials, rate_hz
    )


def _stamps(files: Files, spec: TimeSpec, trials: Trials) -> Stamps:
    """Stamps in one array, in the order of the tensor's axes, or in one array per trial."""
    assert spec.path is not None
    paths = files.match(spec.path, "time.path")
    arrays = [files.read(path, "time.path") for path in paths]
    if len(arrays) > 1:
        if len(arrays) != trials.trials:
            raise DataError(
                f"`time.path` matches {len(arrays)} arrays, there are {trials.trials} trials",
                "Make the pattern narrower.",
            )
        array = np.concatenate([array.reshape(-1) for array in arrays])
    else:
        (array,) = arrays
        shape, words = (trials.trials, trials.longest), trials.layout.split("_")
        is_turned = "trial" in words and words.index("time") < words.index("trial")
        if array.shape == shape[::-1] and (array.shape != shape or is_turned):
            array = array.T
    column = None if spec.column is None else (spec.column,)
    if column is None and array.ndim > 1:
        array = array.reshape(-1)
    array = dates_of(array)
    if array.dtype.kind not in "mM":
        array = numbers(array, "time.path")
    unit_s = spec.tick_s or SECONDS[spec.unit]
    stamps = stamps_of(array, paths[0], column, unit_s)
    start = zero_of(files, spec.zero, "time.zero", unit_s)
    return dataclasses.replace(
        stamps,
        seconds=stamps.seconds[:: spec.every] - start,
        are_dates=stamps.are_dates and spec.zero is None,
    )


def _nominal(since: np.ndarray, trials: Trials, rate_hz: float) -> Clock:
    """Trials set one after the other, two lengths apart.

    Args:
        since: (T,) seconds of each sample since any time that is the same for all trials.
    """
    lasting = float(since.max() - since.min()) + 1 / rate_hz if len(since) else 0.0
    return Clock(
        time=since + 2 * lasting * trials.row,
        rate_hz=rate_hz,
        segments=trials.segments,
        notes=(NOMINAL,),
        is_nominal=True,
    )


def _from_starts(stamps: Stamps, trials: Trials, rate_hz: float) -> Clock:
    time = stamps.seconds[trials.row] + trials.place / rate_hz
    edges = trials.segments[1:, 0]
    if not np.isfinite(time).all() or (time[edges] <= time[edges - 1]).any():
        raise DataError(
            f"{stamps.name} does not hold starts of trials: at {rate_hz:g} Hz a trial starts "
            "before the one before it ends, or has no start",
            "Check `time.path`, `time.unit` and `time.rate_hz`.",
        )
    return Clock(time=time, rate_hz=rate_hz, segments=trials.segments, from_1970=stamps.are_dates)


def _of_samples(stamps: Stamps, spec: TimeSpec, trials: Trials, rate_hz: float | None) -> Clock:
    """Stamps of every sample: of the recording, or since the start of each trial."""
    edges = trials.segments[1:, 0]
    starts_anew = bool((stamps.seconds[edges] <= stamps.seconds[edges - 1]).any())
    if starts_anew:
        lasting = float(np.ptp(stamps.seconds))
        apart = stamps.seconds + 2 * lasting * trials.row
        stamps = dataclasses.replace(stamps, seconds=apart)
    clock = clock_of(stamps, spec, rate_hz=rate_hz, is_cut=False)
    cuts = np.unique(np.concatenate([clock.segments.reshape(-1), trials.segments.reshape(-1)]))
    return dataclasses.replace(
        clock,
        segments=np.stack([cuts[:-1], cuts[1:]], axis=1),
        is_nominal=starts_anew,
        notes=(*clock.notes, NOMINAL) if starts_anew else clock.notes,
    )
