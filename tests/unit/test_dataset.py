"""Prepared datasets: what was prepared is what opens, changes are seen, failures leave nothing behind."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from helpers import arrays, dataset, recipe_file, recording_file, session
from hypothesis import given, settings
from hypothesis import strategies as st

from raylab.config import BlockedSplits
from raylab.data import prepare as preparing
from raylab.data.dataset import Dataset
from raylab.data.prepare import inspect, prepare
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
    assert manifest["schema"] == 1
    assert entry["splits"] == {"train": 240, "valid": 80, "test": 80}
    assert entry["labels"]["position"]["unit"] == "m"
    assert entry["fitted"] == {"dropped_units": "training samples"}
    assert manifest["recipe"]["neural"]["path"] == "x"
    assert inspect(tmp_path / "ds") == manifest


def test_inspect_describes_raw_and_prepared_alike(tmp_path: Path) -> None:
    source, recipe = recording_file(tmp_path / "raw"), recipe_file(tmp_path)
    prepare(source, recipe=recipe, out=tmp_path / "ds")
    raw, prepared = inspect(source, recipe=recipe)["sessions"][0], inspect(tmp_path / "ds")["sessions"][0]
    for key in ("id", "samples", "units", "rate_hz", "splits", "labels"):
        assert raw[key] == prepared[key], key


def test_fingerprint_follows_content_and_splits(tmp_path: Path) -> None:
    changed = arrays()["x"].copy()
    changed[-1, -1] += 1e-3
    made = {
        "same": dataset(tmp_path / "a"),
        "again": dataset(tmp_path / "b"),
        "content": dataset(tmp_path / "c", session(neural=changed)),
        "label": dataset(tmp_path / "d", session(labels={"position": Label.continuous(np.arange(400.0))})),
        "splits": dataset(tmp_path / "e", splits=BlockedSplits()),
        "session": dataset(tmp_path / "f", session("mouse")),
    }
    prints = {name: one.fingerprint for name, one in made.items()}
    assert prints.pop("again") == prints["same"]
    assert len(set(prints.values())) == len(prints)


def test_verify_sees_a_changed_byte_and_a_missing_file(tmp_path: Path) -> None:
    made = dataset(tmp_path / "ds")
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


@pytest.mark.parametrize("text", ['{"schema": 99, "sessions": [{}]}', '{"schema": 1, "sessions": []}', "[]", "3"])
def test_manifest_of_another_schema_or_shape(tmp_path: Path, text: str) -> None:
    dataset(tmp_path / "ds")
    (tmp_path / "ds" / "manifest.json").write_text(text)
    with pytest.raises(DataError, match=r"manifest\.json: schema .*reads schema 1"):
        Dataset(tmp_path / "ds")


def test_unknown_session(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no session 'rta'") as caught:
        dataset(tmp_path / "ds").open("rta")
    assert "rat" in caught.value.remedy


@pytest.mark.parametrize("error", [DataError("broken"), KeyboardInterrupt(), OSError(28, "No space left on device")])
def test_interrupted_prepare_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    def stop(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(preparing, "write_manifest", stop)
    source, recipe = recording_file(tmp_path / "raw"), recipe_file(tmp_path)
    with pytest.raises((DataError, KeyboardInterrupt)):
        prepare(source, recipe=recipe, out=tmp_path / "made" / "ds")
    assert list((tmp_path / "made").iterdir()) == []


def test_constant_units_are_dropped_by_their_training_samples_alone(tmp_path: Path) -> None:
    x = arrays()["x"].copy()
    x[:240, 1] = 3  # constant in training, alive in validation and test
    x[240:, 4] = 0  # alive in training, silent afterwards
    made = dataset(tmp_path / "ds", session(neural=x, units=6))
    entry = made.manifest["sessions"][0]
    assert entry["dropped_units"] == [1]
    assert (entry["units"], entry["recorded_units"]) == (5, 6)
    assert made.kept_units("rat").tolist() == [True, False, True, True, True, True]
    assert np.array_equal(made.open("rat").neural, np.delete(x, 1, axis=1))
    changed = x.copy()
    changed[240:] = np.random.default_rng(1).normal(size=(160, 6))
    assert dataset(tmp_path / "other", session(neural=changed)).manifest["sessions"][0]["dropped_units"] == [1]


@pytest.mark.parametrize("name", ["../x", "a/b", "/etc/x", "..", "", "ä ö", "a:b", "x" * 60])
def test_ids_that_are_no_file_names_stay_inside(tmp_path: Path, name: str) -> None:
    made = dataset(tmp_path / "ds", session(name))
    files = [path.relative_to(tmp_path / "ds").parts for path in tmp_path.rglob("*.safetensors")]
    assert len(files) == 1
    assert files[0][0] == "sessions"
    assert made.open(name).id == name


@settings(max_examples=30, deadline=None)
@given(st.lists(st.text(alphabet="ab./_-~ ", max_size=4), min_size=2, max_size=5, unique=True))
def test_two_ids_never_share_a_file(tmp_path_factory: pytest.TempPathFactory, names: list[str]) -> None:
    made = dataset(tmp_path_factory.mktemp("ids") / "ds", *[session(name, seed=at) for at, name in enumerate(names)])
    assert len({entry["file"] for entry in made.manifest["sessions"]}) == len(names)
    for at, name in enumerate(names):
        assert np.array_equal(made.open(name).neural, arrays(seed=at)["x"])


def test_two_files_of_one_session_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "raw"
    recording_file(folder, "one.npz")
    recording_file(folder, "two.npz", position=np.arange(400.0))
    monkeypatch.setattr(preparing, "_read_all", _without_ray)
    recipe = recipe_file(tmp_path, session={"id": "rat"})
    with pytest.raises(DataError, match=r"one\.npz, two\.npz: all hold session 'rat'"):
        prepare(folder, recipe=recipe, out=tmp_path / "ds")
    assert not (tmp_path / "ds").exists()


def test_one_bad_file_of_several_is_reported_or_strictly_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, recipe = tmp_path / "raw", recipe_file(tmp_path)
    recording_file(folder, "good.npz")
    (folder / "bad.npz").write_bytes(b"PK not a zip")
    monkeypatch.setattr(preparing, "_read_all", _without_ray)
    made = prepare(folder, recipe=recipe, out=tmp_path / "ds")
    assert list(made.dataset.sessions) == ["good"]
    assert "bad.npz" in made.failed[0]["error"]
    assert made.dataset.manifest["failed"] == made.failed
    with pytest.raises(DataError, match=r"bad\.npz"):
        prepare(folder, recipe=recipe, out=tmp_path / "strict", strict=True)
    assert not (tmp_path / "strict").exists()


def _without_ray(sources: list, recipe: object, splits: object, folder: Path) -> list:
    """As `prepare` does for one file."""
    items = [
        {
            "path": str(source.path),
            "key": source.key,
            "splits": splits,
            "folder": str(folder),
            "companions": [],
            "recipe": recipe.model_dump(mode="json", by_alias=True, exclude_unset=True),  # type: ignore[attr-defined]
        }
        for source in sources
    ]
    return [preparing.prepare_one(item) for item in items]


def test_labels_of_several_sessions_are_those_that_all_have(tmp_path: Path) -> None:
    only = session("b", labels={"choice": session().labels["choice"], "position": session().labels["position"]})
    assert list(dataset(tmp_path / "ds", session("a"), only).labels) == ["position", "choice"]


def test_mapped_arrays_of_a_session_file(tmp_path: Path) -> None:
    made = dataset(tmp_path / "ds")
    tensors = map_tensors(made.path / made.manifest["sessions"][0]["file"])
    assert {"neural", "time", "parts", "label.position"} <= set(tensors)
