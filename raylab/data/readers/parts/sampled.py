"""Arrays of samples -> the activity of a recording on its clock."""

from __future__ import annotations

import numpy as np

from raylab.data.readers.files import Files
from raylab.data.readers.parts.activity import Activity
from raylab.data.readers.parts.arrays import numbers, positive_number
from raylab.data.readers.parts.clock import Clock, clock_of, regular_clock
from raylab.data.readers.parts.stamps import Stamps, read_stamps
from raylab.data.readers.parts.taking import taken
from raylab.data.recipe import Recipe
from raylab.data.recipe_sections import NeuralSpec, TimeSpec
from raylab.errors import DataError


def sampled(files: Files, recipe: Recipe) -> Activity:
    """The activity that `neural` and `time` describe.

    Raises:
        DataError: An array is not what the recipe takes it for, or lengths differ.
    """
    assert recipe.neural is not None  # the recipe has neural or spikes, and time with neural
    assert recipe.time is not None
    neural, names = _neural(files, recipe.neural)
    stored = len(neural)
    stamps = read_stamps(files, recipe.time) if recipe.time.path is not None else None
    samples = np.arange(stored)
    if recipe.neural.take is not None or stamps is not None:
        samples, stamps = taken(samples, stamps, recipe.neural, recipe.time)
    clock = _clock(files, recipe.time, stamps, len(samples), is_cut=recipe.segments is not None)
    whole = len(samples) == stored
    return Activity(
        neural=neural if whole else neural[samples],
        time=clock.time,
        rate_hz=clock.rate_hz,
        segments=clock.segments,
        stored=None if whole else samples,
        stored_samples=stored,
        origin_s=float(clock.time[0]) if clock.from_1970 and len(clock.time) else 0.0,
        unit_columns={"id": names} if len(names) else {},
        notes=clock.notes,
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


def _clock(
    files: Files, spec: TimeSpec, stamps: Stamps | None, samples: int, *, is_cut: bool
) -> Clock:
    rate_hz = spec.rate_hz
    if spec.rate_path is not None:
        rate_hz = positive_number(files, spec.rate_path, "time.rate_path")
    if stamps is not None:
        return clock_of(stamps, spec, rate_hz=rate_hz, is_cut=is_cut)
    assert rate_hz is not None  # the recipe has stamps or a rate
    return regular_clock(samples, rate_hz)
