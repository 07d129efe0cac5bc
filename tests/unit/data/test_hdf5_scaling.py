"""Attributes of HDF5 datasets that say how stored numbers become values."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from raylab.data.readers.formats.hdf5 import Hdf5Store
from raylab.errors import DataError

STORED = np.array([0, 4, -9, 6], np.int16)


def stored(folder: Path, values: np.ndarray = STORED, **attributes: Any) -> np.ndarray:
    with h5py.File(folder / "a.h5", "w") as file:
        file["x"] = values
        file["x"].attrs.update(attributes)
    store = Hdf5Store(folder / "a.h5")
    try:
        return store.read("x")
    finally:
        store.close()


@pytest.mark.parametrize(
    ("attributes", "values"),
    [
        ({"scale_factor": 0.5}, [0, 2, -4.5, 3]),
        ({"scale_factor": np.array([0.5]), "add_offset": 1}, [1, 3, -3.5, 4]),
        ({"add_offset": 10, "_FillValue": np.int16(-9)}, [10, 14, np.nan, 16]),
        ({"missing_value": "none", "scale": 2}, [0, 4, -9, 6]),
    ],
)
def test_values_have_their_scale(tmp_path: Path, attributes: Any, values: list[float]) -> None:
    np.testing.assert_array_equal(stored(tmp_path, **attributes), values)


def test_missing_values_do_not_become_classes(tmp_path: Path) -> None:
    ids = np.array([2**53 + 1, -1, 2**53 + 2])
    array = np.ma.masked_array(stored(tmp_path, ids, _FillValue=-1, missing_value=-2))
    assert array.tolist() == [2**53 + 1, None, 2**53 + 2]
    floats = stored(tmp_path, np.array([1.5, 9e36], np.float32), _FillValue=np.float32(9e36))
    np.testing.assert_array_equal(floats, [1.5, np.nan])
    assert floats.dtype == np.float32


def test_several_scales_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="2 values of the attribute `scale_factor`"):
        stored(tmp_path, scale_factor=[1.0, 2.0])
