"""Which samples belong together: groups, given splits, and where segments are cut."""

from __future__ import annotations

import numpy as np

from raylab.data.readers.files import Files
from raylab.data.readers.labelling.group_ids import group_ids
from raylab.data.readers.parts.activity import Activity
from raylab.data.readers.parts.arrays import numbers
from raylab.data.recipe_sections.activity import SegmentsSpec
from raylab.data.session import Label, segments_from_mask
from raylab.errors import DataError


def groups_of(files: Files, paths: dict[str, str], activity: Activity) -> dict[str, np.ndarray]:
    """(T,) int64 ids of the recipe's `groups`, -1 outside; spikes with trials also give `trial`."""
    ids_by_name = {} if activity.rows is None else {"trial": activity.rows.astype(np.int64)}
    for name, path in paths.items():
        key = f"groups.{name}"
        ids = activity.of_samples(group_ids(activity.flat(files.read(path, key)), key), key)
        if len(ids) != len(activity.time):
            raise DataError(
                f"`{key}` has {len(ids)} values, neural data {len(activity.time)}",
                f"Check `{key}`.",
            )
        ids_by_name[name] = ids
    return ids_by_name


def given_ranges(
    files: Files, name: str, path: str, activity: Activity
) -> tuple[np.ndarray, list[str]]:
    """(K, 2) sample ranges of a split, and notes on what was left out.

    The file states the split as a (T,) mask or as (K, 2) times in seconds.
    """
    key, time = f"given.{name}", activity.time
    stored = activity.flat(numbers(files.read(path, key), key))
    if activity.stored is not None and stored.size == activity.stored_samples:
        stored = activity.of_samples(stored.reshape(-1), key)
    array, absent = np.ma.getdata(stored), np.ma.getmaskarray(stored)
    absent = np.asarray(absent | (array != array))  # NaN
    if array.size == len(time) and array.size == max(array.shape, default=0):
        return _given_mask(array.reshape(-1), absent.reshape(-1), key)
    if array.ndim == 2 and array.shape[1] == 2:
        return _given_times(array, np.asarray(absent.any(1)), time, key)
    raise DataError(
        f"`given.{name}` has shape {array.shape}: neither a mask of {len(time)} samples nor (K, 2) "
        "times",
        f"Check `given.{name}`.",
    )


def _given_mask(mask: np.ndarray, absent: np.ndarray, key: str) -> tuple[np.ndarray, list[str]]:
    notes = []
    if absent.any():
        notes.append(
            f"{int(absent.sum())} of {len(mask)} values of `{key}` are missing: in no split."
        )
    return segments_from_mask((mask != 0) & ~absent), notes


def _given_times(
    times: np.ndarray, absent: np.ndarray, time: np.ndarray, key: str
) -> tuple[np.ndarray, list[str]]:
    notes = []
    if absent.any():
        notes.append(
            f"{int(absent.sum())} of {len(times)} intervals of `{key}` have no start or end; they "
            "are left out."
        )
    times = times[~absent].astype(np.float64)
    backwards = np.flatnonzero(times[:, 0] > times[:, 1])
    if len(backwards):
        start, stop = times[backwards[0]]
        raise DataError(
            f"`{key}` has intervals that end before they start, such as {start:g} to {stop:g} s",
            f"Check `{key}`.",
        )
    outside = int(((times[:, 1] <= time.min()) | (times[:, 0] > time.max())).sum())
    if outside:
        notes.append(f"{outside} of {len(times)} intervals of `{key}` lie outside the recording.")
    ranges = np.searchsorted(time, times).astype(np.int64)
    return ranges[ranges[:, 1] > ranges[:, 0]], notes


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
