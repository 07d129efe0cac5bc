"""`inspect` of files and folders that need a recipe: a tree, and what they seem to be."""

from __future__ import annotations

import json
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest
import scipy.io
from lab_files import hdf5_file, recording, table

import raylab
from raylab.cli import main
from raylab.data.looking.contents import Contents
from raylab.data.looking.item import Item, Values
from raylab.errors import DataError


def looked(path: Path) -> Contents:
    contents = raylab.inspect(path)
    assert isinstance(contents, Contents)
    return contents


def item_of(contents: Contents, name: str) -> Item:
    item = contents.files[0].item(name)
    assert item is not None
    return item


def values_of(contents: Contents, name: str) -> Values:
    values = item_of(contents, name).values
    assert values is not None
    return values


def test_arrays_of_hdf5_with_shapes_types_units_and_rates(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["imaging/dff"] = np.zeros((3, 50), np.float32)
        file["imaging/dff"].attrs["unit"] = "dF/F"
        file["imaging"].attrs["sampling_rate"] = 15.0
        file["other"] = h5py.ExternalLink("secret.h5", "/data")
    contents = looked(tmp_path / "a.h5")
    traces = item_of(contents, "imaging/dff")
    assert (traces.shape, traces.dtype, traces.unit) == ((3, 50), "float32", "dF/F")
    assert item_of(contents, "imaging").attributes == {"sampling_rate": 15.0}
    assert item_of(contents, "other").kind == "link"
    assert "not followed" in item_of(contents, "other").note


def test_columns_that_differ_by_a_number_are_one_line(tmp_path: Path) -> None:
    made = recording()
    pd.DataFrame(table(made)).to_csv(tmp_path / "a.csv", index=False)
    contents = looked(tmp_path / "a.csv")
    assert contents.what == "CSV table of 240 rows and 15 columns"
    cells, clock = item_of(contents, "cell*"), values_of(contents, "time")
    assert (cells.count, cells.shape) == (12, (240,))
    assert (clock.increasing, clock.steady, clock.step) == (True, True, pytest.approx(0.05))


def test_both_versions_of_matlab_files(tmp_path: Path) -> None:
    cells = np.empty((2, 1), object)
    cells[0, 0], cells[1, 0] = np.zeros((5, 1)), np.ones((4, 1))
    beh = {"pos": np.zeros((6, 1)), "animal": "m1"}
    scipy.io.savemat(tmp_path / "a.mat", {"data": {"x": np.zeros((6, 2)), "beh": beh, "s": cells}})
    contents = looked(tmp_path / "a.mat")
    assert item_of(contents, "data/beh/pos").shape == (6, 1)
    assert item_of(contents, "data/s").kind == "cells"
    assert values_of(contents, "data/beh/animal").examples == ("m1",)


def test_a_folder_lists_a_damaged_file_with_its_reason(tmp_path: Path) -> None:
    for number in range(3):
        hdf5_file(tmp_path / f"m{number}.h5", recording(number))
    whole = (tmp_path / "m1.h5").read_bytes()
    (tmp_path / "m1.h5").write_bytes(whole[: len(whole) // 3])
    contents = looked(tmp_path)
    assert contents.what == "folder of 3 HDF5 files, 1 of them not readable"
    assert "truncated" in contents.files[1].error
    with pytest.raises(DataError, match=r"m1\.h5: is truncated"):
        raylab.inspect(tmp_path / "m1.h5")


def test_pickles_of_classes_are_blocked_and_named(tmp_path: Path) -> None:
    pd.DataFrame({"a": [1]}).to_pickle(tmp_path / "a.pkl")
    with pytest.raises(DataError, match="holds a table of pandas"):
        raylab.inspect(tmp_path / "a.pkl")


def test_suite2p_and_phy_folders_by_their_files(tmp_path: Path) -> None:
    for plane in ("plane0", "plane1"):
        (tmp_path / "s" / plane).mkdir(parents=True)
        np.save(tmp_path / "s" / plane / "F.npy", np.zeros((5, 40), np.float32))
        np.save(tmp_path / "s" / plane / "iscell.npy", np.ones((5, 2)))
        np.save(tmp_path / "s" / plane / "ops.npy", np.array({"fs": 30.0}), allow_pickle=True)
    contents = looked(tmp_path / "s")
    assert contents.what == "Suite2p folder with 2 planes and 10 ROIs"
    assert contents.files[2].items[0].note == "pickled Python objects"
    (tmp_path / "p").mkdir()
    np.save(tmp_path / "p" / "spike_times.npy", np.arange(9, dtype=np.uint64))
    np.save(tmp_path / "p" / "spike_clusters.npy", np.arange(9) % 3)
    assert looked(tmp_path / "p").what == "phy folder (Kilosort) with 9 spikes of about 3 clusters"


def test_the_tree_and_json_of_the_command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = hdf5_file(tmp_path / "a.h5", recording())
    assert main(["inspect", str(file)]) in (0, None)
    shown = capsys.readouterr().out
    assert "HDF5 file with 4 arrays" in shown
    assert "dff  (240, 12) float32" in shown
    assert "t  (240) float64, 0 ... 11.95 by 0.05" in shown
    main(["inspect", str(file), "--json"])
    assert json.loads(capsys.readouterr().out) == json.loads(json.dumps(looked(file).to_dict()))


def test_a_shipped_recipe_fits_by_its_arrays_and_by_the_names_of_its_files(tmp_path: Path) -> None:
    counts = np.random.default_rng(0).poisson(1.0, (50, 6)) + 0.5
    np.savetxt(tmp_path / "a.csv", counts, delimiter=",")
    assert looked(tmp_path / "a.csv").recipes == ()
    scipy.io.savemat(tmp_path / "fish.mat", {"activity_matrix": counts, "cell_coordinates": counts})
    contents = looked(tmp_path / "fish.mat")
    assert contents.recipes == ("zebrafish",)
    assert contents.steps[0].endswith("fish.mat --recipe zebrafish --out dataset")
