"""Errors that travel, files that are whole or absent, tensors that map, seeds that differ."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from safetensors.numpy import load_file

from raylab import files
from raylab.errors import ConfigError, DataError, RaylabError, StudyError, TrainingError
from raylab.files import (
    atomic_folder,
    atomic_path,
    digest,
    map_tensors,
    read_json,
    write_json,
    write_tensors,
)
from raylab.seeding import derive

DTYPES = st.sampled_from(
    [np.float64, np.float32, np.float16, np.int64, np.int32, np.int16, np.int8, np.uint8, np.bool_]
)


@pytest.mark.parametrize("kind", [RaylabError, ConfigError, DataError, StudyError, TrainingError])
def test_errors_travel_between_processes(kind: type[RaylabError]) -> None:
    error = kind("ds: broken", "Mend it.")
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), again.what, again.remedy) == (kind, "ds: broken", "Mend it.")
    assert str(again) == "ds: broken\n  Mend it."
    assert str(kind("ds: broken")) == "ds: broken"
    assert again.exit_code == 2


# -- whole or absent -------------------------------------------------------------------------------


def _write_half(path: Path, error: BaseException) -> None:
    path.write_text("half")
    raise error


def test_a_failed_write_leaves_the_old_file_and_no_other(tmp_path: Path) -> None:
    path = tmp_path / "sub" / "value.json"
    write_json(path, {"a": 1})
    with pytest.raises(RuntimeError), atomic_path(path) as temporary:
        _write_half(temporary, RuntimeError())
    with pytest.raises(ValueError, match="Out of range"):
        write_json(path, {"a": float("nan")})
    assert read_json(path) == {"a": 1}
    assert list(path.parent.iterdir()) == [path]


def test_an_atomic_folder_is_whole_or_absent(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), atomic_folder(tmp_path / "ds") as folder:
        _write_half(folder / "part", KeyboardInterrupt())
    assert list(tmp_path.iterdir()) == []
    with atomic_folder(tmp_path / "ds") as folder:
        (folder / "part").write_text("whole")
        assert not (tmp_path / "ds").exists()
    assert (tmp_path / "ds" / "part").read_text() == "whole"
    with pytest.raises(OSError), atomic_folder(tmp_path / "ds") as folder:  # noqa: PT011
        (folder / "part").write_text("other")
    assert (tmp_path / "ds" / "part").read_text() == "whole"
    assert [path.name for path in tmp_path.iterdir()] == ["ds"]


@pytest.mark.parametrize("text", ["", "{", '{"a": 1', "\x00"])
def test_damaged_json_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "manifest.json"
    path.write_text(text)
    with pytest.raises(DataError, match=r"manifest\.json: not readable as JSON"):
        read_json(path)
    with pytest.raises(DataError, match=r"other\.json: no such file"):
        read_json(tmp_path / "other.json")


def test_json_takes_numpy_and_paths(tmp_path: Path) -> None:
    write_json(
        tmp_path / "a.json",
        {"n": np.float32(0.5), "i": np.int64(3), "v": np.arange(2), "p": Path("x")},
    )
    assert json.loads((tmp_path / "a.json").read_text()) == {
        "n": 0.5,
        "i": 3,
        "v": [0, 1],
        "p": "x",
    }


def test_digest_ignores_order_and_sees_values() -> None:
    assert digest({"a": 1, "b": [2.0]}) == digest({"b": [2.0], "a": 1})
    assert digest({"a": 1}) != digest({"a": 2})
    assert digest([1, 2]) != digest([2, 1])


# -- tensors ---------------------------------------------------------------------------------------


@settings(max_examples=40, deadline=None)
@given(
    st.dictionaries(
        st.text(min_size=1, max_size=8).filter(lambda name: name != "__metadata__"),
        DTYPES.flatmap(
            lambda dtype: hnp.arrays(dtype, hnp.array_shapes(min_dims=0, max_dims=3, min_side=0))
        ),
        max_size=4,
    )
)
def test_mapped_tensors_equal_those_of_safetensors(
    tmp_path_factory: pytest.TempPathFactory, tensors: dict[str, np.ndarray]
) -> None:
    path = tmp_path_factory.mktemp("tensors") / "x.safetensors"
    write_tensors(path, tensors, {"what": "test"})
    mapped, loaded = map_tensors(path), load_file(path)
    assert mapped.keys() == loaded.keys()
    for name, array in loaded.items():
        assert mapped[name].dtype == array.dtype
        assert mapped[name].shape == array.shape
        assert mapped[name].tobytes() == array.tobytes()


def test_mapped_tensors_share_the_file_and_cannot_be_changed(tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    write_tensors(path, {"x": np.arange(6.0).reshape(2, 3).T})
    mapped = map_tensors(path)["x"]
    assert np.array_equal(mapped, np.arange(6.0).reshape(2, 3).T)
    with pytest.raises(ValueError, match="read-only"):
        mapped[0] = 1


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_truncated_tensors_are_an_error_wherever_they_are_cut(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    path = tmp_path_factory.mktemp("cut") / "x.safetensors"
    write_tensors(path, {"x": np.arange(40.0), "y": np.arange(3)})
    whole = path.read_bytes()
    path.write_bytes(whole[: data.draw(st.integers(0, len(whole) - 1))])
    with pytest.raises(DataError, match=r"x\.safetensors: not a whole safetensors file"):
        map_tensors(path)


@pytest.mark.parametrize(
    "raw", [b"\xff" * 200, b"\x02" + b"\0" * 7 + b"[]", b"\x02" + b"\0" * 7 + b"{}extra"]
)
def test_foreign_files_are_no_tensors(tmp_path: Path, raw: bytes) -> None:
    path = tmp_path / "x.safetensors"
    path.write_bytes(raw)
    if raw.endswith(b"{}extra"):
        assert map_tensors(path) == {}
        return
    with pytest.raises(DataError, match="not a whole safetensors file"):
        files.map_tensors(path)


def test_a_tensor_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"x\.safetensors: no such file"):
        map_tensors(tmp_path / "x.safetensors")


# -- seeds -----------------------------------------------------------------------------------------


def test_seeds_differ_by_every_part_of_their_path() -> None:
    seeds = [
        derive(seed, name, step)
        for seed in range(4)
        for name in ("model", "pairs")
        for step in range(4)
    ]
    assert len(set(seeds)) == len(seeds)
    assert all(0 <= seed < 2**63 for seed in seeds)
    assert derive(1, 0) != derive(0, 1)
    assert derive(1, "a", 2) == derive(1, "a", 2)


def test_seeds_are_the_same_on_every_machine() -> None:
    assert derive(0, "model") == 5784575990485341678
