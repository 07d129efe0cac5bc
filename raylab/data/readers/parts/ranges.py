"""Which samples belong together: groups, given splits, and where segments are cut."""

from __future__ import annotations

import numpy as np

from raylab.data.readers.files import Files
from raylab.data.readers.parts.activity import Activity
from raylab.data.readers.parts.arrays import numbers
from raylab.data.recipe_sections import SegmentsSpec
from raylab.data.session import Label, segments_from_mask
from raylab.errors import DataError

MOST = 2**53  # beyond it float64, in which many files hold whole numbers, skips some


def groups_of(files: Files, paths: dict[str, str], activity: Activity) -> dict[str, np.ndarray]:
    """(T,) int64 ids of the recipe's `groups`, -1 outside; spikes with trials also give `trial`."""
    ids_by_name = {} if activity.rows is None else {"trial": activity.rows.astype(np.int64)}
    for name, path in paths.items():
        key = f"groups.{name}"
        ids = numbers(files.read(path, key), key).reshape(-1)
        ids = activity.of_samples(ids, key)
        if len(ids) != len(activity.time):
            raise DataError(
                f"`{key}` has {len(ids)} values, neural data {len(activity.time)}",
                f"Check `{key}`.",
            )
        inside = np.isfinite(ids) & (ids >= 0)
        odd = ids[inside & ((ids % 1 != 0) | (ids > MOST))]
        if len(odd):
            raise DataError(
                f"`{key}` holds {odd[0]:g}, which is not a whole number",
                "Ids are 0, 1, 2 ...; -1 is none.",
            )
        ids_by_name[name] = np.where(inside, ids, -1).astype(np.int64)
    return ids_by_name


def given_ranges(files: Files, name: str, path: str, time: np.ndarray) -> np.ndarray:
    """(K, 2) sample ranges of a split.

    The file states the split as a (T,) mask or as (K, 2) times in seconds.
    """
    array = numbers(files.read(path, f"given.{name}"), f"given.{name}")
    if array.size == len(time) and array.size == max(array.shape, default=0):
        return segments_from_mask(array.reshape(-1) != 0)
    if array.ndim == 2 and array.shape[1] == 2:
        if not (array[:, 0] <= array[:, 1]).all():  # nor where one is NaN
            raise DataError(
                f"`given.{name}` has intervals that end before they start", f"Check `given.{name}`."
            )
        ranges = np.searchsorted(time, array).astype(np.int64)
        return ranges[ranges[:, 1] > ranges[:, 0]]
    raise DataError(
        f"`given.{name}` has shape {array.shape}: neither a mask of {len(time)} samples nor (K, 2) "
        "times",
        f"Check `given.{name}`.",
    )


def cut_segments(segments: np.ndarray, spec: SegmentsSpec, labels: dict[str, Label]) -> np.ndarray:
    """`segments` cut where `spec` says that neighbouring samples are not neighbours in time."""
    samples = int(segments[-1, 1])
    cuts = [segments[:, 0], segments[:, 1]]
    if spec.length is not None:
        length = int(spec.length)
        cuts.append(
            np.arange(int(spec.first) if spec.first is not None else length, samples, length)
        )
    for name in spec.changes:
        values = np.nan_to_num(labels[name].values.reshape(samples, -1))
        cuts.append(np.flatnonzero((values[1:] != values[:-1]).any(1)) + 1)
    for name, largest in spec.jumps.items():
        steps = np.abs(np.diff(labels[name].values.reshape(samples, -1), axis=0))
        cuts.append(np.flatnonzero((steps > largest).any(1)) + 1)
    edges = np.unique(np.concatenate(cuts))
    return np.stack([edges[:-1], edges[1:]], axis=1).astype(np.int64)
