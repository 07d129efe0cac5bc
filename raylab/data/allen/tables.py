"""The units and presentations of a Neuropixels session, chosen by a recipe; each choice says what
it removed.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from raylab.config.explain import did_you_mean
from raylab.data.allen.presentations import movie_repeats, touching
from raylab.data.allen.recipes import PresentationsSpec, UnitFiltersSpec
from raylab.data.allen.stimuli import is_movie
from raylab.errors import DataError

if TYPE_CHECKING:
    import h5py

# Of a presentation, what is no parameter of the stimulus.
TIMES = {"start_time", "stop_time", "duration"}
NAMES = {"id", "stimulus_name", "stimulus_block", "stimulus_condition_id"}
OPTOTAGGING = "optotagging"  # an invalid time of the laser says nothing about stimuli and spikes


@dataclass(frozen=True)
class Units:
    """Rows of the units table that are read, and their columns, with those of their peak channel.

    Attributes:
        rows: (N,) rows of the file's table.
        probes: The probes that they are on, as allensdk names them.
    """

    rows: np.ndarray
    columns: dict[str, np.ndarray]
    probes: frozenset[str]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Presentations:
    """Presentations of one stimulus in the order of time.

    Attributes:
        ids: (P,) allensdk's `stimulus_presentation_id`.
        start: (P,) seconds.
        window_s: What of a presentation is counted, from its start.
        columns: (P,) parameters, text or numbers.
        repeats: (P,) of a movie, which showing; else None.
    """

    stimulus: str
    ids: np.ndarray
    start: np.ndarray
    window_s: tuple[float, float]
    columns: dict[str, np.ndarray]
    repeats: np.ndarray | None
    notes: tuple[str, ...]


def chosen_units(file: h5py.File, filters: UnitFiltersSpec, *, path: Path) -> Units:
    """The units that pass every filter, one filter after the other.

    Raises:
        DataError: None passes, or the file lacks a column that a filter needs.
    """
    columns = _columns(file["units"]) | _of_peak_channel(file)
    kept = np.ones(len(columns["unit_id"]), bool)
    notes = []
    for name, column, passing in _tests(columns, filters, path):
        removed = int((kept & ~passing).sum())
        notes.append(
            f"unit_filters.{name}: {removed} of {int(kept.sum())} units removed, by {column}."
        )
        kept &= passing
    if not kept.any():
        raise DataError(
            f"{path}: no unit is left ({' '.join(notes)})", "Loosen `unit_filters` in the recipe."
        )
    rows = np.flatnonzero(kept)
    columns = {name: column[rows] for name, column in columns.items()}
    probes = frozenset(str(probe) for probe in columns.get("probe", ()))
    return Units(rows, columns, probes, tuple(notes))


def chosen_presentations(
    file: h5py.File, wanted: PresentationsSpec, units: Units, *, path: Path
) -> Presentations:
    """The stimulus's presentations that meet no invalid time.

    Raises:
        DataError: The session never shows the stimulus, or all its presentations are invalid.
    """
    table = _columns(file["presentations"])
    own = table["stimulus_name"] == wanted.stimulus
    if not own.any():
        raise DataError(
            f"{path}: shows no `{wanted.stimulus}`, which the recipe's `presentations.stimulus` "
            "names",
            did_you_mean(wanted.stimulus, sorted({str(name) for name in table["stimulus_name"]})),
        )
    order = np.flatnonzero(own)[np.argsort(table["start_time"][own], kind="stable")]
    table = {name: column[order] for name, column in table.items()}
    # Told apart before any is removed: the first frame of a showing may be invalid.
    frame = (
        number_or_text(table["frame"]) if is_movie(wanted.stimulus) and "frame" in table else None
    )
    repeats = movie_repeats(table["start_time"], frame) if frame is not None else None
    start, stop = table["start_time"], table["stop_time"]
    timed = np.isfinite(start) & np.isfinite(stop) & (stop >= start)
    window = wanted.window_s or _whole(start[timed], stop[timed], path)
    low, high = np.minimum(start, start + window[0]), np.maximum(stop, start + window[1])
    invalid = touching(low, high, _invalid_times(file, units.probes))
    kept = timed & ~invalid
    notes = [
        f"{int((timed & invalid).sum())} of {len(order)} presentations met an invalid time and "
        "were left out."
    ]
    if not timed.all():
        notes.append(f"{int((~timed).sum())} presentations without start and stop were left out.")
    if not kept.any():
        raise DataError(
            f"{path}: no presentation of {wanted.stimulus} is left ({' '.join(notes)})",
            "Read another.",
        )
    parameters = {name: column[kept] for name, column in table.items() if name not in TIMES | NAMES}
    return Presentations(
        wanted.stimulus,
        table["id"][kept],
        start[kept],
        window,
        parameters,
        repeats[kept] if repeats is not None else None,
        tuple(notes),
    )


def number_or_text(values: np.ndarray) -> np.ndarray:
    """Texts that are all numbers or empty as floats, NaN where empty; other texts as they are."""
    if values.dtype.kind in "biuf":
        return values.astype(np.float64)
    try:
        return np.array([float(value) if value else math.nan for value in values.tolist()])
    except ValueError:
        return values


def _tests(
    columns: dict[str, np.ndarray], filters: UnitFiltersSpec, path: Path
) -> Iterator[tuple[str, str, np.ndarray]]:
    """(filter, what it looks at, (N,) bool units that pass). A measure that is NaN passes no limit,
    as in allensdk.
    """

    def column(name: str, key: str) -> np.ndarray:
        if name not in columns:
            raise DataError(
                f"{path}: has no `{name}` of its units, which unit_filters.{key} needs",
                "Turn it off.",
            )
        return columns[name]

    if filters.good:
        yield "good", "quality", column("quality", "good") == "good"
    if filters.valid_channel:
        yield "valid_channel", "valid_data", column("valid_data", "valid_channel").astype(bool)
    if filters.in_brain:
        yield "in_brain", "structure_acronym", column("structure_acronym", "in_brain") != ""
    if filters.structures:
        yield (
            "structures",
            "structure_acronym",
            np.isin(column("structure_acronym", "structures"), filters.structures),
        )
    for key, name in (
        ("isi_violations_max", "isi_violations"),
        ("amplitude_cutoff_max", "amplitude_cutoff"),
    ):
        limit = getattr(filters, key)
        if limit != "any":
            yield f"{key} {limit:g}", name, column(name, key) <= limit
    if filters.presence_ratio_min != "any":
        limit = filters.presence_ratio_min
        yield (
            f"presence_ratio_min {limit:g}",
            "presence_ratio",
            column("presence_ratio", "presence_ratio_min") >= limit,
        )


def _of_peak_channel(file: h5py.File) -> dict[str, np.ndarray]:
    """(N,) columns of the channel on which each unit is largest; a unit whose channel is not there
    is invalid.
    """
    channels = _columns(file["channels"])
    peak = np.asarray(file["units/peak_channel_id"])
    order = np.argsort(channels["id"], kind="stable")
    place = np.minimum(np.searchsorted(channels["id"][order], peak), len(order) - 1)
    row = order[place]
    known = channels["id"][row] == peak
    of_channel = {
        name: column[row] for name, column in channels.items() if name not in ("id", "filtering")
    }
    return of_channel | {"valid_data": of_channel["valid_data"].astype(bool) & known}


def _invalid_times(file: h5py.File, probes: frozenset[str]) -> np.ndarray:
    """(I, 2) seconds of the invalid times that concern stimuli or the probes read; unknown kinds
    do.
    """
    group = file["invalid_times"]
    tags = [set(json.loads(text)) for text in group["tags"].asstr()[()]]
    others = {str(name) for name in file["channels/probe"].asstr()[()]} - probes
    concern = [not tag & (others | {OPTOTAGGING}) for tag in tags]
    times = np.stack([np.asarray(group["start_time"]), np.asarray(group["stop_time"])], axis=1)
    return times[np.array(concern, bool)]


def _whole(start: np.ndarray, stop: np.ndarray, path: Path) -> tuple[float, float]:
    """The usual length of a presentation, whole milliseconds so that sessions compare."""
    length = float(np.median(stop - start)) if len(start) else 0.0
    milliseconds = math.floor(length * 1000 + 1e-3)
    if milliseconds < 1:
        raise DataError(
            f"{path}: its presentations have no length",
            "Set `presentations.window_s` in the recipe.",
        )
    return 0.0, milliseconds / 1000


def _columns(group: h5py.Group) -> dict[str, np.ndarray]:
    """Numbers as they are, text as text."""
    import h5py

    return {
        name: np.asarray(item.asstr()[()], dtype=str)
        if h5py.check_string_dtype(item.dtype)
        else np.asarray(item)
        for name, item in group.items()
    }
