"""Recordings whose time stamps and samples differ in number: the recipe says which to take."""

from __future__ import annotations

import dataclasses

import numpy as np

from raylab.data.readers.parts.clock.stamps import Stamps
from raylab.data.recipe_sections.activity import NeuralSpec
from raylab.data.recipe_sections.clock import TimeSpec
from raylab.data.recipe_sections.types import Take
from raylab.errors import DataError


def taken(
    samples: np.ndarray, stamps: Stamps | None, neural: NeuralSpec, time: TimeSpec, units: int
) -> tuple[np.ndarray, Stamps | None]:
    """The samples and the stamps that `neural.take` and `time.take` choose, equally many.

    Args:
        samples: (T,) the numbers of all samples of the file.
        units: How many units the file has; as many as stamps if its axes were mistaken.

    Raises:
        DataError: A range lies outside, or the numbers still differ.
    """
    wanted = None if stamps is None else _length(time.take, len(stamps.seconds))
    part = _part(neural.take, len(samples), wanted, "neural")
    samples = samples[part]
    if stamps is None:
        return samples, None
    stored = len(stamps.seconds)
    place = np.arange(stored)[_part(time.take, stored, len(samples), "time")]
    seconds = stamps.seconds[place]
    if len(seconds) != len(samples):
        section = "time" if len(seconds) > len(samples) else "neural"
        remedy = (
            f"If both are right, `{section}.take: first`, `last` or [start, stop] says which of "
            "them to take. Else check `time.path` and `neural.layout` in the recipe."
        )
        if len(seconds) == units:
            other = "neuron_time" if neural.layout == "time_neuron" else "time_neuron"
            remedy = f"The other axis of the activity fits: set `neural.layout: {other}`."
        raise DataError(
            f"{stamps.name} has {len(seconds)} time stamps, neural data {len(samples)} samples",
            remedy,
        )
    return samples, dataclasses.replace(stamps, seconds=seconds, place=place, stored=stored)


def _length(take: Take | None, stored: int) -> int:
    """How many entries are there before the other part is known."""
    return take[1] - take[0] if isinstance(take, tuple) else stored


def _part(take: Take | None, stored: int, wanted: int | None, section: str) -> slice:
    if take is None:
        return slice(0, stored)
    if isinstance(take, tuple):
        start, stop = take
        if not 0 <= start < stop <= stored:
            raise DataError(
                f"`{section}.take` is [{start}, {stop}], but there are {stored}",
                "Give [start, stop) with 0 <= start < stop <= their number.",
            )
        return slice(start, stop)
    if wanted is None:
        raise DataError(
            f"`{section}.take: {take}` takes as many samples as there are time stamps, but "
            "`time.path` names none",
            f"Give `{section}.take: [start, stop]`.",
        )
    if wanted > stored:
        return slice(0, stored)  # too few: the caller compares the numbers
    return slice(0, wanted) if take == "first" else slice(stored - wanted, stored)
