"""HDF5: every kind of dataset is read, or named with the reason why it is not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from raylab.data.readers.formats.hdf5 import Hdf5Store
from raylab.data.readers.read import read_source
from raylab.data.readers.source import Source
from raylab.data.recipe import parse_recipe
from raylab.errors import DataError

VALUES = np.arange(8.0).reshape(4, 2)


def opened(folder: Path, **items: Any) -> Hdf5Store:
    with h5py.File(folder / "a.h5", "w") as file:
        for name, value in items.items():
            file[name.replace("__", "/")] = value
    return Hdf5Store(folder / "a.h5")


def read(folder: Path, path: str) -> np.ndarray:
    value = {
        "format": "hdf5",
        "neural": {"path": path, "kind": "rate"},
        "time": {"rate_hz": 10},
    }
    return read_source(Source(folder / "a.h5"), parse_recipe(value, "test")).neural


def test_text_is_utf_8_or_another_encoding_by_name(tmp_path: Path) -> None:
    texts = ["µm", "mm", ""]
    store = opened(
        tmp_path,
        fixed=np.array([text.encode() for text in texts]),
        matrix=np.array([[text.encode() for text in texts]]),
        latin=np.array([text.encode("latin-1") for text in texts]),
        one=np.bytes_("µm".encode("latin-1")),
    )
    assert store.read("fixed").tolist() == texts
    assert store.read("matrix").tolist() == [texts]
    for name in ("latin", "one"):
        with pytest.raises(DataError, match=rf"'/{name}' holds text in another encoding"):
            store.read(name)


@pytest.mark.parametrize("target", ["/raw/x", "raw/x", "/alias/x"])
def test_links_inside_of_the_file_are_followed(tmp_path: Path, target: str) -> None:
    links = {"x": h5py.SoftLink(target), "alias": h5py.SoftLink("/raw")}
    opened(tmp_path, raw__x=VALUES, raw__circle=h5py.SoftLink("/raw"), **links).close()
    assert np.array_equal(read(tmp_path, "x"), VALUES)
    assert np.array_equal(read(tmp_path, "/x"), VALUES)


def test_links_that_lead_away_are_named(tmp_path: Path) -> None:
    away = h5py.ExternalLink("other.h5", "x")
    opened(tmp_path, x=away, y=h5py.SoftLink("/none"), z=VALUES).close()
    with pytest.raises(DataError, match=r"'x', which is not read: a link to another file"):
        read(tmp_path, "x")
    with pytest.raises(DataError, match="leads to nothing"):
        read(tmp_path, "y")


def test_fields_of_a_compound_type_are_arrays(tmp_path: Path) -> None:
    table = np.array([(1.5, b"go"), (2.5, b"stop")], [("t", "f8"), ("word", "S4")])
    store = opened(tmp_path, table=table)
    assert store.read("table/t").tolist() == [1.5, 2.5]
    assert store.read("table/word").tolist() == ["go", "stop"]
    store.close()
    with pytest.raises(DataError, match="an array of structures; its fields are 'table/t'"):
        read(tmp_path, "table")


def test_ragged_rows_are_spike_times(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        rows = file.create_dataset("spikes", (3,), h5py.vlen_dtype(np.int64))
        rows[0], rows[2] = [2**60 + 1, 3], [4]
    store = Hdf5Store(tmp_path / "a.h5")
    assert store.read("spikes").tolist() == [2**60 + 1, 3, 4]
    assert store.read("spikes/unit").tolist() == [0, 0, 2]
    assert store.read("spikes/unit_ids").tolist() == [0, 1, 2]


def test_references_are_cells(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        items = [file.create_dataset(f"all/{k}", data=np.arange(k) + 0.5) for k in range(3)]
        file["spikes"] = np.array([item.ref for item in items], h5py.ref_dtype)
        file["none"] = np.array([h5py.Reference()], h5py.ref_dtype)
    store = Hdf5Store(tmp_path / "a.h5")
    assert store.read("spikes").tolist() == [0.5, 0.5, 1.5]
    assert store.read("spikes/unit").tolist() == [1, 2, 2]
    assert store.read("spikes/unit_ids").tolist() == [0, 1, 2]
    assert "some lead to no array" in store.left_out()["none"]


def test_attributes_are_arrays(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["x"] = VALUES
        file["x"].attrs["rate"], file.attrs["animal"] = 30.0, "rat7"
    store = Hdf5Store(tmp_path / "a.h5")
    assert store.names() == ["x", "@animal", "x@rate"]
    assert store.read("x@rate") == 30.0
    assert store.read("@animal") == "rat7"
    store.close()
    assert read(tmp_path, "*").shape == (4, 2)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (VALUES + 1j, "complex numbers"),
        (np.void(b"abc"), "opaque"),
        (h5py.Empty("f8"), "empty dataset"),
    ],
)
def test_what_is_no_array_is_named(tmp_path: Path, value: Any, reason: str) -> None:
    opened(tmp_path, x=value, y=VALUES).close()
    with pytest.raises(DataError, match=f"'x', which is not read: .*{reason}"):
        read(tmp_path, "x")


def test_a_name_in_other_letters_is_suggested(tmp_path: Path) -> None:
    opened(tmp_path, group__Neural=VALUES).close()
    with pytest.raises(DataError, match="does not have") as error:
        read(tmp_path, "Group/neural")
    assert "'group/Neural'" in error.value.remedy


def test_a_group_is_named_as_one(tmp_path: Path) -> None:
    opened(tmp_path, group__x=VALUES, group__y=VALUES).close()
    with pytest.raises(DataError, match="'group', which is a group of arrays") as error:
        read(tmp_path, "group")
    assert "group/x, group/y" in error.value.remedy


def test_dates_and_arrays_in_arrays(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_dataset("x", (4,), np.dtype((np.float64, (2,))))
        file["x"][:] = VALUES
        file["date"] = np.array(["2020-01-01"], "M8[s]").astype(h5py.opaque_dtype("M8[s]"))
    store = Hdf5Store(tmp_path / "a.h5")
    assert np.array_equal(store.read("x"), VALUES)
    assert store.read("date")[0] == np.datetime64("2020-01-01")
