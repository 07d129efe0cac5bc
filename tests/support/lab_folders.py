"""Suite2p, phy and NWB recordings as a laboratory has them, written from one simulation."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from lab_files import RATE, Recording


def suite2p_folder(folder: Path, made: Recording) -> Path:
    """One plane, with the speed in a table beside it."""
    plane = folder / "plane0"
    plane.mkdir(parents=True)
    cells = made.traces.shape[1]
    is_cell = np.stack([np.arange(cells) % 5 != 0, np.linspace(0, 1, cells)], axis=1)
    neuropil = 0.2 * made.traces.mean(1, keepdims=True) + np.zeros_like(made.traces)
    options: Any = {"fs": RATE, "nframes": len(made.time), "nplanes": 1, "tau": 1.0}
    for name, array in {
        "F": made.traces.T,
        "Fneu": neuropil.T.astype(np.float32),
        "spks": made.counts.T.astype(np.float32),
        "iscell": is_cell.astype(float),
    }.items():
        np.save(plane / f"{name}.npy", array)
    np.save(plane / "ops.npy", options, allow_pickle=True)
    stamps = np.arange(0, made.time[-1] + 0.1, 0.1)
    speed = np.interp(stamps, made.time, made.speed)
    table = pd.DataFrame({"time_s": stamps, "speed_cm_s": speed})
    table.to_csv(folder / "running.csv", index=False)
    return folder


def phy_folder(folder: Path, made: Recording, *, rate_hz: float = 30_000.0) -> Path:
    """Spikes in samples, and the position with its stamps in the same folder."""
    folder.mkdir(parents=True)
    times = np.concatenate(made.spikes)
    clusters = np.repeat(2 * np.arange(len(made.spikes)), [len(unit) for unit in made.spikes])
    order = np.argsort(times)
    np.save(folder / "spike_times.npy", np.floor(times[order] * rate_hz).astype(np.uint64)[:, None])
    np.save(folder / "spike_clusters.npy", clusters[order].astype(np.int32))
    groups = ["mua" if number % 4 == 3 else "good" for number in range(len(made.spikes))]
    table = pd.DataFrame({"cluster_id": 2 * np.arange(len(groups)), "group": groups})
    table.to_csv(folder / "cluster_group.tsv", sep="\t", index=False)
    (folder / "params.py").write_text(f"dat_path = 'a.dat'\nsample_rate = {rate_hz}\n")
    np.save(folder / "position.npy", made.position)
    np.save(folder / "position_times.npy", made.time)
    return folder


def nwb_file(path: Path, made: Recording, *, units: bool = True) -> Path:
    """Units, a SpatialSeries, the running speed and a table of trials."""
    from pynwb import NWBHDF5IO, NWBFile, TimeSeries
    from pynwb.behavior import Position

    file = NWBFile(
        session_description="a mouse on a track",
        identifier="mouse3",
        session_start_time=datetime(2026, 1, 1, tzinfo=UTC),
    )
    for unit in made.spikes if units else ():
        file.add_unit(spike_times=unit)
    behaviour = file.create_processing_module(name="behavior", description="behaviour")
    position = Position(name="Position")
    position.create_spatial_series(
        name="SpatialSeries",
        data=made.position[:, None],
        timestamps=made.time,
        reference_frame="start of the track",
        unit="cm",
    )
    behaviour.add(position)
    behaviour.add(TimeSeries(name="running_speed", data=made.speed, rate=RATE, unit="cm/s"))
    file.add_trial_column(name="condition", description="side of the reward")
    for number in range(int(made.time[-1] // 5)):
        start = 5.0 * number
        file.add_trial(start_time=start, stop_time=start + 4, condition="lr"[number % 2])
    with NWBHDF5IO(str(path), "w") as io:
        io.write(file)
    return path
