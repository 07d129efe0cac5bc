"""Arrays of samples -> the activity of a recording on its clock."""

from __future__ import annotations

import dataclasses

import numpy as np

from raylab.data.readers.files import Files
from raylab.data.readers.parts.activity import Activity
from raylab.data.readers.parts.arrays import positive_number
from raylab.data.readers.parts.clock.clock import Clock, clock_of, regular_clock
from raylab.data.readers.parts.clock.stamps import Stamps, read_stamps
from raylab.data.readers.parts.clock.taking import taken
from raylab.data.readers.parts.clock.trial_clock import trial_clock
from raylab.data.readers.parts.traces import Traces, read_traces
from raylab.data.recipe import Recipe
from raylab.data.recipe_sections.clock import TimeSpec
from raylab.errors import DataError


def sampled(files: Files, recipe: Recipe) -> Activity:
    """The activity that `neural` and `time` describe.

    Raises:
        DataError: An array is not what the recipe takes it for, or lengths differ.
    """
    assert recipe.neural is not None  # the recipe has neural or spikes, and time with neural
    assert recipe.time is not None
    traces = read_traces(files, recipe.neural)
    rate_hz = recipe.time.rate_hz
    if recipe.time.rate_path is not None:
        rate_hz = positive_number(files, recipe.time.rate_path, "time.rate_path")
    if traces.trials is not None:
        return _in_trials(files, recipe, traces, rate_hz)
    stored = len(traces.neural)
    stamps = read_stamps(files, recipe.time) if recipe.time.path is not None else None
    samples = np.arange(stored)
    if recipe.neural.take is not None or stamps is not None:
        samples, stamps = taken(samples, stamps, recipe.neural, recipe.time, traces.units)
    is_cut = recipe.segments is not None
    clock = _clock(recipe.time, stamps, samples, rate_hz=rate_hz, is_cut=is_cut)
    activity = _activity(traces, clock, samples, stored)
    if stamps is None:
        return activity
    return dataclasses.replace(activity, stamped=stamps.place, stored_stamps=stamps.stored)


def _in_trials(files: Files, recipe: Recipe, traces: Traces, rate_hz: float | None) -> Activity:
    assert recipe.neural is not None
    assert recipe.time is not None
    assert traces.trials is not None
    for section, take in (("neural", recipe.neural.take), ("time", recipe.time.take)):
        if take is not None:
            raise DataError(
                f"`{section}.take` is for one recording, but the activity lies in trials",
                f"Remove `{section}.take`.",
            )
    clock = trial_clock(files, recipe.time, traces.trials, rate_hz)
    return _activity(traces, clock, traces.trials.stored, traces.trials.stored_samples)


def _activity(traces: Traces, clock: Clock, samples: np.ndarray, stored: int) -> Activity:
    """The activity of the `samples` that are taken, of `stored` ones."""
    whole = len(samples) == stored
    is_cut = traces.trials is None and not whole  # NaN at the ends of trials are cut already
    return Activity(
        neural=traces.neural[samples] if is_cut else traces.neural,
        time=clock.time,
        rate_hz=clock.rate_hz,
        segments=clock.segments,
        trials=traces.trials,
        stored_trials=0 if traces.trials is None else traces.trials.trials,
        rows=None if traces.trials is None else traces.trials.row,
        stored=None if whole else samples,
        stored_samples=stored,
        origin_s=float(clock.time[0]) if clock.from_1970 and len(clock.time) else 0.0,
        is_nominal=clock.is_nominal,
        unit_rows=traces.rows,
        all_units=traces.units,
        unit_columns={"id": traces.names} if len(traces.names) else {},
        notes=(*traces.notes, *clock.notes),
    )


def _clock(
    spec: TimeSpec,
    stamps: Stamps | None,
    samples: np.ndarray,
    *,
    rate_hz: float | None,
    is_cut: bool,
) -> Clock:
    if stamps is not None:
        return clock_of(stamps, spec, rate_hz=rate_hz, is_cut=is_cut)
    assert rate_hz is not None  # the recipe has stamps or a rate
    return regular_clock(samples, rate_hz)
