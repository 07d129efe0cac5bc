"""Time stamps -> the clock of a session: the time of its samples, its rate and its segments."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from raylab.data.readers.parts.clock.clock_checks import (
    AGREES,
    jitter_notes,
    no_step,
    refuse_backwards,
    refuse_not_finite,
    refuse_pieces,
    refuse_repeats,
    refuse_too_fast,
)
from raylab.data.readers.parts.clock.stamps import Stamps
from raylab.data.readers.parts.clock.steps import LONGEST_JITTER, PAUSE, Steps, steps_of, uniform
from raylab.data.recipe_sections.clock import TimeSpec
from raylab.data.session import segments_from_time
from raylab.errors import DataError

VISIBLE = 1e-3  # of a step: rounding below it changes nothing


@dataclass(frozen=True, kw_only=True)
class Clock:
    """When the samples of a session were taken.

    Attributes:
        time: (T,) seconds.
        rate_hz: Sampling rate between pauses.
        segments: (S, 2) sample ranges without a pause.
        notes: What is unusual about the stamps, one sentence each.
        from_1970: The stamps are dates, so the seconds count from 1970.
        is_nominal: The time between trials is not known; trials are set one after the other.
    """

    time: np.ndarray
    rate_hz: float
    segments: np.ndarray
    notes: tuple[str, ...] = ()
    from_1970: bool = False
    is_nominal: bool = False


def regular_clock(samples: np.ndarray, rate_hz: float) -> Clock:
    """A clock that a rate alone describes, without a pause. Second 0 is the file's first sample.

    Args:
        samples: (T,) the numbers of the samples in the file.
    """
    whole = np.array([[0, len(samples)]], np.int64)
    return Clock(time=samples / rate_hz, rate_hz=rate_hz, segments=whole)


def clock_of(stamps: Stamps, spec: TimeSpec, *, rate_hz: float | None, is_cut: bool) -> Clock:
    """The clock that time stamps show.

    The rate is (n - 1) / (last - first) between pauses. Stamps within one rounding unit of a
    uniform clock are that clock, and are replaced by it.

    Args:
        rate_hz: The stated rate. The stamps then only show the pauses.
        is_cut: The recipe cuts segments itself, so time may start anew at its cuts.

    Raises:
        DataError: Stamps are not finite, go backwards, repeat, jitter, or contradict `rate_hz`.
    """
    refuse_not_finite(stamps)
    if not is_cut:
        refuse_backwards(stamps)
    pause = LONGEST_JITTER if spec.resample else PAUSE
    readings = steps_of(stamps.seconds, unit_s=stamps.unit_s, spacing=stamps.spacing, pause=pause)
    if rate_hz is not None:
        return _by_rate(stamps, spec, rate_hz, readings)
    if not readings:
        raise no_step(stamps)
    steps = readings[0]
    refuse_too_fast(stamps, 1 / steps.mean)
    segments = _segments(stamps, spec, steps)
    if steps.grain and steps.is_uniform(stamps.seconds, segments):
        return _rounded(stamps, steps, segments)
    if steps.grain > steps.mean / 2:  # a unit so coarse is rounding only on a uniform clock
        steps = readings[-1]
        segments = _segments(stamps, spec, steps)
    refuse_repeats(stamps, segments)
    if spec.gap_s is None:
        refuse_pieces(stamps, segments)
    notes = [] if spec.resample else jitter_notes(stamps, steps, spec.jitter)
    if abs(steps.median - steps.mean) > max(AGREES * steps.mean, steps.grain):
        notes.append(
            f"The rate of the time stamps is {1 / steps.mean:.6g} Hz between pauses; their median "
            f"step alone would give {1 / steps.median:.6g} Hz."
        )
    return Clock(
        time=stamps.seconds,
        rate_hz=1 / steps.mean,
        segments=segments,
        notes=tuple(notes),
        from_1970=stamps.are_dates,
    )


def _rounded(stamps: Stamps, steps: Steps, segments: np.ndarray) -> Clock:
    """The uniform clock whose rounded stamps a file holds."""
    time = stamps.seconds
    notes: tuple[str, ...] = ()
    share = steps.grain / (time[-1] - time[0])
    if share > 0.1:
        raise no_step(stamps)
    if steps.grain > VISIBLE * steps.mean:
        time = uniform(time, segments, steps.mean)
        notes = (
            f"The time stamps are rounded to {steps.grain:.3g} s; they are replaced by the uniform "
            f"clock of {1 / steps.mean:.6g} Hz that they round.",
        )
    if share > AGREES:
        notes += (f"This rate is sure to {share:.0%} only: `time.rate_hz` states a better one.",)
    return Clock(
        time=time,
        rate_hz=1 / steps.mean,
        segments=segments,
        notes=notes,
        from_1970=stamps.are_dates,
    )


def _by_rate(stamps: Stamps, spec: TimeSpec, rate_hz: float, readings: list[Steps]) -> Clock:
    """The clock of a stated rate: between two pauses, samples are 1 / rate_hz apart."""
    fitting = [steps for steps in readings if _agrees(stamps, steps, rate_hz)]
    if readings and not fitting:
        raise DataError(
            f"{stamps.name} has {1 / readings[0].mean:.6g} stamps a second between pauses, "
            f"`time.rate_hz` is {rate_hz:g}",
            "Correct the rate or `time.unit`; or leave the rate out: the stamps give it.",
        )
    longest = fitting[0].longest if fitting else PAUSE / rate_hz
    segments = segments_from_time(stamps.seconds, longest_s=spec.gap_s or longest)
    time = uniform(stamps.seconds, segments, 1 / rate_hz)
    notes = []
    off = float(np.abs(time - stamps.seconds).max())
    if fitting and off > max(fitting[0].grain, 1 / rate_hz) * 1.001:
        notes.append(
            f"Samples are placed by the stated rate of {rate_hz:g} Hz, up to {off:.3g} s from "
            f"their stamps, whose rate is {1 / fitting[0].mean:.6g} Hz."
        )
    return Clock(
        time=time,
        rate_hz=rate_hz,
        segments=segments,
        notes=tuple(notes),
        from_1970=stamps.are_dates,
    )


def _agrees(stamps: Stamps, steps: Steps, rate_hz: float) -> bool:
    pauses = int((np.diff(stamps.seconds) > steps.longest).sum())
    lasting = max(len(stamps.seconds) - 1 - pauses, 1) * steps.mean
    rounding = steps.grain * (pauses + 1) / lasting
    return abs(steps.mean * rate_hz - 1) <= AGREES + rounding


def _segments(stamps: Stamps, spec: TimeSpec, steps: Steps) -> np.ndarray:
    if spec.gap_s is not None and spec.gap_s <= steps.mean:
        raise DataError(
            f"`time.gap_s` is {spec.gap_s:g} s, but samples are {steps.mean:.3g} s apart, so each "
            "would be a segment of its own",
            "Make `time.gap_s` longer, or check `time.unit`.",
        )
    return segments_from_time(stamps.seconds, longest_s=spec.gap_s or steps.longest)
