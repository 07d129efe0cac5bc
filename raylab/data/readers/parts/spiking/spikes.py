"""Spike times -> counts in bins, per trial where the file has trials."""

from __future__ import annotations

import numpy as np

from raylab.data.readers.files import Files
from raylab.data.readers.isolation.limits import allow
from raylab.data.readers.labelling.tables import column_of
from raylab.data.readers.parts.activity import Activity
from raylab.data.readers.parts.arrays import vector
from raylab.data.readers.parts.clock.trial_clock import NOMINAL
from raylab.data.readers.parts.labels import rows_of
from raylab.data.readers.parts.spiking.spike_times import SpikeTimes, times_of
from raylab.data.readers.parts.spiking.spike_units import units_of
from raylab.data.recipe import Recipe
from raylab.data.recipe_sections.spike_times import SpikesSpec
from raylab.errors import DataError

MOST_BINS = 1e12  # more is a wrong unit, and would overflow


def count_spikes(files: Files, recipe: Recipe) -> Activity:
    """Counts (T, N) in bins of `spikes.bin_s`; with trials, T is trials x bins and each trial is a
    segment.

    Trials and units without a spike are kept, with counts of zero: silence is data.
    """
    assert recipe.spikes is not None
    spec, stated = recipe.spikes, _stated_trials(files, recipe)
    times, units = times_of(files, spec), units_of(files, spec, list(recipe.units.values()))
    spikes, count = len(times.ticks), len(units.ids)
    trial, trials = _trials(files, spec, stated, spikes)
    _check_lengths(spec, spikes, len(units.of_spike), len(trial))
    bins = _bins(times, spec, trials * max(count, 1))
    place, is_kept = times.bins(spec.bin_s), units.of_spike >= 0
    inside = (place >= 0) & (place < bins)
    chosen = inside & is_kept
    if not chosen.any():
        raise DataError(
            f"`spikes`: none of {spikes} spikes lies in the window from "
            f"{times.start * times.tick_s:g} s, which lasts {bins * spec.bin_s:g} s",
            "Check `window`, which is in ticks, and the seconds per tick (`tick_s`, `rate_hz`).",
        )
    flat = (trial[chosen] * bins + place[chosen].astype(np.int64)) * count + units.of_spike[chosen]
    counts = np.bincount(flat, minlength=trials * bins * count).reshape(trials * bins, count)
    notes = [*units.notes, *times.notes]
    outside = int((~inside & is_kept & times.usable).sum())
    if outside:
        notes.append(
            f"{outside} of {is_kept.sum()} spikes lie outside the window or its last whole bin."
        )
    if spec.trials is not None:
        notes.append(NOMINAL)
    return Activity(
        neural=counts.astype(np.float32),
        time=_clock(trials, bins, times, spec.bin_s),
        rate_hz=1.0 / spec.bin_s,
        segments=np.stack([np.arange(trials), np.arange(1, trials + 1)], axis=1).astype(np.int64)
        * bins,
        rows=np.repeat(np.arange(trials), bins) if spec.trials is not None else None,
        stored_trials=0 if stated is None else trials,
        is_nominal=spec.trials is not None,
        unit_rows=units.rows,
        all_units=units.all_units,
        unit_columns={"id": units.ids},
        notes=tuple(notes),
    )


def _check_lengths(spec: SpikesSpec, times: int, units: int, trials: int) -> None:
    if not times == units == trials:
        rest = "" if spec.trials is None else f" and {trials} trials"
        raise DataError(
            f"`spikes` names {times} times, {units} units{rest}",
            "Every spike has one of each: check the paths under `spikes`.",
        )


def _bins(times: SpikeTimes, spec: SpikesSpec, rows: float) -> int:
    """Bins of a trial, where `rows` counts of each fit into memory."""
    bins = times.length * times.tick_s / spec.bin_s
    if not bins < MOST_BINS:
        raise DataError(
            f"`spikes` gives {bins:.3g} bins", "Check `bin_s`, `tick_s`, `window` and the times."
        )
    allow(8.0 * bins * rows, f"a table of {rows:.0f} x {bins:.0f} spike counts")
    whole = int(round(bins, 6))
    if whole < 1:
        raise DataError(
            f"`spikes` last {bins * spec.bin_s:.3g} s, which is no whole bin of {spec.bin_s:g} s",
            "Check `bin_s`, `window`, and the seconds per tick (`tick_s`, `rate_hz`).",
        )
    return whole


def _trials(
    files: Files, spec: SpikesSpec, number: int | None, spikes: int
) -> tuple[np.ndarray, int]:
    """The trial of every spike from 0, and the number of trials.

    Args:
        number: Of the trials, where labels or tables show it.
    """
    if spec.trials is None:
        return np.zeros(spikes, np.int64), 1
    stated = vector(files.read(spec.trials, "spikes.trials"), "spikes.trials", None)
    if not (np.abs(stated) < MOST_BINS).all() or (stated % 1 != 0).any():
        raise DataError(
            "`spikes.trials` holds values that are not whole numbers", "Check `spikes.trials`."
        )
    trial = stated.astype(np.int64) - spec.first_trial
    if trial.min(initial=0) < 0:
        first = int(trial.min()) + spec.first_trial
        raise DataError(
            f"`spikes.trials` has trial {first}, before `spikes.first_trial: {spec.first_trial}`",
            f"Set `spikes.first_trial: {first}`.",
        )
    if number is not None and trial.max(initial=-1) >= number:
        raise DataError(
            f"`spikes.trials` goes to {trial.max() + spec.first_trial}, the first label or table "
            f"has {number}",
            "Set `spikes.first_trial` to the number of the first trial.",
        )
    return trial, int(trial.max(initial=-1)) + 1 if number is None else number


def _stated_trials(files: Files, recipe: Recipe) -> int | None:
    """How many trials the first label has, or else the first table or group; None without any.

    The last trials may have no spike.
    """
    if recipe.spikes is None or recipe.spikes.trials is None:
        return None
    for name, label in recipe.labels.items():
        if not label.time:
            return len(rows_of(files, label, f"labels.{name}"))
    for name, table in recipe.intervals.items():
        key = f"intervals.{name}.columns"
        for label_name, spec in table.columns.items():
            column = label_name if spec.column is None else spec.column
            return len(column_of(files, table.path, column, key))
        for group in table.groups:
            return len(column_of(files, table.path, group, key))
    for name, path in recipe.groups.items():
        return files.read(path, f"groups.{name}").size
    return None


def _clock(trials: int, bins: int, times: SpikeTimes, bin_s: float) -> np.ndarray:
    """Bin centres in seconds. The file has no time of a trial: trials are set one length apart, in
    order.
    """
    centres = times.start * times.tick_s + (np.arange(bins) + 0.5) * bin_s
    return (2 * bins * bin_s * np.arange(trials)[:, None] + centres).reshape(-1)
