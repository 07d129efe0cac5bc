"""One simulated recording in every form in which laboratories have it.

Each function writes into a folder, and returns the path of the recording.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pandas as pd
from lab_files import RATE, Recording, hdf5_file, table
from lab_folders import nwb_file, phy_folder, suite2p_folder


def suite2p(folder: Path, made: Recording) -> Path:
    path = suite2p_folder(folder / "mouse" / "suite2p", made)
    (path / "running.csv").unlink()
    behaviour = pd.DataFrame({"time_s": made.time, "position_cm": made.position})
    behaviour.to_csv(path / "behaviour.csv", index=False)
    return path


def phy(folder: Path, made: Recording) -> Path:
    return phy_folder(folder / "mouse" / "phy", made)


def caiman(folder: Path, made: Recording) -> Path:
    with h5py.File(folder / "caiman_results.hdf5", "w") as file:
        file["estimates/C"], file["params/data/fr"] = made.traces.T, RATE
        file["estimates/idx_components"] = np.arange(0, len(made.spikes), 2)
    np.save(folder / "caiman_position.npy", made.position)
    return folder / "caiman_results.hdf5"


def nwb_units(folder: Path, made: Recording) -> Path:
    return nwb_file(folder / "ephys.nwb", made)


def nwb_traces(folder: Path, made: Recording) -> Path:
    """Fluorescence with a rate and no stamps, and the speed."""
    path = folder / "ophys.nwb"
    with h5py.File(nwb_file(path, made, units=False), "r+") as file:
        series = file.create_group("processing/ophys/Fluorescence/RoiResponseSeries")
        series.attrs.update(neurodata_type="RoiResponseSeries", namespace="core")
        series["data"], series["starting_time"] = made.traces, 0.0
        series["data"].attrs.update(conversion=1.0, unit="n.a.")
        series["starting_time"].attrs.update(rate=RATE, unit="seconds")
    return path


def matlab_5(folder: Path, made: Recording) -> Path:
    from scipy.io import savemat

    cells = np.empty((len(made.spikes), 1), object)
    cells[:, 0] = [unit[:, None] for unit in made.spikes]
    behaviour = {"pos": made.position[:, None], "speed": made.speed[:, None]}
    fields = {"dff": made.traces.astype(float), "time": made.time[:, None]}
    savemat(folder / "v5.mat", {"data": {**fields, "beh": behaviour, "spikes": cells}})
    return folder / "v5.mat"


def matlab_73(folder: Path, made: Recording) -> Path:
    """HDF5 behind MATLAB's own header, arrays transposed, a cell array of references."""
    path = folder / "v73.mat"
    with h5py.File(path, "w", userblock_size=512) as file:
        data = file.create_group("data")
        data.attrs["MATLAB_class"] = np.bytes_("struct")
        arrays = {"dff": made.traces.astype(float), "time": made.time[:, None]}
        arrays |= {"beh/pos": made.position[:, None], "beh/speed": made.speed[:, None]}
        for name, values in arrays.items():
            data[name] = values.T
            data[name].attrs["MATLAB_class"] = np.bytes_("double")
        cells = np.empty((1, len(made.spikes)), h5py.ref_dtype)
        for number, unit in enumerate(made.spikes):
            file[f"#refs#/u{number}"] = unit[None]
            file[f"#refs#/u{number}"].attrs["MATLAB_class"] = np.bytes_("double")
            cells[0, number] = file[f"#refs#/u{number}"].ref
        data.create_dataset("spikes", data=cells).attrs["MATLAB_class"] = np.bytes_("cell")
    header = b"MATLAB 7.3 MAT-file, HDF5 schema 1.00 .".ljust(124) + b"\x00\x02IM"
    path.write_bytes(header + path.read_bytes()[128:])
    return path


def csv(folder: Path, made: Recording) -> Path:
    pd.DataFrame(table(made)).to_csv(folder / "session.csv", index=False)
    return folder / "session.csv"


def parquet(folder: Path, made: Recording) -> Path:
    pd.DataFrame(table(made)).to_parquet(folder / "session.parquet")
    return folder / "session.parquet"


def excel(folder: Path, made: Recording) -> Path:
    pd.DataFrame(table(made)).to_excel(folder / "session.xlsx", index=False)
    return folder / "session.xlsx"


def npy(folder: Path, made: Recording) -> Path:
    np.save(folder / "neural.npy", made.traces)
    np.save(folder / "labels.npy", made.position)
    return folder / "neural.npy"


def hdf5(folder: Path, made: Recording) -> Path:
    return hdf5_file(folder / "mouse0.h5", made)


def deeplabcut(folder: Path, made: Recording) -> Path:
    """Points of a camera at twice the rate of the traces beside them."""
    np.save(folder / "mouse1_dff.npy", made.traces)
    names: Any = pd.MultiIndex.from_product([["DLC"], ["nose"], ["x", "y", "likelihood"]])
    names.names = ["scorer", "bodyparts", "coords"]
    frames = np.arange(2 * len(made.time)) / 2
    x = np.interp(frames, np.arange(len(made.time)), made.position)
    rows = np.stack([x, 50 + np.sin(frames), np.ones_like(x)], axis=1)
    pd.DataFrame(rows, columns=names).to_csv(folder / "mouse1DLC_resnet50.csv")
    return folder


def trials(folder: Path, made: Recording) -> Path:
    """A tensor of 20 trials with their conditions."""
    path = folder / "trials"
    path.mkdir()
    np.save(path / "activity.npy", made.traces.reshape(20, -1, made.traces.shape[1]))
    np.save(path / "condition.npy", np.arange(20) % 4)
    return path


CONTINUOUS = (
    suite2p,
    phy,
    caiman,
    nwb_units,
    nwb_traces,
    matlab_5,
    matlab_73,
    csv,
    parquet,
    excel,
    npy,
    hdf5,
    deeplabcut,
)
