"""MATLAB: cell arrays, structures, sparse matrices and objects, in both versions of files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import scipy.io
import scipy.sparse
from scipy.io.matlab import MatlabOpaque

from raylab.data.readers.formats.mat import Mat5Store, open_mat
from raylab.data.readers.store import Store, left_out_of

SPIKES = [np.array([0.5, 1.5]), np.zeros(0), np.array([2.5])]
SPARSE = scipy.sparse.csc_matrix(np.array([[0.0, 2.0], [0.0, 0.0], [3.0, 0.0]]))


def cells(*values: Any, shape: tuple[int, ...] = (-1, 1)) -> np.ndarray:
    array = np.empty(len(values), object)
    array[:] = values
    return array.reshape(shape, order="F")


def put(file: h5py.File, place: str, value: Any) -> h5py.Dataset:
    """Write a value as MATLAB 7.3 does."""
    if isinstance(value, np.ndarray) and value.dtype == object:
        columns = enumerate(value.ravel(order="F"))
        inner = place.rpartition("/")[2]
        references = [put(file, f"#refs#/{inner}_{k}", each).ref for k, each in columns]
        data = np.array(references, h5py.ref_dtype).reshape(value.shape[::-1])
        return marked(file, place, data, "cell")
    if isinstance(value, str):
        letters = np.array([ord(letter) for letter in value], np.uint16)
        return marked(file, place, letters[:, None], "char")
    if not value.size:
        item = marked(file, place, np.array([0, 0], np.uint64), "double")
        item.attrs["MATLAB_empty"] = np.uint8(1)
        return item
    return marked(file, place, np.atleast_2d(value).T, "double")


def marked(file: h5py.File, place: str, data: np.ndarray, kind: str) -> h5py.Dataset:
    item = file.create_dataset(place, data=data)
    item.attrs["MATLAB_class"] = np.bytes_(kind)
    return item


def write(path: Path, version: str, variables: dict[str, Any]) -> Store:
    if version == "5":
        scipy.io.savemat(path, variables)
    else:
        with h5py.File(path, "w", userblock_size=512) as file:
            for name, value in variables.items():
                put(file, name, value)
    return open_mat(path)


def both(test: Any) -> Any:
    return pytest.mark.parametrize("version", ["5", "7.3"])(test)


@both
def test_cells_of_spike_times(tmp_path: Path, version: str) -> None:
    store = write(tmp_path / "a.mat", version, {"spikes": cells(*SPIKES, shape=(1, -1))})
    assert store.read("spikes").tolist() == [0.5, 1.5, 2.5]
    assert store.read("spikes/unit").tolist() == [0, 0, 2]
    assert store.read("spikes/unit_ids").tolist() == [0, 1, 2]
    assert store.read("spikes/2").tolist() == [[2.5]]


@both
def test_cells_of_units_and_trials(tmp_path: Path, version: str) -> None:
    grid = cells(*(np.array([float(k)]) for k in range(6)), shape=(2, 3))
    store = write(tmp_path / "a.mat", version, {"spikes": grid})
    assert store.read("spikes").tolist() == [0, 1, 2, 3, 4, 5]
    assert store.read("spikes/unit").tolist() == [0, 1, 0, 1, 0, 1]
    assert store.read("spikes/column").tolist() == [0, 0, 1, 1, 2, 2]
    assert store.read("spikes/unit_ids").tolist() == [0, 1]


@both
def test_cells_of_texts_and_of_matrices(tmp_path: Path, version: str) -> None:
    trials = [np.full((3, 2), 1.0), np.full((3, 2), 2.0)]
    store = write(
        tmp_path / "a.mat", version, {"words": cells("left", "go"), "trials": cells(*trials)}
    )
    assert store.read("words").tolist() == ["left", "go"]
    assert np.array_equal(store.read("trials/1"), trials[1])
    assert "trials" not in store.names()


@both
def test_cells_of_cells_are_numbered(tmp_path: Path, version: str) -> None:
    nested = cells(cells(np.ones(2)), cells(np.ones(3), np.ones(1)))
    store = write(tmp_path / "a.mat", version, {"nested": nested, "x": np.ones((2, 2))})
    assert store.read("nested/1/unit").tolist() == [0, 0, 0, 1]


def test_a_cell_that_holds_itself_ends(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.mat", "w", userblock_size=512) as file:
        item = marked(file, "x", np.array([h5py.Reference()], h5py.ref_dtype), "cell")
        item[0] = item.ref
    with pytest.raises(ValueError, match="without end"):
        open_mat(tmp_path / "a.mat")


def test_arrays_of_structures_in_version_5(tmp_path: Path) -> None:
    trials = np.zeros((1, 2), [("spikes", object), ("side", object)])
    trials[0, 0] = (np.array([0.5]), "left")
    trials[0, 1] = (np.array([0.25, 0.75]), "right")
    scipy.io.savemat(tmp_path / "a.mat", {"trials": trials})
    store = open_mat(tmp_path / "a.mat")
    assert store.read("trials/spikes").tolist() == [0.5, 0.25, 0.75]
    assert store.read("trials/spikes/unit").tolist() == [0, 1, 1]
    assert store.read("trials/side").tolist() == ["left", "right"]


@pytest.mark.parametrize("empty", [False, True])
def test_sparse_matrices_are_dense_in_both_versions(tmp_path: Path, empty: bool) -> None:
    matrix = SPARSE * 0 if empty else SPARSE
    matrix.eliminate_zeros()
    scipy.io.savemat(tmp_path / "five.mat", {"x": matrix})
    with h5py.File(tmp_path / "new.mat", "w", userblock_size=512) as file:
        group = file.create_group("x")
        group.attrs["MATLAB_sparse"] = np.uint64(3)
        group["jc"] = matrix.indptr
        if not empty:
            group["data"], group["ir"] = matrix.data, matrix.indices
    for name in ("five.mat", "new.mat"):
        store = open_mat(tmp_path / name)
        assert store.names() == ["x"]
        assert np.array_equal(store.read("x"), matrix.toarray())


@pytest.mark.parametrize(
    ("kind", "cure"), [("string", "cellstr"), ("datetime", "posixtime"), ("table", "table2struct")]
)
def test_objects_of_matlab_are_named_with_their_cure(tmp_path: Path, kind: str, cure: str) -> None:
    with h5py.File(tmp_path / "a.mat", "w", userblock_size=512) as file:
        item = marked(file, "x", np.zeros((6, 1), np.uint32), kind)
        item.attrs["MATLAB_object_decode"] = np.int32(3)
    fields = [(name, object) for name in ("s0", "s1", "s2", "arr")]
    opaque = MatlabOpaque(np.array([(b"x", b"MCOS", kind.encode(), 0)], fields))
    for store in (open_mat(tmp_path / "a.mat"), Mat5Store({"None": opaque})):
        assert store.names() == []
        assert f"class '{kind}'" in left_out_of(store)["x"]
        assert cure in left_out_of(store)["x"]


def test_empty_arrays_have_their_own_shape(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.mat", "w", userblock_size=512) as file:
        item = marked(file, "x", np.array([0, 5], np.uint64), "double")
        item.attrs["MATLAB_empty"] = np.uint8(1)
    assert open_mat(tmp_path / "a.mat").read("x").shape == (0, 5)
