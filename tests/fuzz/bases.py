"""Small recordings of every format and the recipes that read them: what the cases damage."""

from __future__ import annotations

import datetime
import itertools
import unittest.mock
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import h5py
import joblib
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import scipy.io
import scipy.sparse

from raylab.data.synth import write_session
from tests.fuzz import table_bases

Arrays = dict[str, Any]
Write = Callable[[Path, Arrays], None]
SAMPLES, UNITS = 40, 3


@dataclass(frozen=True)
class Base:
    """A format as it is fuzzed.

    Attributes:
        recipes: What may be read from the file; a case takes one.
        write: Arrays into a file; None where files are changed in place only.
        make: A whole file.
    """

    suffix: str
    recipes: tuple[dict[str, Any], ...]
    make: Callable[[Path], None]
    write: Write | None = None
    arrays: Callable[[], Arrays] = field(default=lambda: arrays())


def arrays() -> Arrays:
    """4 s at 10 Hz with a pause, labels of every kind, splits, and one column a unit."""
    generator = np.random.default_rng(0)
    time = np.arange(SAMPLES) / 10.0
    time[25:] += 2.0
    return {
        "traces": generator.integers(0, 9, (SAMPLES, UNITS)).astype(np.float64),
        "time": time,
        "speed": generator.normal(size=(SAMPLES, 2)),
        "angle": generator.uniform(0, 360, SAMPLES),
        "side": np.repeat([0, 1, 2, 1], SAMPLES // 4),
        "word": np.repeat(["left", "right", "", "left"], SAMPLES // 4),
        "slow": np.linspace(0, 1, 9),
        "stamps": np.linspace(0, 6, 9),
        "depth": np.arange(UNITS),
        "mask": np.arange(SAMPLES) < 20,
        "ranges": np.array([[2.0, 2.4], [4.5, 6.0]]),
        "name": np.array("rat7"),
        "spikes": np.sort(generator.uniform(0, 4, 60)),
        "cluster": generator.integers(0, 4, 60),
        "trial": np.sort(generator.integers(0, 5, 60)),
        "choice": np.array([0, 1, 0, 1, 1]),
    }


def sampled(
    kind: str, prefix: str = "", *, time: str | None = None, **changes: Any
) -> dict[str, Any]:
    """The recipe that reads all of `arrays` but the spikes."""
    return {
        "format": kind,
        "session": {"id_path": f"{prefix}name"},
        "neural": {"path": "traces", "kind": "counts", "nan": "interpolate"},
        "time": {"path": time or f"{prefix}time"},
        "labels": {
            "speed": {"path": f"{prefix}speed", "kind": "continuous", "unit": "m/s"},
            "angle": {"path": f"{prefix}angle", "kind": "circular", "unit": "deg", "missing": -1},
            "side": {"path": f"{prefix}side", "kind": "discrete"},
            "word": {"path": f"{prefix}word", "kind": "discrete"},
            "slow": {"path": f"{prefix}slow", "kind": "continuous", "time": f"{prefix}stamps"},
        },
        "units": {"depth": f"{prefix}depth"},
        "given": {"train": f"{prefix}mask", "test": f"{prefix}ranges"},
        **changes,
    }


def spiking(kind: str, prefix: str = "", *, trials: bool) -> dict[str, Any]:
    """The recipe that counts the spikes, in trials or without."""
    spikes = {"times": f"{prefix}spikes", "units": f"{prefix}cluster", "bin_s": 0.5}
    if not trials:
        return {"format": kind, "spikes": spikes}
    labels = {"choice": {"path": f"{prefix}choice", "kind": "discrete"}}
    return {
        "format": kind,
        "spikes": {**spikes, "trials": f"{prefix}trial", "window": [0, 4]},
        "labels": labels,
    }


def ragged(found: Arrays) -> list[np.ndarray]:
    """The spike times of each unit, the last of which has none."""
    return [np.asarray(found["spikes"])[np.asarray(found["cluster"]) == unit] for unit in range(5)]


def with_cells(kind: str, prefix: str = "") -> tuple[dict[str, Any], ...]:
    """As `recipes`, and one for the spike times in `ragged`."""
    spikes = {"times": f"{prefix}ragged", "units": f"{prefix}ragged/unit", "bin_s": 0.5}
    return (*recipes(kind, prefix), {"format": kind, "spikes": spikes})


def recipes(kind: str, prefix: str = "") -> tuple[dict[str, Any], ...]:
    plain = {"format": kind, "neural": {"path": "traces", "kind": "rate"}, "time": {"rate_hz": 10}}
    return (
        sampled(kind, prefix),
        sampled(kind, prefix, bin=3, segments={"changes": ["side"], "jumps": {"speed": 3}}),
        {**plain, "neural": {"path": "*[ig][ml]e", "kind": "calcium"}},
        spiking(kind, prefix, trials=False),
        spiking(kind, prefix, trials=True),
    )


# -- one writer a format ---------------------------------------------------------------------------


def write_hdf5(path: Path, found: Arrays) -> None:
    with h5py.File(path, "w") as file:
        for name, value in found.items():
            place = name if name == "traces" else f"group/{name}"
            file[place] = (
                [str(item) for item in value.ravel()]
                if _is_text(value) and value.ndim
                else _stored(value)
            )
        file["group"].attrs["unit"] = "s"
        file["linked"] = h5py.SoftLink("/group/time")
        rows = file.create_dataset("group/ragged", (5,), h5py.vlen_dtype(np.float64))
        for unit, times in enumerate(ragged(found)):
            rows[unit] = times


def write_mat73(path: Path, found: Arrays) -> None:
    with h5py.File(path, "w", userblock_size=512) as file:
        for name, value in found.items():
            array = _stored(value)
            text = _is_text(value) and value.ndim == 0
            file[name] = (
                np.array([[ord(letter)] for letter in str(value)], np.uint16)
                if text
                else _turned(array)
            )
            if text:
                file[name].attrs["MATLAB_class"] = np.bytes_("char")
        cells = [file.create_dataset(f"#refs#/{k}", data=x) for k, x in enumerate(ragged(found))]
        file["ragged"] = np.array([[cell.ref for cell in cells]], h5py.ref_dtype)
        file["ragged"].attrs["MATLAB_class"] = np.bytes_("cell")
        matrix, group = scipy.sparse.csc_matrix(np.eye(4)), file.create_group("sparse")
        group.attrs["MATLAB_sparse"] = np.uint64(4)
        group["data"], group["ir"], group["jc"] = matrix.data, matrix.indices, matrix.indptr
    with path.open("r+b") as raw:
        raw.write(b"MATLAB 7.3 MAT-file".ljust(512))


def _turned(array: Any) -> Any:
    return (
        np.asarray(array).T
        if isinstance(array, np.ndarray) and array.dtype.kind in "biufc"
        else array
    )


def write_mat5(path: Path, found: Arrays, *, compress: bool = False) -> None:
    group = {name: value for name, value in found.items() if name != "traces"}
    cells = np.empty((5, 1), object)
    cells[:, 0] = ragged(found)
    group["ragged"] = cells
    values = {"traces": found.get("traces"), "group": group, "cells": np.array([1, "a"], object)}
    values["sparse"] = scipy.sparse.csc_matrix(np.eye(4))
    kept = {name: value for name, value in values.items() if value is not None}
    save_mat(path, kept, do_compression=compress)


def save_mat(path: Path, values: dict[str, Any], **settings: Any) -> None:
    """`savemat` without the date, so that equal seeds give equal bytes."""
    scipy.io.savemat(path, values, **settings)
    with path.open("r+b") as raw:
        raw.write(b"MATLAB 5.0 MAT-file".ljust(116))


def write_mat5_packed(path: Path, found: Arrays) -> None:
    write_mat5(path, found, compress=True)


def write_npy(path: Path, found: Arrays) -> None:
    np.save(path, found["traces"], allow_pickle=False)


def write_npz(path: Path, found: Arrays) -> None:
    np.savez(path, **found)


def write_npz_packed(path: Path, found: Arrays) -> None:
    np.savez_compressed(path, **found)


def write_joblib(path: Path, found: Arrays, *, compress: Any = 0) -> None:
    group = {name: value for name, value in found.items() if name != "traces"}
    group["ragged"] = ragged(found)
    joblib.dump(
        {"traces": found.get("traces"), "group": group, "list": [1, [2.0, "a"]]},
        path,
        compress=compress,
    )


def write_joblib_packed(path: Path, found: Arrays) -> None:
    kind = ("zlib", "gzip", "bz2", "lzma", "xz")[len(found) % 5]
    write_joblib(path, found, compress=(kind, 3))


def columns(found: Arrays) -> dict[str, Any]:
    """The arrays of a table: those of one length, (T, D) as D columns."""
    rows = len(found["time"]) if np.ndim(found.get("time")) else SAMPLES
    made: dict[str, Any] = {}
    for name, value in found.items():
        if np.ndim(value) == 2:
            made |= {f"{name}_{column}": value[:, column] for column in range(value.shape[1])}
        elif np.ndim(value) == 1:
            made[name] = value
    return {name: value for name, value in made.items() if len(value) == rows}


def write_csv(path: Path, found: Arrays) -> None:
    pd.DataFrame(columns(found)).to_csv(path, index=False)


def write_excel(path: Path, found: Arrays) -> None:
    table_bases.write_excel(path, columns(found))


def write_parquet(path: Path, found: Arrays) -> None:
    table = pa.table({name: pa.array(value) for name, value in columns(found).items()})
    pq.write_table(table, path, row_group_size=16, compression="snappy")


def write_nwb(path: Path, found: Arrays, *, cached: bool = False) -> None:
    ids = (uuid.UUID(int=number) for number in itertools.count())
    with unittest.mock.patch("hdmf.container.uuid4", side_effect=ids):
        _write_nwb(path, found, cached)


def _write_nwb(path: Path, found: Arrays, cached: bool) -> None:
    from pynwb import NWBHDF5IO, NWBFile, TimeSeries
    from pynwb.file import Subject

    start = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
    file = NWBFile("test", "rat7", start, session_id="s1", file_create_date=start)
    file.subject = Subject(subject_id="rat", age="P90D")
    for name in ("traces", "speed", "side"):
        file.add_acquisition(
            TimeSeries(name=name, data=found[name], unit="none", timestamps=found["time"])
        )
    file.add_acquisition(
        TimeSeries(name="slow", data=found["slow"], unit="none", rate=1.5, conversion=2.0)
    )
    file.add_acquisition(
        TimeSeries(name="linked", data=file.acquisition["slow"], unit="none", rate=1.5)
    )
    probe = file.create_device("probe")
    group = file.create_electrode_group("shank", description="d", location="CA1", device=probe)
    for unit in range(UNITS):
        file.add_electrode(location=f"CA{unit % 3}", group=group)
    file.add_unit_column("quality", "by hand")
    for unit in range(UNITS):
        spikes, quality = found["spikes"][unit::UNITS], ("good", "mua")[unit % 2]
        file.add_unit(spike_times=spikes, electrodes=[unit, 0], quality=quality)
    file.add_trial(start_time=0.0, stop_time=1.0)
    with NWBHDF5IO(str(path), "w") as io:
        io.write(file, cache_spec=cached)


NWB: tuple[dict[str, Any], ...] = (
    {
        "format": "nwb",
        "session": {"id_path": "identifier", "animal_path": "subject_id"},
        "neural": {"path": "acquisition/traces/data", "kind": "calcium", "nan": "drop_units"},
        "time": {"path": "acquisition/traces/timestamps"},
        "labels": {
            "speed": {"path": "acquisition/speed/data", "kind": "continuous"},
            "side": {"path": "acquisition/side/data", "kind": "discrete"},
            "slow": {
                "path": "acquisition/slow/data",
                "kind": "continuous",
                "time": "acquisition/slow/timestamps",
            },
        },
    },
    {
        "format": "nwb",
        "spikes": {"times": "units/spike_times", "units": "units/spike_unit", "bin_s": 0.5},
        "units": {"quality": "units/quality", "location": "units/electrodes/location"},
        "labels": {
            "slow": {
                "path": "acquisition/linked/data",
                "kind": "continuous",
                "time": "acquisition/linked/timestamps",
            }
        },
    },
)


def _is_text(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.dtype.kind in "US"


def _stored(value: Any) -> Any:
    """h5py has no dtype for arrays of kind U."""
    if isinstance(value, np.ndarray) and value.dtype.kind == "U":
        return np.char.encode(value, "utf-8") if value.ndim else str(value)
    return value


def make(write: Write, **changes: Any) -> Callable[[Path], None]:
    return lambda path: write(path, arrays(), **changes)


def torch_brain(form: Any) -> Callable[[Path], None]:
    return lambda path: write_session(path, samples=400, units=UNITS, form=form) and None


TABLE = (
    {**sampled("csv"), "session": {}, "neural": {"path": "traces_*", "kind": "rate"}},
    {
        "format": "csv",
        "neural": {"path": "traces_*", "kind": "calcium", "nan": "zero"},
        "time": {"path": "time"},
    },
)
for _table in TABLE:
    _table.pop("units", None)
    _table.pop("given", None)
    _table.get("labels", {}).pop("slow", None)
    _table.get("labels", {}).pop("speed", None)

NPY: tuple[dict[str, Any], ...] = (
    {"format": "npy", "neural": {"path": "array", "kind": "counts"}, "time": {"rate_hz": 10}},
    {
        "format": "npy",
        "neural": {"path": "array*", "kind": "rate", "layout": "neuron_time", "nan": "zero"},
        "time": {"rate_hz": 10},
    },
)
BASES: dict[str, Base] = {
    "hdf5": Base(".h5", with_cells("hdf5", "group/"), make(write_hdf5), write_hdf5),
    "mat5": Base(".mat", with_cells("mat", "group/"), make(write_mat5), write_mat5),
    "mat5_packed": Base(
        ".mat", with_cells("mat", "group/"), make(write_mat5_packed), write_mat5_packed
    ),
    "mat73": Base(".mat", with_cells("mat"), make(write_mat73), write_mat73),
    "npz": Base(".npz", recipes("npz"), make(write_npz), write_npz),
    "npy": Base(".npy", NPY, make(write_npy), write_npy, lambda: {"traces": arrays()["traces"]}),
    "npz_packed": Base(".npz", recipes("npz"), make(write_npz_packed), write_npz_packed),
    "joblib": Base(".jl", with_cells("joblib", "group/"), make(write_joblib), write_joblib),
    "joblib_packed": Base(
        ".jl", with_cells("joblib", "group/"), make(write_joblib_packed), write_joblib_packed
    ),
    "csv": Base(".csv", TABLE, make(write_csv), write_csv),
    "parquet": Base(
        ".parquet",
        tuple({**one, "format": "parquet"} for one in TABLE),
        make(write_parquet),
        write_parquet,
    ),
    "excel": Base(
        ".xlsx",
        tuple({**one, "format": "excel"} for one in TABLE),
        make(write_excel),
        write_excel,
    ),
    "dlc": Base(".csv", table_bases.DLC, table_bases.write_dlc_csv),
    "dlc_table": Base(".h5", table_bases.DLC, table_bases.write_dlc_table),
    "dlc_fixed": Base(".h5", table_bases.DLC, table_bases.write_dlc_fixed),
    "nwb": Base(".nwb", NWB, make(write_nwb), write_nwb),
    "nwb_cached": Base(".nwb", NWB, make(write_nwb, cached=True)),
    "torch_brain_domains": Base(
        ".h5", ({}, {"format": "torch_brain", "bin": 4}), torch_brain("domains")
    ),
    "torch_brain_masks": Base(
        ".h5", ({}, {"format": "torch_brain", "bin": 4}), torch_brain("masks")
    ),
}
