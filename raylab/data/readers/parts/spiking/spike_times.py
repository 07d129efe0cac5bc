"""The times of spikes in ticks, and the bins that they are counted in."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from raylab.data.readers.files import Files
from raylab.data.readers.parts.arrays import is_list_of_arrays, numbers, positive_number
from raylab.data.recipe_sections.spike_times import SpikesSpec
from raylab.errors import DataError

MOST_TICKS = 2**62  # beyond it differences overflow
FEW = 10  # spikes that may all be at whole seconds
LATE, EMPTY = 0.1, 100  # the first spike is late: by a share of the spikes' span, and by empty bins


@dataclass(frozen=True, kw_only=True)
class SpikeTimes:
    """When spikes were, in ticks of a clock, and the window in which they are counted.

    Attributes:
        ticks: (K,) whole numbers or float64.
        usable: (K,) bool, false where a time is NaN or infinite.
        tick_s: Seconds per tick.
        start: Of the first bin, in ticks.
        length: Of the window, in ticks.
        notes: What is unusual, one sentence each.
    """

    ticks: np.ndarray
    usable: np.ndarray
    tick_s: float
    start: float
    length: float
    notes: tuple[str, ...] = ()

    def bins(self, bin_s: float) -> np.ndarray:
        """(K,) the number of each spike's bin as a float, which is negative before `start`.

        Whole ticks are subtracted before they become floats, which hold no whole number above 2^53.
        """
        if self.ticks.dtype.kind == "f":
            since = self.ticks - self.start
        else:
            whole = math.floor(self.start)
            since = (self.ticks - whole) - (self.start - whole)
        with np.errstate(over="ignore", invalid="ignore"):  # of times that are no times
            return np.asarray(np.floor(since * self.tick_s / bin_s + 1e-9))


def times_of(files: Files, spec: SpikesSpec) -> SpikeTimes:
    """The times at `spikes.times`.

    Raises:
        DataError: They are no times, or the rate at `rate_path` is no rate.
    """
    stored = numbers(files.read(spec.times, "spikes.times"), "spikes.times")
    if is_list_of_arrays(files, spec.times):
        stored = stored.reshape(-1)  # a matrix, where all units have equally many spikes
    ticks = _ticks(stored)
    rate_hz = spec.rate_hz
    if spec.rate_path is not None:
        rate_hz = positive_number(files, spec.rate_path, "spikes.rate_path")
    tick_s = spec.tick_s if rate_hz is None else 1.0 / rate_hz
    usable = np.isfinite(ticks)
    notes = []
    if not usable.all():
        notes.append(
            f"Spike times that are NaN or infinite, which were left out: {(~usable).sum()}."
        )
    is_stated = rate_hz is not None or "tick_s" in spec.model_fields_set
    if not is_stated and len(ticks) > FEW and not (ticks[usable] % 1).any():
        notes.append(
            "The spike times are whole numbers and were taken for seconds; if they are samples, "
            "state `spikes.rate_hz`."
        )
    if spec.window is not None:
        start, length = spec.window[0], spec.window[1] - spec.window[0]
    else:
        start, length = _span(ticks[usable], spec.bin_s / tick_s)
    if spec.window is None and start != 0:
        notes.append(
            f"The bins start at {start * tick_s:.10g} s, before the first spike; `window` chooses "
            "another start."
        )
    return SpikeTimes(
        ticks=ticks, usable=usable, tick_s=tick_s, start=start, length=length, notes=tuple(notes)
    )


def _ticks(array: np.ndarray) -> np.ndarray:
    """(K,) whole numbers as int64, others as float64."""
    if array.dtype.kind == "b" or array.size != max(array.shape, default=0):
        raise DataError(
            f"`spikes.times` names an array of type {array.dtype} and shape {array.shape}, not one "
            "time per spike",
            "Check `spikes.times`.",
        )
    array = array.reshape(-1)
    if array.dtype.kind == "f":
        return array.astype(np.float64)
    if len(array) and (int(array.max()) > MOST_TICKS or int(array.min()) < -MOST_TICKS):
        raise DataError(
            f"`spikes.times` goes to {int(array.max())}, which is no time",
            "Check `spikes.times`: a negative number was perhaps stored as unsigned.",
        )
    return array.astype(np.int64)


def _span(ticks: np.ndarray, width: float) -> tuple[float, float]:
    """Start and length in ticks of the window where none is stated.

    It begins at 0, or at the bin of the first spike where that is before 0, or so late that most
    bins would be empty.
    """
    if not len(ticks):
        return 0.0, 1.0
    first, last = ticks.min().item(), ticks.max().item()  # whole numbers stay whole
    if max(abs(first), abs(last)) / width > MOST_TICKS:
        raise DataError(
            f"`spikes.times` goes from {first:.3g} to {last:.3g}, far beyond any recording",
            "Check `spikes.times` and its unit: `spikes.tick_s` or `spikes.rate_hz`.",
        )
    is_late = first > LATE * (last - first) and first > EMPTY * width
    start = min(math.floor(first / width) * width, first) if first < 0 or is_late else 0
    if isinstance(first, int):
        start = math.floor(start)
    # To the end of the bin of the last spike: more would be silence that nobody recorded.
    return start, (math.floor((last - start) / width) + 1) * width
