"""Files that cannot be read: the cause is named with its cure, the parser's own error shown."""

from __future__ import annotations

import gzip
import os
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from raylab.cli import main
from raylab.data.readers.causes import explained
from raylab.data.readers.formats.joblib import open_joblib
from raylab.data.readers.isolation.isolated import read_isolated
from raylab.data.readers.read import read_source
from raylab.data.readers.source import Source
from raylab.data.recipe import Recipe, parse_recipe
from raylab.errors import DataError

POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 12\n"
PROTECTED = b"\xd0\xcf\x11\xe0" + "EncryptedPackage".encode("utf-16-le")
HOLDER = "import h5py, sys; f = h5py.File(sys.argv[1], 'r+'); print(1, flush=True); input()"


def recipe(kind: str) -> Recipe:
    value = {"format": kind, "neural": {"path": "x", "kind": "rate"}, "time": {"rate_hz": 10}}
    return parse_recipe(value, "test")


def refused(path: Path, kind: str) -> str:
    with pytest.raises(DataError) as error:
        read_source(Source(path), recipe(kind))
    assert str(path) in error.value.what
    return str(error.value)


def hdf5(path: Path) -> bytes:
    with h5py.File(path, "w") as file:
        file["x"] = np.ones((400, 2))
    return path.read_bytes()


@pytest.mark.parametrize(
    ("content", "kind", "texts"),
    [
        (b"", "hdf5", ["is empty (0 bytes)"]),
        (POINTER, "npz", ["Git LFS", "git lfs pull"]),
        (b"/annex/objects/SHA256E-s1--0.h5\n", "hdf5", ["git-annex"]),
        (gzip.compress(b"x\n1\n", mtime=0), "csv", ["compressed with gzip", "gunzip a.dat"]),
        (b"<!DOCTYPE html><html></html>", "mat", ["a web page"]),
        (pickle.dumps({"x": 1}), "npz", ["this is a pickle", "format: joblib"]),
        (b"\x93NUMPY\x01\x00" + b"\0" * 90, "csv", ["an array of NumPy", "format: npy"]),
        (b"PAR1" + b"\0" * 90, "csv", ["a Parquet file", "format: parquet"]),
        (b"\0" * 5000, "hdf5", ["begins with zeros only"]),
        (PROTECTED, "csv", ["protected by a password"]),
        (b"\xd0\xcf\x11\xe0" + b"\0" * 90, "csv", [".xls file"]),
    ],
)
def test_what_the_file_is_instead(
    tmp_path: Path, content: bytes, kind: str, texts: list[str]
) -> None:
    (tmp_path / "a.dat").write_bytes(content)
    message = refused(tmp_path / "a.dat", kind)
    for text in texts:
        assert text in message


@pytest.mark.parametrize("kind", ["csv", "npz", "parquet", "joblib"])
def test_hdf5_by_another_name(tmp_path: Path, kind: str) -> None:
    hdf5(tmp_path / "a.dat")
    assert "this is an HDF5 file" in refused(tmp_path / "a.dat", kind)
    assert "`format: hdf5`" in refused(tmp_path / "a.dat", kind)


def test_a_truncated_file_states_its_lengths(tmp_path: Path) -> None:
    whole = hdf5(tmp_path / "a.h5")
    (tmp_path / "a.h5").write_bytes(whole[: len(whole) // 3])
    text = f"it has {len(whole) // 3:,} of {len(whole):,} bytes"
    assert text in refused(tmp_path / "a.h5", "hdf5")


def test_a_download_under_way(tmp_path: Path) -> None:
    (tmp_path / "a.h5").write_bytes(b"abc")
    (tmp_path / "a.h5.part").write_bytes(b"abc")
    assert "still being downloaded" in refused(tmp_path / "a.h5", "hdf5")


def test_a_file_that_is_open_for_writing(tmp_path: Path) -> None:
    hdf5(tmp_path / "a.h5")
    command = [sys.executable, "-c", HOLDER, str(tmp_path / "a.h5")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        message = refused(tmp_path / "a.h5", "hdf5")
        holder.communicate(b"\n")
    assert "another program has it open for writing" in message


@pytest.mark.parametrize("suffix", ["npz", "npy"])
def test_an_array_of_objects_has_a_line_that_converts_it(tmp_path: Path, suffix: str) -> None:
    spikes = np.empty(3, object)
    spikes[:] = [np.array([0.5, 1.5]), np.zeros(0), np.array([2.5])]
    path = tmp_path / f"a.{suffix}"
    if suffix == "npz":
        np.savez(path, x=spikes, c=np.array(["a", 1], object))
        message = refused(path, "npz")
    else:
        np.save(path, spikes, allow_pickle=True)
        message = str(explained(path, "npy", ValueError("Object arrays cannot be loaded")))
    line = message[message.index('python -c "') + len('python -c "') : -1]
    subprocess.run([sys.executable, "-c", line], cwd=tmp_path, check=True)
    store = open_joblib(tmp_path / "a.jl")
    name = "x" if suffix == "npz" else "array"
    assert store.read(f"{name}/unit").tolist() == [0, 0, 2]
    assert suffix == "npy" or store.read("c").tolist() == ["a", "1"]


def test_an_empty_file_without_a_recipe(tmp_path: Path) -> None:
    (tmp_path / "a.h5").touch()
    with pytest.raises(DataError, match=r"a\.h5: is empty \(0 bytes\)"):
        read_source(Source(tmp_path / "a.h5"))


@pytest.mark.parametrize("order", ["<", ">"])
def test_text_with_letters_that_do_not_exist(tmp_path: Path, order: str) -> None:
    words = np.full((40, 2), 2**30, f"{order}u4").view(f"{order}U2")
    np.savez(tmp_path / "a.npz", x=words)
    assert "letters that do not exist" in refused(tmp_path / "a.npz", "npz")


def test_permission(tmp_path: Path) -> None:
    path = tmp_path / "a.h5"
    path.touch()
    known = explained(path, "hdf5", PermissionError(13, "denied"))
    assert known is not None
    assert "permission denied" in known.what


def test_a_missing_filter_has_its_package(tmp_path: Path, monkeypatch: Any) -> None:
    hdf5plugin = pytest.importorskip("hdf5plugin")
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_dataset("x", data=np.ones((40, 2)), **hdf5plugin.Blosc())
    assert read_source(Source(tmp_path / "a.h5"), recipe("hdf5")).neural.shape == (40, 2)
    monkeypatch.setattr(h5py.h5z, "filter_avail", lambda code: False)
    message = refused(tmp_path / "a.h5", "hdf5")
    assert "HDF5 filter 32001" in message
    assert "raylab[hdf5-filters]" in message


def test_the_parsers_own_error_is_for_debug(tmp_path: Path, capfd: Any) -> None:
    (tmp_path / "a.h5").write_bytes(b"no HDF5 file at all")
    with pytest.raises(DataError) as error:
        read_isolated(Source(tmp_path / "a.h5"), recipe("hdf5"))
    assert "h5py" in error.value.cause
    assert "Traceback" not in str(error.value)
    assert pickle.loads(pickle.dumps(error.value)).cause == error.value.cause
    recipe_file = tmp_path / "r.yaml"
    recipe_file.write_text(
        "format: hdf5\nneural: {path: x, kind: rate}\ntime: {rate_hz: 10}\n", encoding="utf-8"
    )
    words = ["prepare", str(tmp_path / "a.h5"), "--recipe", str(recipe_file)]
    with pytest.raises(SystemExit):
        main([*words, "--out", str(tmp_path / "ds"), "--debug"])
    assert "h5py/" in capfd.readouterr().err.replace(os.sep, "/")
