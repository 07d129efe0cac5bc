"""Two-photon sessions of the Allen Brain Observatory (NWB 1.0), read through allensdk."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from raylab.data.allen.presentations import movie_repeats
from raylab.data.allen.process import Answer, read_with_allensdk
from raylab.data.allen.recipes import AllenOphysRecipe
from raylab.data.allen.stimuli import is_movie, label_name, stimulus_label
from raylab.data.readers.guard import guard
from raylab.data.readers.parts.align import resample
from raylab.data.readers.parts.clock.steps import Steps, steps_of
from raylab.data.readers.parts.missing import without_nan
from raylab.data.recipe_sections.activity import NeuralSpec
from raylab.data.recipe_sections.types import NanRule
from raylab.data.session import Label, Session, segments_from_time
from raylab.errors import DataError

if TYPE_CHECKING:
    import h5py

BEHAVIOUR = {"running_speed": "cm/s", "pupil_size": "px", "pupil_location": "deg"}
NOT_LABELS = {
    "start",
    "end",
    "repeat",
    "blank_sweep",
}  # allensdk numbers repeats by counting rows: raylab does not


@dataclass(frozen=True)
class Shown:
    """Rows of one stimulus table: which two-photon frames they lie on, the last one included.

    Attributes:
        first: (M,) index of the first frame.
        last: (M,) index of the last frame. It may be the first of the next row: the frame then
            belongs to that row, as in allensdk's search of a stimulus by its frame.
    """

    stimulus: str
    first: np.ndarray
    last: np.ndarray
    columns: dict[str, np.ndarray]


def read_allen_ophys(path: Path, recipe: AllenOphysRecipe) -> Session:
    """dF/F of every cell, behaviour, and the stimulus and presentation at every sample.

    Raises:
        DataError: allensdk cannot read the file or cannot be had; see `raylab.data.allen.process`.
    """
    import h5py

    # Guarded: a file that allensdk lets pass may still lack a column or mix lengths.
    with (
        read_with_allensdk(path, "ophys") as answer,
        guard(path, "allen_ophys"),
        h5py.File(answer.arrays, "r") as file,
    ):
        return session_of(file, answer, nan=recipe.traces.nan, path=path)


def session_of(file: h5py.File, answer: Answer, *, nan: NanRule, path: Path) -> Session:
    """The session in what the reader process wrote."""
    traces, stamps = np.asarray(file["dff"]), np.asarray(file["timestamps"], np.float64)
    if traces.ndim != 2 or traces.shape[1] != len(stamps):
        raise DataError(
            f"{path}: dF/F has shape {traces.shape}, its time {stamps.shape}",
            "The file is damaged.",
        )
    measured = np.isfinite(stamps)
    time = stamps[measured]
    steps = _steps(time, path)
    segments = segments_from_time(time, longest_s=steps.longest)
    tables = list(_tables(file))
    units = {name: np.asarray(column) for name, column in file["units"].items()}
    spec = NeuralSpec(path="dff", kind="calcium", nan=nan)
    neural, units, notes = without_nan(traces.T[measured].astype(np.float32), units, segments, spec)
    labels = dict(_behaviour(file, time)) | {
        name: stimulus_label(name, values[measured])
        for name, values in _labels(tables, len(stamps))
    }
    return Session(
        id=answer.metadata.get("ophys_experiment_id") or path.stem,
        animal=answer.metadata.get("specimen_name", ""),
        area=answer.metadata.get("targeted_structure") or "",
        neural=neural,
        kind="calcium",
        time=time,
        rate_hz=1 / steps.mean,
        segments=segments,
        labels={name: label for name, label in labels.items() if label.labelled.any()},
        groups={name: ids[measured] for name, ids in _groups(tables, len(stamps)).items()},
        units=units,
        notes=(*_notes(answer, int((~measured).sum())), *notes),
    )


def _steps(time: np.ndarray, path: Path) -> Steps:
    readings = steps_of(time)
    if not readings:
        raise DataError(f"{path}: its time stamps give no sampling rate", "The file is damaged.")
    return readings[-1]


def _tables(file: h5py.File) -> Iterator[Shown]:
    for name, group in file["stimulus"].items() if "stimulus" in file else ():
        columns = {key: np.asarray(column) for key, column in group.items()}
        if len(columns["start"]):
            # Of a spontaneous period `end` is the frame at which it is over, as allensdk itself
            # slices it.
            last = columns["end"] - 1 if name == "spontaneous" else columns["end"]
            yield Shown(name, columns["start"], last, _with_repeats(name, columns))


def _with_repeats(stimulus: str, columns: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    kept = {key: column for key, column in columns.items() if key not in NOT_LABELS}
    if is_movie(stimulus):
        kept["repeat"] = movie_repeats(columns["start"], columns["frame"])
    return kept


def _behaviour(file: h5py.File, time: np.ndarray) -> Iterator[tuple[str, Label]]:
    for name, unit in BEHAVIOUR.items():
        if f"behaviour/{name}" in file:
            series = file[f"behaviour/{name}"]
            values = resample(
                np.asarray(series["values"]), np.asarray(series["timestamps"]), time, "continuous"
            )
            yield name, Label.continuous(values, unit=unit)


def _labels(tables: list[Shown], samples: int) -> Iterator[tuple[str, np.ndarray]]:
    """(label, (samples,) values), NaN where another stimulus or none is shown."""
    row = shown_row(_joined(tables, "first"), _joined(tables, "last"), samples)
    names = np.full(
        samples, "", dtype=f"U{max((len(table.stimulus) for table in tables), default=1)}"
    )
    begin = 0
    for table in tables:
        own = (row >= begin) & (row < begin + len(table.first))
        names[own] = table.stimulus
        for column, values in table.columns.items():
            shown = np.full(samples, np.nan)
            shown[own] = values[row[own] - begin]
            yield label_name(table.stimulus, column), shown
        begin += len(table.first)
    yield "stimulus", names


def _groups(tables: list[Shown], samples: int) -> dict[str, np.ndarray]:
    """`presentation`, numbered by start over all stimuli, and the showings of each movie, numbered
    from 0.

    A presentation of a movie is one showing, the frames between its rows included: frames dealt to
    different splits would lie 33 ms apart, in the same transient of the indicator.
    """
    whole = [_showings(table) if "repeat" in table.columns else table for table in tables]
    first, last = _joined(whole, "first"), _joined(whole, "last")
    row = shown_row(first, last, samples)
    rank = np.append(np.argsort(np.argsort(first, kind="stable")), -1)  # row -1, none, stays -1
    groups = {"presentation": rank[row]}
    for table in whole:
        if "repeat" in table.columns:
            ids = np.append(table.columns["repeat"], -1)
            groups[label_name(table.stimulus, "repeat")] = ids[
                shown_row(table.first, table.last, samples)
            ]
    return {name: ids.astype(np.int64) for name, ids in groups.items() if (ids >= 0).any()}


def _showings(movie: Shown) -> Shown:
    """One row per showing of a movie, from the rows of its frames."""
    repeats = np.unique(movie.columns["repeat"])
    own = [movie.columns["repeat"] == repeat for repeat in repeats]
    first = np.array([movie.first[rows].min() for rows in own])
    last = np.array([movie.last[rows].max() for rows in own])
    return Shown(movie.stimulus, first, last, {"repeat": repeats})


def _joined(tables: list[Shown], name: str) -> np.ndarray:
    return np.concatenate(
        [np.zeros(0, np.int64), *(getattr(table, name) for table in tables)]
    ).astype(np.int64)


def shown_row(first: np.ndarray, last: np.ndarray, samples: int) -> np.ndarray:
    """(samples,) the row [first, last] that each frame lies in, -1 outside of all.

    Of several rows the one that began last counts.
    """
    frames = np.arange(samples)
    if not len(first):
        return np.full(samples, -1, np.int64)
    order = np.argsort(first, kind="stable")
    index = np.searchsorted(first[order], frames, side="right") - 1
    row = order[np.maximum(index, 0)]
    return np.where((index >= 0) & (frames <= last[row]), row, -1).astype(np.int64)


def _notes(answer: Answer, unmeasured: int) -> Iterator[str]:
    metadata = answer.metadata
    depth = f"{metadata['imaging_depth_um']} um deep" if metadata.get("imaging_depth_um") else ""
    place = [
        metadata.get("targeted_structure"),
        depth,
        metadata.get("cre_line"),
        metadata.get("session_type"),
    ]
    yield f"Allen two-photon: {', '.join(item for item in place if item)}."
    if unmeasured:
        yield f"{unmeasured} samples without a time stamp were left out."
    for name, reason in answer.skipped.items():
        yield f"allensdk gives no {name} ({reason})."
