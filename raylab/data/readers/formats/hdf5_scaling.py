"""Datasets of HDF5 files whose attributes say how stored numbers become values.

The names are those of netCDF files, which are HDF5 files: the value is stored x `scale_factor` +
`add_offset`, and the numbers `_FillValue` and `missing_value` mean that there is none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from raylab.data.readers.formats.hdf5_values import read_dataset
from raylab.errors import DataError

if TYPE_CHECKING:
    import h5py

MISSING = ("_FillValue", "missing_value")
SCALE, OFFSET = "scale_factor", "add_offset"


def read_scaled(dataset: h5py.Dataset) -> np.ndarray:
    """All of a dataset: numbers in their unit, missing whole numbers masked and others NaN.

    Raises:
        DataError: As `read_dataset`, or there are several scales.
    """
    stored = read_dataset(dataset)
    if stored.dtype.kind not in "iuf":
        return stored
    absent = np.zeros(stored.shape, bool)
    for name in MISSING:
        for value in _numbers(dataset, name):
            absent |= stored == value
    if not (SCALE in dataset.attrs or OFFSET in dataset.attrs):
        if stored.dtype.kind == "f":
            return np.where(absent, np.asarray(np.nan, stored.dtype), stored)
        return np.ma.masked_array(stored, absent) if absent.any() else stored
    scale, offset = _number(dataset, SCALE, 1.0), _number(dataset, OFFSET, 0.0)
    return np.where(absent, np.nan, stored * scale + offset)


def _number(dataset: h5py.Dataset, name: str, default: float) -> float:
    values = _numbers(dataset, name)
    if values.size > 1:
        raise DataError(
            f"'{dataset.name}' has {values.size} values of the attribute `{name}`, not one",
            "Apply them to the values and store these.",
        )
    return float(values[0]) if values.size else default


def _numbers(dataset: h5py.Dataset, name: str) -> np.ndarray:
    if name not in dataset.attrs:
        return np.zeros(0)
    values = np.asarray(dataset.attrs[name]).reshape(-1)
    if values.dtype.kind not in "iuf":
        return np.zeros(0)  # a text for people
    return values
