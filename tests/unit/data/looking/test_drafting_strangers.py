"""Drafts for files of known tools as strangers have them, run as they are written."""

from __future__ import annotations

import os
from pathlib import Path

import h5py
import numpy as np
import pytest
from lab_files import RATE, drafted_session

import raylab
from raylab.errors import DataError

TRACES = np.random.default_rng(0).uniform(100, 200, (6, 200)).astype(np.float32)
SPEED = np.random.default_rng(1).uniform(0, 10, 200)


def write_plane(folder: Path, *names: str) -> None:
    folder.mkdir(parents=True)
    for name in ("F", *names):
        np.save(folder / f"{name}.npy", TRACES / 10 if name == "Fneu" else TRACES)


def test_sessions_of_suite2p_in_folders_each_with_its_speed(tmp_path: Path) -> None:
    for day in ("mouse1/day1", "mouse1/day2", "mouse2/day1"):
        plane = tmp_path / day / "suite2p" / "plane0"
        write_plane(plane, "Fneu", "spks")
        np.save(plane / "ops.npy", np.array({"fs": RATE}), allow_pickle=True)
        np.save(tmp_path / day / "speed.npy", SPEED)
    session = drafted_session(tmp_path)
    assert session.neural.shape == (200, 6)
    np.testing.assert_allclose(session.labels["speed"].values[:, 0], SPEED, rtol=1e-6)


def test_suite2p_without_neuropil_cells_and_rate(tmp_path: Path) -> None:
    write_plane(tmp_path / "suite2p" / "plane0", "stat")
    np.save(
        tmp_path / "suite2p" / "plane0" / "stat.npy",
        np.array([{"med": [1, 2]}] * 6, dtype=object),
        allow_pickle=True,
    )
    np.testing.assert_allclose(drafted_session(tmp_path).neural, TRACES.T)
    assert [check.partition(":")[0] for check in raylab.draft(tmp_path).checks] == ["fs"]


def test_phy_without_a_rate_and_without_good_clusters(tmp_path: Path) -> None:
    np.save(tmp_path / "spike_times.npy", np.arange(600) * 300)
    np.save(tmp_path / "spike_clusters.npy", np.arange(600) % 3)
    (tmp_path / "cluster_group.tsv").write_text("cluster_id\tgroup\n0\tmua\n1\tnoise\n2\tmua\n")
    session = drafted_session(tmp_path)
    assert session.neural.sum() == 400
    checks = [check.partition(":")[0] for check in raylab.draft(tmp_path).checks]
    assert checks == ["clusters", "spikes.rate_hz", "spikes.bin_s"]


def test_labels_of_kilosort_in_cluster_info_choose_units(tmp_path: Path) -> None:
    np.save(tmp_path / "spike_times.npy", np.arange(600) * 300)
    np.save(tmp_path / "spike_clusters.npy", np.arange(600) % 3)
    (tmp_path / "cluster_info.tsv").write_text("cluster_id\tKSLabel\n0\tgood\n1\tmua\n2\tgood\n")
    (tmp_path / "params.py").write_text("sample_rate = 30000.\n")
    session = drafted_session(tmp_path)
    assert session.neural.sum() == 400
    assert any("nobody has sorted" in note for note in session.notes)


def test_results_of_caiman_in_a_folder_have_accepted_components_only(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "results.hdf5", "w") as file:
        file["estimates/C"], file["params/data/fr"] = TRACES, RATE
        file["estimates/F_dff"] = TRACES / 100
        file["estimates/idx_components"] = np.array([0, 2, 4])
    np.save(tmp_path / "speed.npy", SPEED)
    session = drafted_session(tmp_path)
    np.testing.assert_allclose(session.neural, TRACES[[0, 2, 4]].T)
    assert "speed" in session.labels


@pytest.mark.parametrize("layout", ["trial_neuron_time", "trial_time_neuron", "neuron_time_trial"])
def test_axes_of_a_tensor_are_doubtful_without_a_clock(layout: str, tmp_path: Path) -> None:
    tensor = np.random.default_rng(0).normal(size=(20, 12, 30))  # trials, units, samples
    order = [("trial", "neuron", "time").index(axis) for axis in layout.split("_")]
    arrays = {"spikes": tensor.transpose(order), "choice": np.arange(20) % 2}
    np.savez(tmp_path / "a.npz", **arrays)
    np.savez(tmp_path / "b.npz", **arrays, time=np.arange(30) / 100)
    drafts = [raylab.draft(tmp_path / name) for name in ("a.npz", "b.npz")]
    assert [draft.recipe["neural"]["layout"] for draft in drafts] == [layout, layout]
    doubts = [any("neural.layout" in check for check in draft.checks) for draft in drafts]
    assert doubts == [True, False]


def test_files_of_other_names_beside_a_file_are_doubtful(tmp_path: Path) -> None:
    np.save(tmp_path / "neural.npy", TRACES)
    np.save(tmp_path / "speed.npy", SPEED)
    draft = raylab.draft(tmp_path / "neural.npy")
    assert any(check.startswith("companions.speed") for check in draft.checks)


def test_a_pipe_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.npy")
    with pytest.raises(DataError, match="pipe"):
        raylab.draft(tmp_path / "a.npy")
