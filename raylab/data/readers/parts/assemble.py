"""A file of named arrays and a recipe -> a Session."""

from __future__ import annotations

import math

import numpy as np

from raylab.data.readers.files import Files
from raylab.data.readers.parts.activity import Activity
from raylab.data.readers.parts.arrays import numbers, unit_column, vector
from raylab.data.readers.parts.labels import label_of
from raylab.data.readers.parts.missing import without_nan
from raylab.data.readers.parts.names import name_of, stated_name
from raylab.data.readers.parts.ranges import cut_segments, given_ranges, groups_of
from raylab.data.readers.parts.spikes import count_spikes
from raylab.data.recipe import Recipe
from raylab.data.recipe_sections import SECONDS, NeuralSpec, TimeSpec
from raylab.data.session import Session, segments_from_time
from raylab.errors import DataError


def assemble(files: Files, recipe: Recipe, *, stem: str) -> Session:
    """The session that `recipe` describes, before binning.

    Raises:
        DataError: A path, column or length does not fit the file; the message names the recipe's
            key.
    """
    if recipe.spikes is not None:
        activity = count_spikes(files, recipe.spikes, recipe.labels)
    else:
        activity = _sampled(files, recipe)
    notes = list(activity.notes)
    labels = {
        name: label_of(files, name, spec, activity, recipe.time)
        for name, spec in recipe.labels.items()
    }
    given: dict[str, np.ndarray] = {
        name: given_ranges(files, name, path, activity.time) for name, path in recipe.given.items()
    }
    units = activity.unit_columns | {
        name: unit_column(files, name, path) for name, path in recipe.units.items()
    }
    segments = activity.segments
    if recipe.segments is not None:
        segments = cut_segments(segments, recipe.segments, labels)
    neural, units, more = without_nan(activity.neural, units, segments, recipe.neural)
    return Session(
        id=stated_name(files, recipe.session.id_path, recipe.session.id, "session.id_path", stem)
        or name_of(stem, "session.id"),
        animal=stated_name(
            files, recipe.session.animal_path, recipe.session.animal, "session.animal_path", stem
        ),
        area=stated_name(
            files, recipe.session.area_path, recipe.session.area, "session.area_path", stem
        ),
        neural=neural,
        kind="counts" if recipe.neural is None else recipe.neural.kind,
        time=activity.time,
        rate_hz=activity.rate_hz,
        segments=segments,
        labels=labels,
        given=given or None,
        groups=groups_of(files, recipe.groups, activity),
        units=units,
        notes=(*notes, *more),
    )


def _sampled(files: Files, recipe: Recipe) -> Activity:
    assert recipe.neural is not None  # the recipe has neural or spikes, and time with neural
    assert recipe.time is not None
    neural, names = _neural(files, recipe.neural)
    time, rate_hz, segments = _time(files, recipe.time, len(neural))
    columns = {"id": names} if len(names) else {}
    return Activity(
        neural=neural, time=time, rate_hz=rate_hz, segments=segments, unit_columns=columns
    )


def _neural(files: Files, spec: NeuralSpec) -> tuple[np.ndarray, np.ndarray]:
    """(T, N) float32, and the names of the units where a pattern matched one vector per unit."""
    paths = files.match(spec.path, "neural.path")
    arrays = [numbers(files.read(path, "neural.path"), "neural.path") for path in paths]
    if len(arrays) == 1 and arrays[0].ndim == 2:  # the layout also says which of 1 x K is the unit
        array = arrays[0] if spec.layout == "time_neuron" else arrays[0].T
        return np.ascontiguousarray(array, np.float32), np.array([])
    vectors = [
        array.reshape(-1) if max(array.shape, default=0) == array.size else array
        for array in arrays
    ]
    for path, values in zip(paths, vectors):
        if values.ndim != 1 or len(values) != len(vectors[0]):
            raise DataError(
                f"`neural.path` needs vectors of one length: '{path}' has shape {values.shape}, "
                f"'{paths[0]}' {vectors[0].shape}",
                "Make the pattern narrower, or name one array of all units.",
            )
    return np.stack(vectors, axis=1).astype(np.float32), np.array(paths)


def _time(files: Files, spec: TimeSpec, samples: int) -> tuple[np.ndarray, float, np.ndarray]:
    """Time (T,) s, sampling rate in Hz, segments."""
    if spec.path is None:
        assert spec.rate_hz is not None
        return np.arange(samples) / spec.rate_hz, spec.rate_hz, np.array([[0, samples]], np.int64)
    stamps = _stamps(files, spec)
    if len(stamps) != samples:
        raise DataError(
            f"`time.path` '{spec.path}' has {len(stamps)} samples, neural data {samples}",
            "Check `time.path` and `neural.layout` in the recipe.",
        )
    if spec.rate_hz is not None:
        return _between_pauses(stamps, spec)
    steps = np.diff(stamps)
    rate_hz = 1.0 / float(np.median(steps)) if samples > 1 and np.median(steps) > 0 else math.nan
    if not math.isfinite(rate_hz):
        raise DataError(
            f"`time.path` '{spec.path}' does not increase, so it gives no sampling rate",
            "Check `time.path` and `time.column`, or give `time.rate_hz` as well.",
        )
    tolerance = spec.gap_s * rate_hz if spec.gap_s is not None else 1.5
    return stamps, rate_hz, segments_from_time(stamps, rate_hz, tolerance=tolerance)


def _stamps(files: Files, spec: TimeSpec) -> np.ndarray:
    """The time stamps in seconds; several series matched by a pattern must share theirs."""
    assert spec.path is not None
    paths = files.match(spec.path, "time.path")
    columns = None if spec.column is None else (spec.column,)
    series = [vector(files.read(path, "time.path"), "time", columns) for path in paths]
    for path, stamps in zip(paths, series):
        if not np.array_equal(stamps, series[0]):
            raise DataError(
                f"`time.path` matches series on different clocks: '{paths[0]}' and '{path}'",
                "Resample the units onto one clock first, or read a part of them.",
            )
    return series[0] * SECONDS[spec.unit]


def _between_pauses(stamps: np.ndarray, spec: TimeSpec) -> tuple[np.ndarray, float, np.ndarray]:
    """Time, sampling rate and segments from stamps that are coarser than the samples.

    The stamps only show the pauses; between two pauses samples are 1 / rate_hz apart.
    """
    assert spec.rate_hz is not None
    gap = spec.gap_s if spec.gap_s is not None else 1.5 / spec.rate_hz
    segments = segments_from_time(stamps, 1.0, tolerance=gap)
    lengths = segments[:, 1] - segments[:, 0]
    since = np.arange(len(stamps)) - np.repeat(segments[:, 0], lengths)
    return np.repeat(stamps[segments[:, 0]], lengths) + since / spec.rate_hz, spec.rate_hz, segments
