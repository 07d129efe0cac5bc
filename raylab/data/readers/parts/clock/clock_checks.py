"""What is wrong with the time stamps of a clock: refused, or said in a note."""

from __future__ import annotations

import numpy as np

from raylab.data.readers.parts.clock.stamps import Stamps
from raylab.data.readers.parts.clock.steps import Steps
from raylab.errors import DataError

AGREES = 0.01  # of a rate: two rates that differ by more are different rates
FEW = 0.01  # of the steps: so many may be odd, as after a hiccup of the computer
FASTEST = 1e6  # Hz; of all that is recorded of neurons and animals
SHORTEST = 3.0  # samples: segments are longer on average, or the pauses are none


def refuse_not_finite(stamps: Stamps) -> None:
    values = stamps.seconds
    bad = np.flatnonzero(~np.isfinite(values))
    if len(bad):
        several = f"{len(bad)} of {len(values)} stamps are" if len(bad) > 1 else "one stamp is"
        raise DataError(
            f"{stamps.name}: {several} no number: {bad[0]} is "
            f"{'NaN' if np.isnan(values[bad[0]]) else values[bad[0]]}",
            "Every sample needs a time: fill the stamps in, or choose a part of the recording "
            "with `time.take` and `neural.take`; or give `time.rate_hz` without stamps.",
        )


def refuse_too_fast(stamps: Stamps, rate_hz: float) -> None:
    """Raise a DataError where no recording has that rate, as with stamps in days."""
    if rate_hz > FASTEST:
        raise DataError(
            f"{stamps.name} has {rate_hz:.3g} stamps a second, more than any recording",
            "Check `time.unit`. `time.tick_s: 86400` reads days, as dates of MATLAB and Excel are "
            "stored.",
        )


def jitter_notes(stamps: Stamps, steps: Steps, most: float) -> list[str]:
    """A note on the steps that are odd.

    Raises:
        DataError: Many are.
    """
    jitter = steps.jitter(stamps.seconds)
    odd = int((jitter > most + 1e-6).sum())
    if not odd:
        return []
    what = (
        f"{odd} of {len(jitter)} steps of the time stamps are off by more than {most:g} of a step"
    )
    if odd > 1 and odd > FEW * len(jitter):
        raise DataError(
            f"{stamps.name}: {what}, up to {jitter.max():.2g}",
            "`time.resample: true` interpolates onto a uniform clock; `time.jitter` allows more; "
            "with `time.rate_hz` the stamps only show pauses.",
        )
    return [f"{what}."]


def no_step(stamps: Stamps) -> DataError:
    return DataError(
        f"{stamps.name} does not increase, so it gives no sampling rate",
        "Check `time.path` and `time.column`, or give `time.rate_hz` as well.",
    )


def refuse_backwards(stamps: Stamps) -> None:
    back = np.flatnonzero(np.diff(stamps.seconds) < 0) + 1
    if len(back):
        at = int(back[0])
        raise DataError(
            f"{stamps.name} goes backwards: stamp {at} is {stamps.seconds[at]:.10g} s, the one "
            f"before it {stamps.seconds[at - 1]:.10g} s ({len(back)} such stamps)",
            "Sort the recording by time. Where time starts anew in each trial, give "
            "`time.rate_hz` alone and `segments`.",
        )


def refuse_repeats(stamps: Stamps, segments: np.ndarray) -> None:
    repeats = np.flatnonzero(np.diff(stamps.seconds) == 0) + 1
    repeats = repeats[~np.isin(repeats, segments[:, 0])]
    if len(repeats):
        at = int(repeats[0])
        raise DataError(
            f"{stamps.name} repeats stamps: {at} is {stamps.seconds[at]:.10g} s, as the one before "
            f"it ({len(repeats)} such stamps)",
            "Remove the repeated samples. If the stamps are coarser than the samples, give "
            "`time.rate_hz` as well: the stamps then only show the pauses.",
        )


def refuse_pieces(stamps: Stamps, segments: np.ndarray) -> None:
    if len(segments) > 2 and len(stamps.seconds) / len(segments) < SHORTEST:
        raise DataError(
            f"{stamps.name} pauses so often that {len(segments)} segments of "
            f"{len(stamps.seconds) / len(segments):.2g} samples remain",
            "Set `time.gap_s` to the shortest pause in seconds, or give `time.rate_hz` as well.",
        )
