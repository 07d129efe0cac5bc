"""Spike times -> counts in bins, per trial where the file has trials."""

from __future__ import annotations

import numpy as np

from raylab.data.readers.files import Files
from raylab.data.readers.isolation.limits import allow
from raylab.data.readers.parts.activity import Activity
from raylab.data.readers.parts.arrays import vector
from raylab.data.readers.parts.labels import rows_of
from raylab.data.recipe_sections import LabelSpec, SpikesSpec
from raylab.errors import DataError

MOST_BINS = 1e12  # more is a wrong unit, and would overflow


def count_spikes(files: Files, spec: SpikesSpec, labels: dict[str, LabelSpec]) -> Activity:
    """Counts (T, N) in bins of `spec.bin_s`; with trials, T is trials x bins and each trial is a
    segment.

    Trials without a spike are kept, as trials of zeros: silence is data.
    """
    times = vector(files.read(spec.times, "spikes.times"), "spikes.times", None)
    named = files.read(spec.units, "spikes.units").reshape(-1)
    if named.dtype.kind not in "biufUS":
        raise DataError(
            f"`spikes.units` names an array of type {named.dtype}", "Check `spikes.units`."
        )
    units, unit = np.unique(named, return_inverse=True)
    start, stop = spec.window or (0.0, float(times[np.isfinite(times)].max(initial=0.0)) + 1.0)
    trial, trials = _trials(files, spec, labels, len(times))
    bins = _bins((stop - start) * spec.tick_s / spec.bin_s, trials * max(len(units), 1))
    if len(unit) != len(times) or len(trial) != len(times):
        raise DataError(
            f"`spikes` names {len(times)} times, {len(unit)} units and {len(trial)} trials",
            "Every spike has one of each: check the paths under `spikes`.",
        )
    with np.errstate(
        over="ignore", invalid="ignore"
    ):  # of times that are no times, which lie outside
        place = np.floor((times - start) * spec.tick_s / spec.bin_s + 1e-9)
    inside = (place >= 0) & (place < bins)
    flat = (trial[inside] * bins + place[inside].astype(np.int64)) * len(units) + unit[inside]
    counts = np.bincount(flat, minlength=trials * bins * len(units)).reshape(
        trials * bins, len(units)
    )
    return Activity(
        neural=counts.astype(np.float32),
        time=_clock(trials, bins, spec, start),
        rate_hz=1.0 / spec.bin_s,
        segments=np.stack([np.arange(trials), np.arange(1, trials + 1)], axis=1).astype(np.int64)
        * bins,
        rows=np.repeat(np.arange(trials), bins) if spec.trials is not None else None,
        unit_columns={"id": units},
        notes=_notes(spec, int((~inside).sum()), len(times)),
    )


def _bins(bins: float, rows: float) -> int:
    """Bins of a trial, where `rows` counts of each fit into memory."""
    if not bins < MOST_BINS:
        raise DataError(
            f"`spikes` gives {bins:.3g} bins", "Check `bin_s`, `tick_s`, `window` and the times."
        )
    allow(8.0 * bins * rows, f"a table of {rows:.0f} x {bins:.0f} spike counts")
    return int(round(bins, 6))


def _trials(
    files: Files, spec: SpikesSpec, labels: dict[str, LabelSpec], spikes: int
) -> tuple[np.ndarray, int]:
    """The trial of every spike from 0, and the number of trials."""
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
    counts = [
        len(rows_of(files, label, f"labels.{name}"))
        for name, label in labels.items()
        if not label.time
    ]
    if counts and trial.max(initial=-1) >= counts[0]:
        raise DataError(
            f"`spikes.trials` goes to {trial.max() + spec.first_trial}, the first label has "
            f"{counts[0]}",
            "Set `spikes.first_trial` to the number of the first trial.",
        )
    return trial, counts[0] if counts else int(trial.max(initial=-1)) + 1


def _clock(trials: int, bins: int, spec: SpikesSpec, start: float) -> np.ndarray:
    """Bin centres in seconds. The file has no time of a trial: trials are set one length apart, in
    order.
    """
    centres = start * spec.tick_s + (np.arange(bins) + 0.5) * spec.bin_s
    return (2 * bins * spec.bin_s * np.arange(trials)[:, None] + centres).reshape(-1)


def _notes(spec: SpikesSpec, outside: int, spikes: int) -> tuple[str, ...]:
    notes = (
        [f"{outside} of {spikes} spikes lie outside the window or its last whole bin."]
        if outside
        else []
    )
    if spec.trials is not None:
        notes.append("The time between trials is nominal.")
    return tuple(notes)
