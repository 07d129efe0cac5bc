"""Drafts for spike times and trials in cells and structures, and reasons where there is none."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest
from lab_files import RATE, Recording, drafted_session, recording
from scipy.io import savemat

import raylab
from raylab.errors import DataError


@pytest.fixture(scope="module")
def made() -> Recording:
    return recording()


def test_the_spike_times_of_a_structure_array(made: Recording, tmp_path: Path) -> None:
    fields = [("id", object), ("times", object), ("quality", object)]
    units = np.zeros((1, len(made.spikes)), fields)
    for number, spikes in enumerate(made.spikes):
        units[0, number] = (number, spikes[:, None], "noise" if number % 3 == 0 else "good")
    savemat(tmp_path / "a.mat", {"units": units, "pos": made.position, "time": made.time})
    draft = raylab.draft(tmp_path / "a.mat")
    assert draft.recipe["spikes"]["times"] == "units/times"
    assert draft.recipe["spikes"]["keep"] == "units/quality=good"
    assert drafted_session(tmp_path / "a.mat").neural.shape[1] == 8


@pytest.mark.parametrize("units_first", [True, False])
def test_cells_of_matrices_are_trials(units_first: bool, tmp_path: Path) -> None:
    rng, cells = np.random.default_rng(0), np.empty((1, 20), object)
    counts = [rng.poisson(2, (30 + trial, 12)) for trial in range(20)]
    for trial, matrix in enumerate(counts):
        cells[0, trial] = matrix.T if units_first else matrix
    savemat(tmp_path / "a.mat", {"spikes": cells, "choice": np.arange(20)[:, None] % 2})
    session = drafted_session(tmp_path / "a.mat")
    np.testing.assert_allclose(session.neural, np.concatenate(counts))
    assert "choice" in session.labels
    assert raylab.draft(tmp_path / "a.mat").recipe["neural"]["kind"] == "counts"


def test_arrays_of_objects_and_vectors_of_units_are_refused_with_a_reason(
    made: Recording, tmp_path: Path
) -> None:
    ragged = np.empty(len(made.spikes), object)
    ragged[:] = list(made.spikes)
    np.savez(tmp_path / "a.npz", spikes=ragged, time=made.time)
    with pytest.raises(DataError, match=r"'spikes' holds Python objects[\s\S]*allow_pickle=True"):
        raylab.draft(tmp_path / "a.npz")
    with h5py.File(tmp_path / "b.h5", "w") as file:
        for number, spikes in enumerate(made.spikes):
            file[f"spikes/unit_{number}"] = spikes
    with pytest.raises(DataError, match=r"'spikes/unit_\*' are 12 vectors of different lengths"):
        raylab.draft(tmp_path / "b.h5")


def test_suite2p_with_deconvolved_activity_only(made: Recording, tmp_path: Path) -> None:
    plane = tmp_path / "suite2p" / "plane0"
    plane.mkdir(parents=True)
    np.save(plane / "spks.npy", made.counts.T.astype(np.float32))
    np.save(plane / "iscell.npy", np.ones((12, 2)))
    np.save(plane / "ops.npy", np.array({"fs": RATE}), allow_pickle=True)
    assert raylab.draft(tmp_path).recipe["signal"] == "spks"
    np.testing.assert_allclose(drafted_session(tmp_path).neural, made.counts)
