"""Drafts for the folders and files of known tools, run as they are written."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import h5py
import numpy as np
import pandas as pd
import pytest
from lab_files import RATE, Recording, assert_read, drafted_session, recording, table

import raylab

if TYPE_CHECKING:
    from pynwb import NWBFile


@pytest.fixture(scope="module")
def made() -> Recording:
    return recording()


def test_suite2p_with_the_speed_of_a_table(made: Recording, tmp_path: Path) -> None:
    plane = tmp_path / "mouse1" / "suite2p" / "plane0"
    plane.mkdir(parents=True)
    fluorescence = np.maximum(made.traces.T, 50)
    np.save(plane / "F.npy", fluorescence)
    np.save(plane / "Fneu.npy", np.full_like(fluorescence, 10))
    np.save(plane / "spks.npy", fluorescence)
    np.save(plane / "iscell.npy", np.ones((len(fluorescence), 2)))
    np.save(plane / "ops.npy", np.array({"fs": RATE, "nframes": len(made.time)}), allow_pickle=True)
    stamps = made.time[::2]
    frame = pd.DataFrame({"time_s": stamps, "speed_cm_s": made.speed[::2]})
    frame.to_csv(plane.parent / "running.csv", index=False)
    session = drafted_session(plane.parent)
    assert (session.neural.shape, session.rate_hz) == (made.traces.shape, RATE)
    assert session.labels["speed"].unit == "cm/s"
    np.testing.assert_allclose(session.labels["speed"].values[::2, 0], made.speed[::2], rtol=1e-6)


def test_spike_times_of_trials_with_classes_in_a_second_file(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    trials, units = np.repeat(np.arange(20), 30), rng.integers(0, 5, 600)
    times = rng.integers(0, 30_000, 600)
    np.savez(tmp_path / "a_data.npz", times=times, neurons=units, trials=trials)
    choice = np.array(["left", "right"] * 10)
    np.savez(tmp_path / "a_more.npz", choice=choice)
    session = drafted_session(tmp_path / "a_data.npz")
    assert session.neural.sum() == 600
    assert session.neural.shape[1] == 5
    assert session.labels["choice"].classes == ("left", "right")
    assert raylab.draft(tmp_path / "a_data.npz").checks[0].startswith("spikes.tick_s")


def test_phy_with_a_position_and_its_times(made: Recording, tmp_path: Path) -> None:
    spikes = np.concatenate(made.spikes)
    units = np.repeat(np.arange(len(made.spikes)), [len(each) for each in made.spikes])
    order = np.argsort(spikes, kind="stable")
    samples = np.round(spikes[order] * 30_000).astype(np.uint64)
    np.save(tmp_path / "spike_times.npy", samples[:, None])
    np.save(tmp_path / "spike_clusters.npy", units[order].astype(np.int32))
    np.save(tmp_path / "amplitudes.npy", np.arange(len(spikes)) ** 1.5)
    groups = pd.DataFrame({"cluster_id": np.arange(12), "group": ["good"] * 11 + ["noise"]})
    groups.to_csv(tmp_path / "cluster_group.tsv", sep="\t", index=False)
    (tmp_path / "params.py").write_text("sample_rate = 30000.\n")
    np.save(tmp_path / "position.npy", made.position)
    np.save(tmp_path / "position_times.npy", made.time)
    session = drafted_session(tmp_path)
    good = sum(len(each) for each in made.spikes[:11])
    assert (session.kind, session.neural.shape[1], session.rate_hz) == ("counts", 11, 20.0)
    assert session.neural.sum() == good
    assert list(session.labels) == ["position"]
    expected = np.interp(session.time, made.time, made.position)
    forward = np.abs(session.labels["position"].values[:, 0] - expected) < 1e-6
    assert forward[np.isfinite(session.labels["position"].values[:, 0])].all()


def test_caiman_with_a_position_beside_it(made: Recording, tmp_path: Path) -> None:
    with h5py.File(tmp_path / "caiman_results.hdf5", "w") as file:
        file["estimates/C"], file["estimates/F_dff"] = made.traces.T, made.traces.T
        file["estimates/idx_components"] = np.arange(len(made.spikes))
        file["params/data/fr"] = RATE
    np.save(tmp_path / "caiman_position.npy", made.position)
    session = drafted_session(tmp_path / "caiman_results.hdf5")
    assert_read(session, made, position=made.position)


def test_a_tensor_of_trials_with_their_conditions(made: Recording, tmp_path: Path) -> None:
    tensor = made.traces.reshape(24, 10, 12)
    condition = np.arange(24) % 4
    np.save(tmp_path / "activity.npy", tensor)
    np.save(tmp_path / "condition.npy", condition)
    session = drafted_session(tmp_path)
    np.testing.assert_array_equal(session.neural, made.traces)
    assert (session.labels["condition"].values == np.repeat(condition, 10)).all()
    assert len(session.segments) == 24


def test_nwb_units_with_behaviour_and_trials(made: Recording, tmp_path: Path) -> None:
    file = nwb_file("ephys1")
    for spikes in made.spikes:
        file.add_unit(spike_times=spikes)
    add_behaviour(file, made)
    file.add_trial_column("condition", "side")
    for start in range(0, 12, 2):
        side = "left" if start % 4 else "right"
        file.add_trial(start_time=float(start), stop_time=start + 1.5, condition=side)
    session = drafted_session(written(file, tmp_path / "a.nwb"))
    assert (session.id, session.animal, session.kind) == ("ephys1", "m1", "counts")
    assert session.neural.sum() == sum(map(len, made.spikes))
    assert session.labels["condition"].classes == ("left", "right")
    assert session.labels["position"].unit == "m"
    inside = session.time < made.time[-1]
    expected = np.interp(session.time[inside], made.time, made.speed)
    speed = session.labels["running_speed"].values[inside, 0]
    np.testing.assert_allclose(speed, expected, rtol=1e-6)


def test_nwb_fluorescence_with_its_rate_and_epochs(made: Recording, tmp_path: Path) -> None:
    from pynwb import ophys
    from pynwb.epoch import TimeIntervals

    file = nwb_file("ophys1")
    device = file.create_device("scope")
    channel = ophys.OpticalChannel(name="green", description="-", emission_lambda=500.0)
    plane = file.create_imaging_plane(
        name="plane",
        optical_channel=channel,
        description="-",
        device=device,
        excitation_lambda=900.0,
        indicator="GCaMP",
        location="V1",
    )
    cells = ophys.PlaneSegmentation(name="cells", description="-", imaging_plane=plane)
    for number in range(len(made.spikes)):
        cells.add_roi(pixel_mask=[(number, number, 1.0)])
    module = file.create_processing_module("ophys", "-")
    module.add(ophys.ImageSegmentation(plane_segmentations=[cells]))
    rows = cells.create_roi_table_region("all", region=list(range(len(made.spikes))))
    traces = ophys.Fluorescence()
    module.add(traces)
    traces.create_roi_response_series(
        name="RoiResponseSeries", data=made.traces, rois=rows, unit="n.a.", rate=RATE
    )
    add_behaviour(file, made)
    epochs = TimeIntervals("stimulus_epochs", "-")
    epochs.add_column("stimulus", "-")
    for start in range(0, 12, 2):
        shown = ["gratings", "movie"][start // 2 % 2]
        epochs.add_interval(start_time=float(start), stop_time=start + 2.0, stimulus=shown)
    file.add_time_intervals(epochs)
    session = drafted_session(written(file, tmp_path / "a.nwb"))
    assert_read(session, made, running_speed=made.speed, position=made.position)
    assert session.labels["stimulus"].classes == ("gratings", "movie")


def test_an_excel_table(made: Recording, tmp_path: Path) -> None:
    pytest.importorskip("openpyxl")
    pd.DataFrame(table(made)).to_excel(tmp_path / "a.xlsx", index=False)
    session = drafted_session(tmp_path / "a.xlsx")
    assert_read(session, made, speed=made.speed, position=made.position)


@pytest.mark.parametrize("suffix", ["csv", "h5"])
def test_points_of_deeplabcut_at_twice_the_rate(
    made: Recording, tmp_path: Path, suffix: str
) -> None:
    pytest.importorskip("tables")
    np.save(tmp_path / "m1_dff.npy", made.traces)
    names = pd.MultiIndex.from_product([["DLC"], ["nose", "tail"], ["x", "y", "likelihood"]])
    names.names = ["scorer", "bodyparts", "coords"]
    twice = np.interp(np.arange(2 * len(made.time)) / 2, np.arange(len(made.time)), made.position)
    table = pd.DataFrame(np.stack([twice, twice / 2, np.ones_like(twice)] * 2, 1), columns=names)
    path = tmp_path / f"m1DLC_resnet50.{suffix}"
    if suffix == "csv":
        table.to_csv(path)
    else:
        table.to_hdf(path, key="df_with_missing", mode="w", format="table")
    recipe = raylab.draft(tmp_path).recipe
    assert recipe["labels"]["nose"]["rate_hz"] == 60.0
    session = drafted_session(tmp_path)
    assert list(session.labels) == ["nose", "tail"]
    np.testing.assert_allclose(session.labels["nose"].values[:, 0], made.position)


def test_matlab_7_3_with_cells_of_spike_times(made: Recording, tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.mat", "w", userblock_size=512) as file:
        held = file.create_group("#refs#")
        cells = np.empty((1, len(made.spikes)), h5py.ref_dtype)
        for number, spikes in enumerate(made.spikes):
            held[f"c{number}"] = spikes[None]
            held[f"c{number}"].attrs["MATLAB_class"] = np.bytes_("double")
            cells[0, number] = held[f"c{number}"].ref
        file.create_dataset("data/spikes", data=cells).attrs["MATLAB_class"] = np.bytes_("cell")
        for name, values in {"pos": made.position, "t": made.time}.items():
            file[f"data/{name}"] = values[None]
            file[f"data/{name}"].attrs["MATLAB_class"] = np.bytes_("double")
    header = b"MATLAB 7.3 MAT-file".ljust(124) + b"\x00\x02IM"
    whole = (tmp_path / "a.mat").read_bytes()
    (tmp_path / "a.mat").write_bytes(header + whole[128:])
    session = drafted_session(tmp_path / "a.mat")
    assert session.neural.sum() == sum(map(len, made.spikes))
    assert list(session.labels) == ["pos"]


def nwb_file(identifier: str) -> NWBFile:
    import pynwb

    start = datetime.datetime(2024, 1, 1, tzinfo=datetime.UTC)
    file = pynwb.NWBFile("a recording", identifier, start)
    file.subject = pynwb.file.Subject(subject_id="m1", species="Mus musculus")
    return file


def add_behaviour(file: NWBFile, made: Recording) -> None:
    from pynwb.behavior import BehavioralTimeSeries, Position

    module = file.create_processing_module("behavior", "-")
    position = Position(name="Position")
    position.create_spatial_series(
        name="SpatialSeries",
        data=made.position[:, None],
        timestamps=made.time,
        reference_frame="start of the track",
    )
    series = BehavioralTimeSeries(name="BehavioralTimeSeries")
    series.create_timeseries(name="running_speed", data=made.speed, rate=RATE, unit="cm/s")
    module.add(position)
    module.add(series)


def written(file: NWBFile, path: Path) -> Path:
    import pynwb

    with pynwb.NWBHDF5IO(str(path), "w") as io:
        io.write(file)
    return path
