"""NumPy files: one array, a folder of arrays, and every kind of header."""

from __future__ import annotations

import os
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import raylab
from raylab.data.preparation.workspace import source_key
from raylab.data.readers.formats.npy import NpyStore
from raylab.data.readers.isolation.isolated import read_isolated
from raylab.data.readers.read import read_source
from raylab.data.readers.sources import list_sources
from raylab.data.recipe import parse_recipe
from raylab.errors import DataError

X = np.random.default_rng(0).normal(size=(30, 4))
FOLDER = {
    "format": "npy",
    "neural": {"path": "activity", "kind": "rate"},
    "time": {"path": "time"},
    "labels": {"side": {"path": "side", "kind": "discrete"}},
}
FILE = {
    "format": "npy",
    "neural": {"path": "array", "kind": "rate"},
    "time": {"rate_hz": 10},
}


def folder(path: Path, scale: float = 1.0) -> Path:
    path.mkdir(parents=True)
    np.save(path / "activity.npy", X * scale)
    np.save(path / "time.npy", np.arange(30) / 10)
    np.save(path / "side.npy", np.arange(30) % 2)
    (path / "._activity.npy").write_bytes(b"\0\5\x16\7")
    (path / "notes.txt").write_text("not an array")
    return path


def test_a_folder_of_arrays_is_a_session(tmp_path: Path) -> None:
    path = folder(tmp_path / "m1")
    parsed = parse_recipe(FOLDER, "test")
    (source,) = list_sources(path, parsed)
    assert [file.name for file in source.files] == ["activity.npy", "side.npy", "time.npy"]
    for read in (read_source, read_isolated):
        session = read(source, parsed)
        assert session.id == "m1"
        np.testing.assert_array_equal(session.neural, X.astype(np.float32))
        np.testing.assert_array_equal(session.labels["side"].values, np.arange(30) % 2)
    before = source_key(source, parsed)
    np.save(path / "side.npy", np.zeros(31))
    assert source_key(list_sources(path, parsed)[0], parsed) != before


def test_a_folder_may_hold_several_folders(tmp_path: Path) -> None:
    for name, scale in (("m2/day1/npy", 2.0), ("m1/alf", 1.0), (".hidden", 3.0)):
        folder(tmp_path / name, scale)
    parsed = parse_recipe(FOLDER, "test")
    sessions = [read_source(source, parsed) for source in list_sources(tmp_path, parsed)]
    assert [session.id for session in sessions] == ["m1", "npy"]
    assert list_sources(tmp_path / "m*", parsed) == list_sources(tmp_path, parsed)
    some = parse_recipe({**FOLDER, "files": "m1*"}, "test")
    assert [source.name for source in list_sources(tmp_path, some)] == ["m1/alf"]
    (tmp_path / "m3").mkdir()
    with pytest.raises(DataError, match="is no session of the format npy"):
        list_sources(tmp_path / "m3", parsed)


def test_one_file_is_a_session(tmp_path: Path) -> None:
    for animal, scale in (("a", 1.0), ("b", 2.0)):
        np.save(tmp_path / f"{animal}_neural.npy", np.asfortranarray(X * scale))
        np.save(tmp_path / f"{animal}_pos.npy", np.arange(30.0) * scale)
    labels = {"pos": {"path": "pos", "kind": "continuous"}}
    value = {**FILE, "files": "*_neural.npy", "companions": {"pos": "*_pos.npy"}, "labels": labels}
    parsed = parse_recipe(value, "test")
    for path in (tmp_path, tmp_path / "*_neural.npy"):
        sessions = [read_source(source, parsed) for source in list_sources(path, parsed)]
        assert [session.id for session in sessions] == ["a_neural", "b_neural"]
        np.testing.assert_array_equal(sessions[1].neural, (X * 2).astype(np.float32))
        np.testing.assert_array_equal(sessions[1].labels["pos"].values[:, 0], np.arange(30) * 2)


def test_prepare_and_inspect_take_a_folder(tmp_path: Path) -> None:
    import yaml

    folder(tmp_path / "m1")
    (tmp_path / "r.yaml").write_text(yaml.safe_dump(FOLDER))
    described = raylab.inspect(tmp_path / "m1", recipe=tmp_path / "r.yaml").sessions[0]
    prepared = raylab.prepare(tmp_path, out=tmp_path / "ds", recipe=tmp_path / "r.yaml")
    assert list(prepared.dataset.sessions) == ["m1"]
    np.save(tmp_path / "m1" / "side.npy", np.ones(30))
    changed = raylab.inspect(tmp_path / "m1", recipe=tmp_path / "r.yaml").sessions[0]
    assert described.sha256 != changed.sha256


@pytest.mark.parametrize("version", [(1, 0), (2, 0), (3, 0)])
@pytest.mark.parametrize("order", ["C", "F"])
def test_every_header_is_read(tmp_path: Path, version: Any, order: str) -> None:
    path = tmp_path / "a.npy"
    array = np.asarray(X, dtype=">f8", order=order)  # type: ignore[call-overload]
    with path.open("wb") as file:
        np.lib.format.write_array(file, array, version)
    np.testing.assert_array_equal(NpyStore(path).read("array"), X)


