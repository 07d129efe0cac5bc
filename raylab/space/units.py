"""Values in samples: the same space then fits recordings of 1 Hz and of 100 Hz.

A path such as `view.smoothing_ms` is in milliseconds. A parameter with `unit: samples` gives its
values in samples of the prepared recording; they are converted when the recording is known.
"""

from __future__ import annotations

from collections.abc import Iterable
from statistics import median

from raylab.space.parameters import Parameter, Scalar
from raylab.space.space import Space


def in_milliseconds(space: Space, rates_hz: Iterable[float]) -> Space:
    """The space with all its parameters and points in the units of their paths.

    Args:
        rates_hz: The sampling rate of each session. Where they differ, a sample lasts as long as in
            the session in the middle.
    """
    in_samples = [name for name, parameter in space.search.items() if parameter.unit]
    if not in_samples:
        return space
    rate_hz = median(rates_hz)
    search = {
        name: _converted(parameter, rate_hz) if name in in_samples else parameter
        for name, parameter in space.search.items()
    }
    points = tuple(
        {
            name: _milliseconds(value, rate_hz) if name in in_samples else value
            for name, value in point.items()
        }
        for point in space.points
    )
    return space.model_copy(update={"search": search, "points": points})


def _converted(parameter: Parameter, rate_hz: float) -> Parameter:
    value = parameter.model_dump(mode="json", by_alias=True, exclude_unset=True, exclude={"unit"})
    for key in {"float", "categorical"} & set(value):
        value[key] = [_milliseconds(each, rate_hz) for each in value[key]]
    return Parameter.model_validate(value)


def _milliseconds(samples: Scalar, rate_hz: float) -> Scalar:
    """A number of samples in milliseconds; anything else, such as null, as it is."""
    if isinstance(samples, bool) or not isinstance(samples, int | float):
        return samples
    return 1000 * samples / rate_hz
