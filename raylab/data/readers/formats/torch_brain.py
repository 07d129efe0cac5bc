"""Two-photon sessions as `brainsets prepare allen_visual_coding_ophys_2016` writes them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from raylab.data.readers.formats.hdf5 import check_whole
from raylab.data.readers.formats.torch_brain_stimuli import stimulus_groups, stimulus_labels
from raylab.data.readers.guard import guard
from raylab.data.readers.parts.align import resample
from raylab.data.readers.parts.clock.steps import PAUSE
from raylab.data.readers.parts.missing import without_nan
from raylab.data.readers.parts.names import name_of
from raylab.data.recipe import Recipe
from raylab.data.recipe_sections.activity import NeuralSpec
from raylab.data.session import Label, Session, segments_from_mask, segments_from_time
from raylab.errors import DataError

if TYPE_CHECKING:
    from torch_brain.data import Data, RegularTimeSeries

SPLITS = ("train", "valid", "test")
TRACES = "calcium_traces/df_over_f"


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
    labels = dict(_labels(data, time, notes))
    return Session(
        id=_text(data, "session.id") or name_of(path.stem, "session.id"),
        animal=_text(data, "subject.id"),
        area=_text(data, "device.target_area"),
        neural=neural,
        kind=spec.kind,
        time=time,
        rate_hz=rate_hz,
        segments=segments,
        labels=labels,
        given=_given(data, series, measured, time),
        groups=stimulus_groups(data, time),
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
    if spec.has_trials or spec.take is not None or spec.units is not None:
        raise DataError(
            f"{path}: session files of torch_brain hold one recording of all units",
            "Remove `neural.take` and `neural.units`; `neural.layout` is time_neuron or "
            "neuron_time.",
        )
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


def _labels(data: Data, time: np.ndarray, notes: list[str]) -> Iterator[tuple[str, Label]]:
    """Labels: behaviour first, because every session has it; then stimuli, unlabelled outside."""
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
    yield from stimulus_labels(data, time, notes)
    # Only synthetic sessions know what drove the neurons.
    if getattr(data, "latents", None) is not None:
        latents = data.latents
        values = resample(
            np.asarray(latents.latent), np.asarray(latents.timestamps), time, "continuous"
        )
        yield "latent", Label.continuous(values)


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
