"""The step of a clock, from time stamps that jitter, pause, or are rounded."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

PAUSE = 1.5  # steps; a longer one is a pause
MANY = 0.05  # of the steps: dropped and repeated samples are fewer
LONGEST_JITTER = 2.5  # steps; what is longer says nothing about jitter


@dataclass(frozen=True, kw_only=True)
class Steps:
    """How a clock ticks between its pauses, in seconds.

    Attributes:
        mean: (last - first) / (n - 1) inside segments: the inverse of the sampling rate.
        median: The median step.
        grain: What the stamps are rounded to; 0 where no rounding shows.
        longest: A longer step is a pause.
    """

    mean: float
    median: float
    grain: float
    longest: float

    def jitter(self, stamps: np.ndarray) -> np.ndarray:
        """How far each step is from one step, or from the few that a dropped sample leaves.

        Returns:
            (K,) shares of the mean step, without what rounding explains. Pauses are left out.
        """
        steps = np.diff(stamps)
        steps = steps[(steps >= 0) & (steps <= LONGEST_JITTER * self.mean)] / self.mean
        off = np.abs(steps - np.maximum(np.round(steps), 1))
        return np.asarray(np.maximum(off - self.grain / self.mean, 0.0))

    def is_uniform(self, stamps: np.ndarray, segments: np.ndarray) -> bool:
        """Whether all stamps lie within one rounding unit of a uniform clock."""
        return bool(np.abs(stamps - uniform(stamps, segments, self.mean)).max() <= self.grain)


def uniform(stamps: np.ndarray, segments: np.ndarray, step: float) -> np.ndarray:
    """(T,) s: samples that are `step` apart, from the first stamp of each segment on."""
    lengths = segments[:, 1] - segments[:, 0]
    since = np.arange(len(stamps)) - np.repeat(segments[:, 0], lengths)
    return np.asarray(np.repeat(stamps[segments[:, 0]], lengths) + since * step)


def steps_of(
    stamps: np.ndarray, *, unit_s: float = 1.0, spacing: float = 0.0, pause: float = PAUSE
) -> list[Steps]:
    """The steps of (T,) stamps in seconds: first with the rounding that shows, then without.

    Whether the rounding is one is seen only when the samples are laid on a uniform clock. A
    backward step belongs to no segment.

    Args:
        unit_s: The unit in which the stamps are stored, in seconds.
        spacing: Distance of neighbouring numbers of the stored type; 0 where it is exact.
        pause: Steps; a longer one is a pause.

    Returns:
        An empty list where no stamp is later than the one before it.
    """
    steps = np.diff(stamps)
    steps = steps[steps >= 0]
    if not (steps > 0).any():
        return []
    grain = max(_grain(steps, stamps, unit_s), spacing)
    readings = [_settled(steps, rounding, pause) for rounding in dict.fromkeys((grain, 0.0))]
    return [reading for reading in readings if reading.mean > 0]


def _settled(steps: np.ndarray, grain: float, pause: float) -> Steps:
    """What is a pause depends on the mean step, and the mean step on what is a pause."""
    median = mean = float(np.median(steps))
    longest = max(pause * median, median + 2 * grain)
    for _ in range(8):
        regular = steps[steps <= longest * (1 + 1e-6)]
        settled = float(regular.mean())
        longest = max(pause * settled, settled + grain)
        if settled == mean:
            break
        mean = settled
    return Steps(mean=mean, median=median, grain=grain, longest=longest)


def _grain(steps: np.ndarray, stamps: np.ndarray, unit_s: float) -> float:
    """What stamps are rounded to: all steps are whole multiples of it; 0 where nothing is.

    A clock whose steps alternate, or that drops or repeats samples, has such a unit as well. It is
    rounding where most stamps repeat and where it is a round number; a unit as long as a step,
    which a dropped sample leaves too, only where it is round and many steps are none or two of it.
    """
    noise = 4 * float(np.spacing(np.abs(stamps).max()))
    levels = np.unique(steps)
    levels = levels[np.diff(levels, prepend=-np.inf) > noise]
    apart = np.concatenate([np.diff(levels), levels[levels > noise][:1]])
    grain = float(apart.min(initial=np.inf))
    if len(levels) < 2 or not noise < grain < np.inf:
        return 0.0
    multiples = levels / grain
    if (np.abs(multiples - np.round(multiples)) > 0.05 + noise / grain).any():
        return 0.0
    median = float(np.median(steps))
    decimals = np.log10(grain / unit_s)
    is_round = abs(decimals - round(decimals)) < 1e-6 + noise / grain
    if median <= noise:
        is_rounding = True
    elif grain < 0.75 * median:
        is_rounding = is_round or grain > 0.25 * median
    else:
        uneven = (np.abs(steps - grain) > grain / 2) & (steps < 2.5 * grain)
        is_rounding = is_round and float(uneven.mean()) > MANY
    return grain + noise if is_rounding else 0.0