def test_fields_single_values_and_empty_arrays(tmp_path: Path) -> None:
    table = np.zeros(3, [("été", "f4"), ("side", "U4")])
    table["été"] = [1, 2, 3]
    table["side"] = ["a", "b", "c"]
    for name, array in (("t", table), ("rate", np.array(30.0)), ("none", np.zeros((0, 3)))):
        np.save(tmp_path / f"{name}.npy", array)
    store = NpyStore(tmp_path)
    assert store.names() == ["none", "rate", "t/été", "t/side"]
    assert store.read("t/été").tolist() == [1, 2, 3]
    assert store.read("t/side").tolist() == ["a", "b", "c"]
    assert store.read("rate") == 30
    assert store.read("none").shape == (0, 3)


class Hostile:
    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> Any:
        return os.system, (f"touch {self.target}",)


def test_objects_are_refused_with_the_line_that_converts_them(tmp_path: Path) -> None:
    ragged = np.array([np.arange(3.0), np.arange(2.0)], dtype=object)
    np.save(tmp_path / "m1.npy", ragged, allow_pickle=True)
    parsed = parse_recipe(FILE, "test")
    with pytest.raises(DataError, match=r"m1\.npy: holds Python objects") as error:
        read_source(list_sources(tmp_path / "m1.npy", parsed)[0], parsed)
    line = error.value.remedy.partition("once: ")[2].replace("'m", f"'{tmp_path}/m")
    exec(line, {"np": np})  # what a user does who trusts the file
    converted = np.load(tmp_path / "m1.npz")
    assert converted["values"].tolist() == [0, 1, 2, 0, 1]
    assert converted["row"].tolist() == [0, 0, 0, 1, 1]

    hostile = np.array({"a": Hostile(tmp_path / "ran")}, dtype=object)
    with (tmp_path / "m2.npy").open("wb") as file:
        np.lib.format.write_array_header_1_0(
            file, {"descr": "|O", "fortran_order": False, "shape": ()}
        )
        pickle.dump(hostile, file)
    with pytest.raises(DataError, match="holds Python objects") as error:
        read_source(list_sources(tmp_path / "m2.npy", parsed)[0], parsed)
    assert ".item())" in error.value.remedy
    assert not (tmp_path / "ran").exists()


def test_what_is_damaged_or_too_large_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, parsed = tmp_path / "m1.npy", parse_recipe(FILE, "test")
    np.save(path, X)
    raw = path.read_bytes()
    for content in (raw[:200], raw[:20], b"", b"these are words\n" * 40):
        path.write_bytes(content)
        with pytest.raises(DataError, match=r"m1\.npy: (not readable as npy|is )"):
            read_source(list_sources(path, parsed)[0], parsed)
    path.write_bytes(raw)
    monkeypatch.setenv("RAYLAB_MAX_ARRAY_GB", "1e-7")
    with pytest.raises(DataError, match="GB of memory"):
        read_source(list_sources(path, parsed)[0], parsed)


def test_links_between_folders_are_followed_once(tmp_path: Path) -> None:
    folder(tmp_path / "store" / "a8f3")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "m1").symlink_to(tmp_path / "store" / "a8f3")
    (tmp_path / "data" / "again").symlink_to(tmp_path / "data")
    parsed = parse_recipe(FOLDER, "test")
    assert [source.name for source in list_sources(tmp_path / "data", parsed)] == ["m1"]


def test_a_session_is_called_after_the_link_to_it(tmp_path: Path) -> None:
    np.save(tmp_path / "a8f3.npy", X)
    (tmp_path / "m1.npy").symlink_to(tmp_path / "a8f3.npy")
    prepared = raylab.prepare(tmp_path / "m1.npy", out=tmp_path / "ds", recipe=FILE)
    assert list(prepared.dataset.sessions) == ["m1"]


def test_sessions_of_one_name_are_told_apart_by_their_folders(tmp_path: Path) -> None:
    for name in ("m1/day1/npy", "m1/day2/npy", "m2/day1/npy"):
        folder(tmp_path / name / "alf")
    parsed = parse_recipe(FOLDER, "test")
    sources = list_sources(tmp_path, parsed)
    assert [source.stem for source in sources] == ["m1_day1_npy", "m1_day2_npy", "m2_day1_npy"]
    assert [source.name for source in sources] == ["npy/alf"] * 3
    session = read_isolated(sources[1], parsed)
    assert session.id == "m1_day2_npy"
    for name in ("a", "b"):
        (tmp_path / "files" / name).mkdir(parents=True)
        np.save(tmp_path / "files" / name / "rec.npy", X)
    parsed = parse_recipe({**FILE, "files": "*/rec.npy"}, "test")
    stems = [source.stem for source in list_sources(tmp_path / "files", parsed)]
    assert stems == ["a_rec", "b_rec"]


def test_a_hidden_folder_that_is_named_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder(tmp_path / ".m1" / "alf")
    parsed = parse_recipe(FOLDER, "test")
    assert len(list_sources(tmp_path / ".m1", parsed)) == 1
    monkeypatch.chdir(tmp_path / ".m1" / "alf")
    for path in (".", "..", "../alf"):
        assert len(list_sources(Path(path), parsed)) == 1
