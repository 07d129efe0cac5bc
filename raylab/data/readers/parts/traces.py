"""The array, or the arrays, at `neural.path` -> activity (T, N)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from raylab.data.readers.files import Files
from raylab.data.readers.parts.arrays import is_list_of_arrays, numbers
from raylab.data.readers.parts.choosing import chosen_rows
from raylab.data.readers.parts.narrowing import narrowed
from raylab.data.readers.parts.trials import Trials, from_list, from_tensor, refuse_axes
from raylab.data.recipe_sections.activity import NeuralSpec
from raylab.errors import DataError


@dataclass(frozen=True, kw_only=True)
class Traces:
    """The activity at `neural.path`.

    Attributes:
        neural: (T, N) float32 of the chosen units.
        names: (N,) the path of each unit, where each has an array of its own; else empty.
        rows: (N,) the rows of the chosen units in the file.
        units: How many units the file has.
        trials: Where the activity lies in trials.
        notes: What was left out, one sentence each.
    """

    neural: np.ndarray
    names: np.ndarray
    rows: np.ndarray
    units: int
    trials: Trials | None
    notes: tuple[str, ...]


def read_traces(files: Files, spec: NeuralSpec) -> Traces:
    """The activity of the units that `neural.units` chooses.

    Raises:
        DataError: The shape does not fit `neural.layout`, or float32 cannot hold the values.
    """
    paths = files.match(spec.path, "neural.path")
    arrays = [numbers(files.read(path, "neural.path"), "neural.path") for path in paths]
    if len(arrays) == 1 and arrays[0].ndim == 1 and is_list_of_arrays(files, paths[0]):
        raise DataError(
            f"`neural.path` '{paths[0]}' is a list of arrays, not one array",
            f"For one unit per array, or one trial per matrix: `neural.path: {paths[0]}/*`. For "
            f"spike times: `spikes: {{times: {paths[0]}, units: {paths[0]}/unit, bin_s: 0.02}}`.",
        )
    names, trials = np.array([]), None
    notes: list[str] = []
    if spec.has_trials and len(arrays) == 1:
        array, trials, notes = from_tensor(arrays[0], spec.layout, paths[0])
    elif _one_per_trial(arrays, spec):
        array, trials, notes = from_list(arrays, spec.layout, paths)
    elif len(arrays) == 1 and arrays[0].ndim > 1:
        refuse_axes(arrays[0], spec.layout, paths[0])
        # The layout also says which of 1 x K is the unit.
        array = arrays[0] if spec.layout == "time_neuron" else arrays[0].T
    else:
        array, names = _of_vectors(arrays, paths), np.array(paths)
    units = array.shape[1] if array.ndim == 2 else 0
    rows = np.arange(units)
    if spec.units is not None:
        rows = chosen_rows(files, spec.units, units, "neural.units")
        array, names = array[:, rows], names[rows] if len(names) else names
        notes = [*notes, f"{len(rows)} of {units} units were chosen by `neural.units`."]
    return Traces(
        neural=narrowed(array, spec.kind),
        names=names,
        rows=rows,
        units=units,
        trials=trials,
        notes=tuple(notes),
    )


def _one_per_trial(arrays: list[np.ndarray], spec: NeuralSpec) -> bool:
    """Whether each array is a trial. Without a layout of trials, a vector is a unit."""
    if len(arrays) == 1 or not all(array.ndim == 2 for array in arrays):
        return False
    return spec.has_trials or all(array.size != max(array.shape) for array in arrays)


def _of_vectors(arrays: list[np.ndarray], paths: list[str]) -> np.ndarray:
    """(T, N) from one vector per unit."""
    if arrays[0].ndim == 0:
        raise DataError(
            f"`neural.path` '{paths[0]}' is a single value, not activity", "Check `neural.path`."
        )
    vectors = [
        array.reshape(-1) if max(array.shape, default=0) == array.size else array
        for array in arrays
    ]
    for path, values in zip(paths, vectors):
        if values.ndim != 1 or len(values) != len(vectors[0]):
            raise DataError(
                f"`neural.path` needs vectors of one length: '{path}' has shape {values.shape}, "
                f"'{paths[0]}' {vectors[0].shape}",
                "Make the pattern narrower, or name one array of all units. Where each array is a "
                "trial, set `neural.layout: trial_time_neuron` (or trial_neuron_time).",
            )
    stack = np.ma.stack if any(map(np.ma.isMaskedArray, vectors)) else np.stack
    return np.asanyarray(stack(vectors, axis=1))
