"""Stimuli of torch_brain sessions: labels and groups from the tables of their presentations."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import numpy as np

from raylab.data.allen.stimuli import stimulus_label
from raylab.data.readers.parts.arrays import numbers
from raylab.data.session import Label

if TYPE_CHECKING:
    from torch_brain.data import Data, Interval

FREQUENCIES = np.array([1, 2, 4, 8, 15])  # Hz, of temporal_frequency_id

# (label, interval table, column of ids, how many ids there are, from ids to classes). Orientations
# are numbered in the order of their angle: 8 of drifting gratings, 45 degrees apart, and 6 of
# static gratings, 30 degrees apart. Frames and repeats have no largest number here.
STIMULI: tuple[tuple[str, str, str, float, Callable[[np.ndarray], np.ndarray]], ...] = (
    ("orientation", "drifting_gratings", "orientation_id", 8, lambda ids: ids * 45),
    (
        "temporal_frequency",
        "drifting_gratings",
        "temporal_frequency_id",
        len(FREQUENCIES),
        lambda ids: FREQUENCIES[ids],
    ),
    ("static_orientation", "static_gratings", "orientation_id", 6, lambda ids: ids * 30),
    ("movie_frame", "natural_movie_one", "frame", np.inf, lambda frames: frames),
    ("movie_repeat", "natural_movie_one", "repeat", np.inf, lambda repeats: repeats),
    ("movie_two_frame", "natural_movie_two", "frame", np.inf, lambda frames: frames),
    ("movie_three_frame", "natural_movie_three", "frame", np.inf, lambda frames: frames),
    (
        "scene",
        "natural_scenes",
        "frame",
        np.inf,
        lambda frames: frames - 1,
    ),  # stored from 0, which is the blank screen
    ("noise_frame", "locally_sparse_noise", "frame", np.inf, lambda frames: frames),
)
TABLES = tuple(dict.fromkeys(table for _, table, *_ in STIMULI))
MOVIES = {  # group: table
    "movie_repeat": "natural_movie_one",
    "movie_two_repeat": "natural_movie_two",
    "movie_three_repeat": "natural_movie_three",
}


def stimulus_labels(data: Data, time: np.ndarray, notes: list[str]) -> Iterator[tuple[str, Label]]:
    """A label for each stimulus, unlabelled while it is not shown or has no valid id.

    Args:
        notes: Gets a sentence for each label with presentations that have none.
    """
    for name, place, column, count, classes in STIMULI:
        table = getattr(data, place, None)
        if table is None or column not in list(table.keys()) or not len(table):
            continue
        ids = _ids(getattr(table, column), count)
        values = np.ma.masked_array(classes(np.maximum(ids, 0)), mask=ids < 0)
        label = stimulus_label(name, values)
        yield name, label.at(_row_during(table.start, table.end, time))
        if (ids < 0).any():
            notes.append(
                f"{int((ids < 0).sum())} of {len(ids)} presentations of `{place}` have no "
                f"{column} of its table; `{name}` is unlabelled there."
            )


def _ids(stored: np.ndarray, count: float = np.inf) -> np.ndarray:
    """Stored numbers from 0 to below `count` as they are, others (such as -1 and NaN) as -1."""
    ids = numbers(np.asarray(stored), "an id")
    inside = (ids >= 0) & (ids < count) & (np.floor(ids) == ids)
    return np.where(inside, ids, -1).astype(np.int64)


def _row_during(start: np.ndarray, end: np.ndarray, time: np.ndarray) -> np.ndarray:
    """(T,) the presentation [start, end) that each sample lies in, -1 outside."""
    order = np.argsort(start, kind="stable")
    index = np.searchsorted(np.asarray(start)[order], time, side="right") - 1
    row = order[np.maximum(index, 0)]
    return np.where((index >= 0) & (time < np.asarray(end)[row]), row, -1)


def stimulus_groups(data: Data, time: np.ndarray) -> dict[str, np.ndarray]:
    """`presentation`, numbered by start over all stimuli, and the repeats of each movie."""
    tables = {name: getattr(data, name, None) for name in TABLES}
    shown = {
        name: _presentations(table)
        for name, table in tables.items()
        if table is not None and len(table)
    }
    if not shown:
        return {}
    start, end = (np.concatenate([rows[at] for rows in shown.values()]) for at in (0, 1))
    rank = np.argsort(np.argsort(start, kind="stable"))
    groups = {"presentation": np.append(rank, -1)[_row_during(start, end, time)]}
    for name, movie in MOVIES.items():
        if movie in shown:
            first, last, repeat = shown[movie]
            groups[name] = np.append(repeat, -1)[_row_during(first, last, time)]
    return {name: ids.astype(np.int64) for name, ids in groups.items()}


def _presentations(table: Interval) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(P,) start, end and number of the presentations of one stimulus.

    A table of a movie has a row a frame; a presentation is one run through it. Frames dealt to
    different splits would lie 33 ms apart, in the same transient of the indicator.
    """
    order = np.argsort(np.asarray(table.start), kind="stable")
    start, end = np.asarray(table.start)[order], np.asarray(table.end)[order]
    if "repeat" not in list(table.keys()):
        return start, end, np.arange(len(start))
    repeat = _ids(table.repeat)[order]
    first = np.flatnonzero(np.diff(repeat, prepend=repeat[0] - 1))
    return start[first], np.maximum.reduceat(end, first), repeat[first]
