"""Checks whether the units are units: a clock or a label among them gives the answer away."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from raylab.data.checks.reading import Reading
from raylab.data.checks.wording import listed, units_text
from raylab.data.session import Label
from raylab.errors import DataError

ENOUGH = 20  # samples: fewer may agree by chance
MOST_COLUMNS = 64  # of a label that are compared
REMEDY = (
    "Leave it out of the activity: make `neural.path` narrower, or choose units with "
    "`neural.units`."
)


def paths_of_others(reading: Reading) -> Iterator[str]:
    """A pattern that also matches the array of the clock or of a label."""
    if reading.recipe is None:
        return
    time = reading.recipe.time
    others = {spec.path: f"labels.{name}" for name, spec in reading.recipe.labels.items()}
    if time is not None and time.path is not None:
        others[time.path] = "time"
    for name in reading.names:
        if name in others:
            raise DataError(
                f"`neural.path` takes in '{name}', which is `{others[name]}.path`",
                "Make the pattern of `neural.path` narrower.",
            )
    yield from ()


def clock_among_units(reading: Reading) -> Iterator[str]:
    """A unit that is the time, in any unit and from any start, or that only ever increases."""
    neural, time = reading.neural, reading.session.time
    if len(neural) < ENOUGH:
        return
    steps = np.diff(neural[reading.probed].astype(np.float64), axis=0)
    is_ordered = (steps > 0).all(axis=0) | (steps < 0).all(axis=0)
    monotonic = []
    for unit in np.flatnonzero(is_ordered).tolist():
        values = neural[:, unit].astype(np.float64)
        if _is_line(values, time) and neural.shape[1] > 1:
            raise DataError(f"{reading.unit_name(unit)} of the activity is the clock", REMEDY)
        if (np.diff(values) > 0).all() or (np.diff(values) < 0).all():
            monotonic.append(unit)
    if monotonic:
        verb = "changes" if len(monotonic) == 1 else "change"
        yield (
            f"{units_text(monotonic).capitalize()} {verb} in one direction from the first sample "
            "to the last: is it a clock or a counter?"
        )


def _is_line(values: np.ndarray, time: np.ndarray) -> bool:
    """Whether values are a multiple of the time and a constant, as far as float32 can hold them."""
    centred = time - time.mean()
    slope = float(centred @ (values - values.mean()) / (centred @ centred))
    residual = np.abs(values - values.mean() - slope * centred).max()
    step = abs(slope) * float(np.median(np.diff(time)))
    return bool(residual <= 0.01 * step + 4 * np.finfo(np.float32).eps * np.abs(values).max())


def labels_among_units(reading: Reading) -> Iterator[str]:
    """A unit whose values are those of a label."""
    for name, label in reading.session.labels.items():
        samples = np.flatnonzero(label.labelled)
        if len(samples) < ENOUGH:
            continue
        probed = samples[np.linspace(0, len(samples) - 1, len(reading.probed)).astype(np.int64)]
        for column in _columns(label):
            if column[samples].min() == column[samples].max():
                continue
            equal = (reading.neural[probed] == column[probed, None]).all(axis=0)
            copies = [
                unit
                for unit in np.flatnonzero(equal).tolist()
                if np.array_equal(reading.neural[samples, unit], column[samples])
            ]
            if copies:
                units = listed([reading.unit_name(unit) for unit in copies])
                raise DataError(f"{units} of the activity has the values of label '{name}'", REMEDY)
    yield from ()


def _columns(label: Label) -> Iterator[np.ndarray]:
    """(T,) float32 values of a label as a file may hold them, one column at a time."""
    if label.kind == "discrete":
        yield label.values.astype(np.float32)
        try:
            names = np.array([float(name) for name in label.classes] + [np.nan], np.float32)
        except ValueError:  # classes that are no numbers
            return
        yield names[label.values]
        return
    for column in label.values.T[:MOST_COLUMNS]:
        yield column.astype(np.float32)
        if label.kind == "circular":
            yield np.rad2deg(column).astype(np.float32)
