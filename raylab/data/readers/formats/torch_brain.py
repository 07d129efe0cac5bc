"""Two-photon sessions as `brainsets prepare allen_visual_coding_ophys_2016` writes them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from raylab.data.allen.stimuli import stimulus_label
from raylab.data.readers.formats.hdf5 import check_whole
from raylab.data.readers.guard import guard
from raylab.data.readers.parts.align import resample
from raylab.data.readers.parts.missing import without_nan
from raylab.data.readers.parts.names import name_of
from raylab.data.readers.parts.steps import PAUSE
from raylab.data.recipe import Recipe
from raylab.data.recipe_sections import NeuralSpec
from raylab.data.session import Label, Session, segments_from_mask, segments_from_time
from raylab.errors import DataError

if TYPE_CHECKING:
    from torch_brain.data import Data, Interval, RegularTimeSeries

SPLITS = ("train", "valid", "test")
TRACES = "calcium_traces/df_over_f"

FREQUENCIES = np.array([1, 2, 4, 8, 15])  # Hz, of temporal_frequency_id

# (label, interval table, column, from a stored value to a class). Orientations are numbered in the
# order of their angle: 8 of drifting gratings, 12 (30 degrees apart, of 180) are 6 distinct ones of
# static gratings.
STIMULI: tuple[tuple[str, str, str, Callable[[np.ndarray], np.ndarray]], ...] = (
    ("orientation", "drifting_gratings", "orientation_id", lambda codes: codes * 45),
    (
        "temporal_frequency",
        "drifting_gratings",
        "temporal_frequency_id",
        lambda codes: FREQUENCIES[codes],
    ),
    ("static_orientation", "static_gratings", "orientation_id", lambda codes: codes * 30),
    ("movie_frame", "natural_movie_one", "frame", lambda frames: frames),
    ("movie_repeat", "natural_movie_one", "repeat", lambda repeats: repeats),
    ("movie_two_frame", "natural_movie_two", "frame", lambda frames: frames),
    ("movie_three_frame", "natural_movie_three", "frame", lambda frames: frames),
    (
        "scene",
        "natural_scenes",
        "frame",
        lambda frames: frames - 1,
    ),  # stored from 0, which is the blank screen
    ("noise_frame", "locally_sparse_noise", "frame", lambda frames: frames),
)
TABLES = tuple(dict.fromkeys(table for _, table, _, _ in STIMULI))
MOVIES = {  # group: table
    "movie_repeat": "natural_movie_one",
    "movie_two_repeat": "natural_movie_two",
    "movie_three_repeat": "natural_movie_three",
}


def is_torch_brain(path: Path) -> bool:
    """Whether a file is an HDF5 `Data` object of torch_brain (formerly temporaldata)."""
    import h5py

    if not h5py.is_hdf5(path):
        return False
    with guard(path, "hdf5"), h5py.File(path, "r") as file:
        return str(file.attrs.get("object", "")) == "Data"


def read_torch_brain(path: Path, recipe: Recipe | None = None) -> Session:
    """The session in a file: dF/F, running speed, pupil, stimuli, given splits.

    Given splits come from per-sample masks (`train_mask` ... beside the traces) or from
    `train_domain` ... intervals. Samples in gaps of the traces' domain hold no measurement and are
    left out.
    """
    spec = (
        recipe.neural
        if recipe is not None and recipe.neural is not None
        else NeuralSpec(path=TRACES, kind="calcium")
    )
    data = _load(path)
    with guard(
        path, "torch_brain"
    ):  # what torch_brain lets pass may still lack a column or mix lengths
        return _session_of(data, spec, path)


def _session_of(data: Data, spec: NeuralSpec, path: Path) -> Session:
    series, neural = _traces(data, spec, path)
    measured = series.index_mask()
    time, rate_hz = series.timestamps[measured], float(series.sampling_rate)
    segments = segments_from_time(time, longest_s=PAUSE / rate_hz)
    whole = bool(measured.all())
    # A mask that keeps all would copy all.
    neural, units, notes = without_nan(
        neural if whole else neural[measured], _units(data), segments, spec
    )
    if not whole:
        notes.append(f"{int((~measured).sum())} samples in gaps of the recording were left out.")
    return Session(
        id=_text(data, "session.id") or name_of(path.stem, "session.id"),
        animal=_text(data, "subject.id"),
        area=_text(data, "device.target_area"),
        neural=neural,
        kind=spec.kind,
        time=time,
        rate_hz=rate_hz,
        segments=segments,
        labels=dict(_labels(data, time)),
        given=_given(data, series, measured, time),
        groups=_groups(data, time),
        units=units,
        notes=tuple(notes),
    )


def _load(path: Path) -> Data:
    """The file's content in memory: a lazy object would meet damaged parts at any later line."""
    from torch_brain.data import Data

    with guard(path, "torch_brain"):
        check_whole(path, sizes=True)
        return Data.load(path, lazy=False)


