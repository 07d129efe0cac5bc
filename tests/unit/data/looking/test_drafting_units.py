"""Drafts choose the units that people chose, and doubt what they leave out; run as written."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest
from lab_files import Recording, drafted_session, recording
from lab_forms import nwb_traces, nwb_units
from scipy.io import savemat

import raylab

CELLS = np.arange(12) % 3 > 0
SERIES = "processing/ophys/Fluorescence/RoiResponseSeries"


@pytest.fixture(scope="module")
def made() -> Recording:
    return recording()


@pytest.mark.parametrize("planes", [2, 3])
def test_one_of_several_planes_is_doubtful(planes: int, made: Recording, tmp_path: Path) -> None:
    path = nwb_traces(tmp_path, made)
    with h5py.File(path, "r+") as file:
        for plane in range(planes):
            file.copy(SERIES, f"processing/ophys/Fluorescence/plane{plane}")
        del file[SERIES]
    checks = raylab.draft(path).checks
    assert any(check.startswith("neural.path") and "plane1" in check for check in checks)
    np.testing.assert_allclose(drafted_session(path).neural, made.traces)


def test_units_of_nwb_that_are_noise_are_left_out(made: Recording, tmp_path: Path) -> None:
    path = nwb_units(tmp_path, made)
    quality = np.where(CELLS, "good", "noise").astype("S")
    with h5py.File(path, "r+") as file:
        column = file["units"].create_dataset("quality", data=quality)
        column.attrs.update(neurodata_type="VectorData", namespace="hdmf-common")
        names = [*file["units"].attrs["colnames"], "quality"]
        file["units"].attrs["colnames"] = names
    assert raylab.draft(path).recipe["spikes"]["keep"] == "units/quality=good"
    assert drafted_session(path).neural.shape[1] == CELLS.sum()


@pytest.mark.parametrize("name", ["accepted", "iscell"])
def test_rois_of_nwb_that_are_no_cells_are_left_out(
    name: str, made: Recording, tmp_path: Path
) -> None:
    path = nwb_traces(tmp_path, made)
    with h5py.File(path, "r+") as file:
        table = file.create_group("processing/ophys/ImageSegmentation/PlaneSegmentation")
        table.attrs.update(neurodata_type="PlaneSegmentation", namespace="core", colnames=[name])
        table["id"] = np.arange(12)
        values = CELLS if name == "accepted" else np.stack([CELLS, CELLS * 0.5 + 0.1], axis=1)
        table[name] = values
        table[name].attrs.update(neurodata_type="VectorData", namespace="hdmf-common")
    np.testing.assert_allclose(drafted_session(path).neural, made.traces[:, CELLS])


def test_a_mask_of_cells_of_matlab_is_used(made: Recording, tmp_path: Path) -> None:
    arrays = {"dff": made.traces, "time": made.time[:, None], "isCell": CELLS[:, None]}
    savemat(tmp_path / "a.mat", arrays)
    assert raylab.draft(tmp_path / "a.mat").recipe["neural"]["units"] == "isCell"
    np.testing.assert_allclose(drafted_session(tmp_path / "a.mat").neural, made.traces[:, CELLS])
