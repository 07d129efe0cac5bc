"""Prepared datasets: what was prepared is what opens, and changes are seen."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from helpers import arrays, dataset, recipe_file, recording_file, session
from hypothesis import given, settings
from hypothesis import strategies as st

from raylab.config.splits import BlockedSplits
from raylab.data.dataset import Dataset
from raylab.data.inspect import inspect
from raylab.data.prepare import prepare
from raylab.data.session import Label
from raylab.errors import DataError
from raylab.files import map_tensors


def test_round_trip_is_mapped_not_copied(tmp_path: Path) -> None:
    source = recording_file(tmp_path / "raw")
    made = prepare(source, recipe=recipe_file(tmp_path), out=tmp_path / "ds").dataset
    opened, original = made.open("rat"), arrays()
    assert np.array_equal(opened.neural, original["x"])
    assert np.array_equal(opened.time, np.arange(400) / 10)
    assert opened.parts.tolist() == [[0, 240, 0], [240, 320, 1], [320, 400, 2]]
    assert list(opened.labels) == ["position", "heading", "choice"]
    assert np.array_equal(opened.labels["position"].values[:, 0], original["position"])
    assert opened.labels["choice"].classes == ("0", "1")
    assert opened.labels["heading"].kind == "circular"
    base: np.ndarray | None = opened.neural
    while base is not None and not isinstance(base, np.memmap):
        base = base.base  # type: ignore[assignment]
    assert isinstance(base, np.memmap)
    assert not opened.neural.flags.writeable
    made.verify()


def test_the_manifest_explains_the_dataset(tmp_path: Path) -> None:
    prepare(recording_file(tmp_path / "raw"), recipe=recipe_file(tmp_path), out=tmp_path / "ds")
    manifest = json.loads((tmp_path / "ds" / "manifest.json").read_text())
    entry = manifest["sessions"][0]
    assert manifest["schema"] == 2
    assert entry["splits"] == {"train": 240, "valid": 80, "test": 80}
    assert entry["labels"]["position"]["unit"] == "m"
    assert entry["fitted"] == {"dropped_units": "training samples"}
    assert manifest["recipe"]["neural"]["path"] == "x"
    shown = inspect(tmp_path / "ds").to_dict()
    assert shown.pop("totals")["splits"] == entry["splits"]
    assert shown == manifest


def test_inspect_describes_raw_and_prepared_alike(tmp_path: Path) -> None:
    source, recipe = recording_file(tmp_path / "raw"), recipe_file(tmp_path)
    prepare(source, recipe=recipe, out=tmp_path / "ds")
    raw, prepared = (
        inspect(source, recipe=recipe).to_dict()["sessions"][0],
        inspect(tmp_path / "ds").to_dict()["sessions"][0],
    )
    for key in ("id", "samples", "units", "rate_hz", "splits", "labels"):
        assert raw[key] == prepared[key], key


def test_fingerprint_follows_content_and_splits(tmp_path: Path) -> None:
    changed = arrays()["x"].copy()
    changed[-1, -1] += 1e-3
    made = {
        "same": dataset(tmp_path / "a"),
        "again": dataset(tmp_path / "b"),
        "content": dataset(tmp_path / "c", session(neural=changed)),
        "label": dataset(
            tmp_path / "d", session(labels={"position": Label.continuous(np.arange(400.0))})
        ),
        "splits": dataset(tmp_path / "e", splits=BlockedSplits()),
        "session": dataset(tmp_path / "f", session("mouse")),
    }
    prints = {name: one.fingerprint for name, one in made.items()}
    assert prints.pop("again") == prints["same"]
    assert len(set(prints.values())) == len(prints)


def test_verify_sees_a_changed_byte_and_a_missing_file(tmp_path: Path) -> None:
    made = dataset(tmp_path / "ds")
    split = next((made.path / "splits").iterdir())
    whole = split.read_bytes()
    split.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    with pytest.raises(DataError, match=r"splits.rat\.safetensors: content differs"):
        made.verify()
    split.write_bytes(whole)
    file = next((made.path / "sessions").iterdir())
    raw = bytearray(file.read_bytes())
    raw[-1] ^= 1
    file.write_bytes(raw)
    with pytest.raises(DataError, match=r"rat\.safetensors: content differs"):
        made.verify()
    file.write_bytes(raw[:200])
    with pytest.raises(DataError, match=r"rat\.safetensors: not a whole safetensors file"):
        made.open("rat")
    file.unlink()
    with pytest.raises(DataError, match=r"rat\.safetensors: no such file"):
        made.verify()


@pytest.mark.parametrize(
    "text", ['{"schema": 99, "sessions": [{}]}', '{"schema": 2, "sessions": []}', "[]", "3"]
)
def test_manifest_of_another_schema_or_shape(tmp_path: Path, text: str) -> None:
    dataset(tmp_path / "ds")
    (tmp_path / "ds" / "manifest.json").write_text(text)
    with pytest.raises(DataError, match=r"manifest\.json: schema .*reads schema 2"):
        Dataset(tmp_path / "ds")


def test_unknown_session(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no session 'rta'") as caught:
        dataset(tmp_path / "ds").open("rta")
    assert "rat" in caught.value.remedy


def test_constant_units_are_dropped_by_their_training_samples_alone(tmp_path: Path) -> None:
    x = arrays()["x"].copy()
    x[:240, 1] = 3  # constant in training, alive in validation and test
    x[240:, 4] = 0  # alive in training, silent afterwards
    made = dataset(tmp_path / "ds", session(neural=x, units=6))
    entry = made.manifest["sessions"][0]
    assert entry["dropped_units"] == [1]
    assert (entry["units"], entry["recorded_units"]) == (5, 6)
    assert made.kept_units("rat").tolist() == [True, False, True, True, True, True]
    assert entry["removed"] == {"constant": [1]}
    opened = made.open("rat")
    assert np.array_equal(opened.neural, x)
    assert np.array_equal(opened.activity(10, 300), np.delete(x, 1, axis=1)[10:300])
    changed = x.copy()
    changed[240:] = np.random.default_rng(1).normal(size=(160, 6))
    assert dataset(tmp_path / "other", session(neural=changed)).manifest["sessions"][0][
        "dropped_units"
    ] == [1]


@pytest.mark.parametrize("name", ["../x", "a/b", "/etc/x", "..", "", "ä ö", "a:b", "x" * 60])
def test_ids_that_are_no_file_names_stay_inside(tmp_path: Path, name: str) -> None:
    made = dataset(tmp_path / "ds", session(name))
    files = [path.relative_to(tmp_path / "ds").parts for path in tmp_path.rglob("*.safetensors")]
    assert sorted(file[0] for file in files) == ["sessions", "splits"]
    assert made.open(name).id == name


@settings(max_examples=30, deadline=None)
@given(st.lists(st.text(alphabet="ab./_-~ ", max_size=4), min_size=2, max_size=5, unique=True))
def test_two_ids_never_share_a_file(
    tmp_path_factory: pytest.TempPathFactory, names: list[str]
) -> None:
    made = dataset(
        tmp_path_factory.mktemp("ids") / "ds",
        *[session(name, seed=at) for at, name in enumerate(names)],
    )
    assert len({entry["file"] for entry in made.manifest["sessions"]}) == len(names)
    for at, name in enumerate(names):
        assert np.array_equal(made.open(name).neural, arrays(seed=at)["x"])


def test_labels_of_several_sessions_are_those_that_all_have(tmp_path: Path) -> None:
    only = session(
        "b", labels={"choice": session().labels["choice"], "position": session().labels["position"]}
    )
    assert list(dataset(tmp_path / "ds", session("a"), only).labels) == ["position", "choice"]


def test_mapped_arrays_of_a_session_file(tmp_path: Path) -> None:
    made = dataset(tmp_path / "ds")
    tensors = map_tensors(made.path / made.manifest["sessions"][0]["file"])
    assert {"neural", "time", "segments", "label.position"} <= set(tensors)