def _traces(data: Data, spec: NeuralSpec, path: Path) -> tuple[RegularTimeSeries, np.ndarray]:
    """The regular time series and its (T, N) values."""
    group, _, name = spec.path.strip("/").rpartition("/")
    try:
        series = data.get_nested_attribute(group.replace("/", "."))
        values = np.asarray(getattr(series, name), np.float32)
        return series, values.T if spec.layout == "neuron_time" else values
    except (AttributeError, KeyError):
        raise DataError(
            f"{path}: `neural.path` names '{spec.path}', which the file does not have",
            f"It has: {', '.join(sorted(data.keys()))}.",
        ) from None


def _labels(data: Data, time: np.ndarray) -> Iterator[tuple[str, Label]]:
    """Labels: behaviour first, because every session has it; then stimuli, NaN or -1 outside."""
    for name, place, column, unit in (
        ("running_speed", "running", "running_speed", "cm/s"),
        ("pupil_size", "pupil", "size", "px"),
        ("pupil_location", "pupil", "location", "deg"),
    ):
        series = getattr(data, place, None)
        if series is not None and column in list(series.keys()):
            values = resample(
                np.asarray(getattr(series, column)),
                np.asarray(series.timestamps),
                time,
                "continuous",
            )
            yield name, Label.continuous(values, unit=unit)
    for name, place, column, classes in STIMULI:
        table = getattr(data, place, None)
        if table is not None and column in list(table.keys()) and len(table):
            values = classes(np.asarray(getattr(table, column)).astype(np.int64)).astype(np.float64)
            yield name, stimulus_label(name, _during(table.start, table.end, values, time))
    # Only synthetic sessions know what drove the neurons.
    if getattr(data, "latents", None) is not None:
        latents = data.latents
        values = resample(
            np.asarray(latents.latent), np.asarray(latents.timestamps), time, "continuous"
        )
        yield "latent", Label.continuous(values)


def _during(start: np.ndarray, end: np.ndarray, values: np.ndarray, time: np.ndarray) -> np.ndarray:
    """(T,) the value of the presentation [start, end) that each sample lies in, NaN outside."""
    order = np.argsort(start, kind="stable")
    index = np.searchsorted(start[order], time, side="right") - 1
    row = order[np.maximum(index, 0)]
    return np.where((index >= 0) & (time < end[row]), values[row], np.nan)


def _groups(data: Data, time: np.ndarray) -> dict[str, np.ndarray]:
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
    groups = {
        "presentation": _during(start, end, np.argsort(np.argsort(start, kind="stable")), time)
    }
    groups |= {
        name: _during(*shown[table], time) for name, table in MOVIES.items() if table in shown
    }
    return {name: np.where(np.isnan(ids), -1, ids).astype(np.int64) for name, ids in groups.items()}


def _presentations(table: Interval) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(P,) start, end and number of the presentations of one stimulus.

    A table of a movie has a row a frame; a presentation is one run through it. Frames dealt to
    different splits would lie 33 ms apart, in the same transient of the indicator.
    """
    order = np.argsort(np.asarray(table.start), kind="stable")
    start, end = np.asarray(table.start)[order], np.asarray(table.end)[order]
    if "repeat" not in list(table.keys()):
        return start, end, np.arange(len(start))
    repeat = np.asarray(table.repeat).astype(np.int64)[order]
    first = np.flatnonzero(np.diff(repeat, prepend=repeat[0] - 1))
    return start[first], np.maximum.reduceat(end, first), repeat[first]


def _given(
    data: Data, series: RegularTimeSeries, measured: np.ndarray, time: np.ndarray
) -> dict[str, np.ndarray] | None:
    """Sample ranges of the splits the file states, in either form."""
    ranges_by_split: dict[str, np.ndarray] = {}
    for split in SPLITS:
        if f"{split}_mask" in list(series.keys()):
            ranges_by_split[split] = segments_from_mask(
                np.asarray(getattr(series, f"{split}_mask"), bool)[measured]
            )
        elif getattr(data, f"{split}_domain", None) is not None:
            domain = getattr(data, f"{split}_domain")
            ends = np.stack([np.asarray(domain.start), np.asarray(domain.end)], axis=1)
            ranges = np.searchsorted(time, ends).astype(np.int64)
            ranges_by_split[split] = ranges[ranges[:, 1] > ranges[:, 0]]
    return ranges_by_split or None


def _units(data: Data) -> dict[str, np.ndarray]:
    """The columns of `rois`, such as id and position in the imaging plane."""
    rois = getattr(data, "rois", None)
    return (
        {}
        if rois is None
        else {name: np.asarray(getattr(rois, name)) for name in list(rois.keys())}
    )


def _text(data: Data, place: str) -> str:
    try:
        value = data.get_nested_attribute(place)
    except (AttributeError, KeyError):
        return ""
    return name_of(value, place)
