"""`prepare`: nothing lost when it stops, nothing read twice, nothing half-made believed; ids,
filters, folds.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers import arrays, recipe_file, recording_file

from raylab.data.preparation.budget import COPIES, PROCESS, files_at_once, parse_memory
from raylab.data.preparation.publishing import LeftOut
from raylab.data.preparation.tasks import Outcome, SourceTask, prepare_source
from raylab.data.preparation.workspace import Workspace
from raylab.data.prepare import prepare
from raylab.data.readers.read import read_source
from raylab.data.readers.source import Source
from raylab.errors import ConfigError, DataError


@pytest.fixture(autouse=True)
def _in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every file in this process; `test_prepare_apart.py` has the real thing."""

    def run(tasks: Sequence[SourceTask], at_once: int) -> Iterator[Outcome]:
        yield from map(prepare_source, tasks)

    monkeypatch.setattr("raylab.data.prepare.run_tasks", run)


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files that were really read."""
    names: list[str] = []
    real = read_source

    def reading(source: Source, recipe: Any = None) -> Any:
        names.append(source.path.name)
        return real(source, recipe)

    monkeypatch.setattr("raylab.data.preparation.tasks.read_source", reading)
    return names


def raw(tmp_path: Path, *names: str) -> Path:
    for at, name in enumerate(names):
        recording_file(tmp_path / "raw", f"{name}.npz", x=arrays(seed=at)["x"])
    return tmp_path / "raw"


@pytest.mark.parametrize(
    "error", [DataError("broken"), KeyboardInterrupt(), OSError(28, "No space left on device")]
)
def test_what_an_interrupted_prepare_read_is_not_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, read: list[str], error: BaseException
) -> None:
    def stop(*_: object, **__: object) -> None:
        raise error

    source, recipe = raw(tmp_path, "a", "b"), recipe_file(tmp_path)
    with monkeypatch.context() as patched:
        patched.setattr("raylab.data.preparation.publishing.write_manifest", stop)
        with pytest.raises((DataError, KeyboardInterrupt)):
            prepare(source, recipe=recipe, out=tmp_path / "made" / "ds")
    assert [path.name for path in (tmp_path / "made").iterdir()] == ["ds.partial"]
    whole = prepare(source, recipe=recipe, out=tmp_path / "other").dataset
    read.clear()
    resumed = prepare(source, recipe=recipe, out=tmp_path / "made" / "ds").dataset
    assert read == []
    assert resumed.fingerprint == whole.fingerprint
    assert sorted(path.name for path in resumed.path.iterdir()) == [
        "manifest.json",
        "sessions",
        "splits",
    ]
    assert [path.name for path in (tmp_path / "made").iterdir()] == ["ds"]
    resumed.verify()


def test_only_the_files_that_are_missing_changed_or_torn_are_read(
    tmp_path: Path, read: list[str]
) -> None:
    source, recipe = raw(tmp_path, "a", "b", "c", "d"), recipe_file(tmp_path)
    (source / "d.npz").write_bytes(b"PK no zip")
    with pytest.raises(DataError, match=r"d\.npz"):
        prepare(source, recipe=recipe, out=tmp_path / "ds", strict=True)
    assert read == ["a.npz", "b.npz", "c.npz", "d.npz"]
    partial = tmp_path / "ds.partial"
    made = {json.loads(path.read_text())["id"]: path for path in (partial / "entries").iterdir()}
    torn = partial / json.loads(made["c"].read_text())["file"]
    torn.write_bytes(torn.read_bytes()[:-1])
    recording_file(source, "b.npz", x=arrays(seed=9)["x"])
    recording_file(source, "d.npz")
    read.clear()
    dataset = prepare(source, recipe=recipe, out=tmp_path / "ds", strict=True).dataset
    assert read == ["b.npz", "c.npz", "d.npz"]
    assert np.array_equal(dataset.open("b").neural, arrays(seed=9)["x"])
    assert len(list(dataset.path.rglob("*.safetensors"))) == 8
    dataset.verify()


def test_another_recipe_reads_anew(tmp_path: Path, read: list[str]) -> None:
    source = raw(tmp_path, "a", "b")
    (source / "b.npz").write_bytes(b"PK no zip")
    with pytest.raises(DataError):
        prepare(source, recipe=recipe_file(tmp_path), out=tmp_path / "ds", strict=True)
    recording_file(source, "b.npz")
    read.clear()
    made = prepare(
        source, recipe=recipe_file(tmp_path, time={"rate_hz": 20}), out=tmp_path / "ds"
    ).dataset
    assert read == ["a.npz", "b.npz"]
    assert {spec.rate_hz for spec in made.sessions.values()} == {20}


def test_nothing_read_leaves_nothing(tmp_path: Path) -> None:
    source = raw(tmp_path, "a", "b")
    for name in "ab":
        (source / f"{name}.npz").write_bytes(b"PK no zip")
    with pytest.raises(DataError, match=r"a\.npz.*\n.*b\.npz"):
        prepare(source, recipe=recipe_file(tmp_path), out=tmp_path / "made" / "ds")
    assert list((tmp_path / "made").iterdir()) == []


def test_one_driver_a_dataset(tmp_path: Path) -> None:
    source, recipe = raw(tmp_path, "a"), recipe_file(tmp_path)
    errors: list[str] = []

    def second() -> None:
        try:
            prepare(source, recipe=recipe, out=tmp_path / "ds")
        except DataError as error:
            errors.append(error.what)

    with Workspace(tmp_path / "ds").opened():
        thread = threading.Thread(target=second)
        thread.start()
        thread.join()
        assert (tmp_path / "ds.partial").is_dir()
    assert "another `raylab prepare`" in errors[0]
    assert prepare(source, recipe=recipe, out=tmp_path / "ds").dataset.sessions


def test_two_files_of_one_session_are_refused(tmp_path: Path) -> None:
    source, recipe = raw(tmp_path, "one", "two"), recipe_file(tmp_path, session={"id": "rat"})
    with pytest.raises(DataError, match=r"one\.npz, two\.npz: all hold session 'rat'"):
        prepare(source, recipe=recipe, out=tmp_path / "ds")
    assert not (tmp_path / "ds").exists()


def test_one_bad_file_of_several_is_reported_or_strictly_refused(tmp_path: Path) -> None:
    source, recipe = raw(tmp_path, "bad", "good"), recipe_file(tmp_path)
    (source / "bad.npz").write_bytes(b"PK not a zip")
    made = prepare(source, recipe=recipe, out=tmp_path / "ds")
    assert list(made.dataset.sessions) == ["good"]
    assert "bad.npz" in made.failed[0].error
    assert made.dataset.manifest["failed"] == [failure.entry for failure in made.failed]
    with pytest.raises(DataError, match=r"bad\.npz"):
        prepare(source, recipe=recipe, out=tmp_path / "strict", strict=True)
    assert not (tmp_path / "strict").exists()


def test_a_pattern_and_a_number_choose_files(tmp_path: Path) -> None:
    raw(tmp_path, "a1", "a2", "a3", "b1")
    chosen = prepare(
        tmp_path / "raw" / "a*.npz", recipe=recipe_file(tmp_path), out=tmp_path / "ds", sessions=2
    )
    assert list(chosen.dataset.sessions) == ["a1", "a2"]
    with pytest.raises(DataError, match="matches no file"):
        prepare(tmp_path / "raw" / "c*.npz", recipe=recipe_file(tmp_path), out=tmp_path / "none")


def test_other_splits_of_a_dataset_share_its_sessions(tmp_path: Path, read: list[str]) -> None:
    source, recipe = raw(tmp_path, "a", "b"), recipe_file(tmp_path)
    first = prepare(source, recipe=recipe, out=tmp_path / "ds").dataset
    read.clear()
    again = prepare(
        first.path, out=tmp_path / "again", overrides={"splits.fractions": [0.5, 0.25, 0.25]}
    ).dataset
    direct = prepare(
        source,
        recipe=recipe,
        out=tmp_path / "direct",
        overrides={"splits.fractions": [0.5, 0.25, 0.25]},
    ).dataset
    assert read == ["a.npz", "b.npz"]  # `direct` alone
    assert again.fingerprint == direct.fingerprint != first.fingerprint
    one, other = (made.path / "sessions" / "a.safetensors" for made in (first, again))
    assert one.stat().st_ino == other.stat().st_ino
    first.verify()
    again.verify()
    assert again.manifest["splits"]["fractions"] == [0.5, 0.25, 0.25]
    assert again.manifest["recipe"] == first.manifest["recipe"]
    with pytest.raises(ConfigError, match="needs no recipe"):
        prepare(first.path, recipe=recipe, out=tmp_path / "no")


def test_filters_say_what_they_removed_and_see_training_samples_only(tmp_path: Path) -> None:
    counts = np.random.default_rng(0).poisson(1.0, (400, 6)).astype(np.float32)
    counts[:240, 0] = 0  # silent in training
    counts[:240, 1] = 2  # constant
    counts[:239, 2] = 0
    counts[239, 2] = 1  # one spike in 24 s
    counts[100, 3] = 50  # 500 Hz in one sample
    counts[300, 4] = 50  # as well, but not in training
    recording_file(tmp_path / "raw", "rat.npz", x=counts)
    recipe = recipe_file(
        tmp_path,
        neural={"path": "x", "kind": "counts"},
        filters={"min_rate_hz": 0.1, "max_rate_hz": 300},
    )
    made = prepare(tmp_path / "raw", recipe=recipe, out=tmp_path / "ds").dataset
    entry = made.manifest["sessions"][0]
    assert entry["removed"] == {
        "silent": [0],
        "constant": [1],
        "min_rate_hz": [2],
        "max_rate_hz": [3],
    }
    assert (entry["units"], entry["recorded_units"]) == (2, 6)
    assert made.open("rat").activity(0, 5).shape == (5, 2)
    few = prepare(
        made.path, out=tmp_path / "few", overrides={"filters.max_rate_hz": 10_000}
    ).dataset
    assert few.manifest["sessions"][0]["removed"] == {
        "silent": [0],
        "constant": [1],
        "min_rate_hz": [2],
    }


def test_small_sessions_are_left_out_by_name(tmp_path: Path) -> None:
    source, recipe = raw(tmp_path, "big"), recipe_file(tmp_path)
    recording_file(source, "small.npz", x=arrays()["x"][:, :2])
    made = prepare(source, recipe=recipe, out=tmp_path / "ds", overrides={"filters.min_units": 3})
    assert list(made.dataset.sessions) == ["big"]
    assert made.left_out == [LeftOut("small", "2 units, filters.min_units is 3")]
    assert made.failed == []
    assert not list(made.dataset.path.rglob("*small*"))
    with pytest.raises(DataError, match="no session has 30 units"):
        prepare(source, recipe=recipe, out=tmp_path / "none", overrides={"filters.min_units": 30})


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ({"training.seed": 1}, "unknown key 'training'"),
        ({"splits": 1}, "name a key of it"),
        ({"filters.min_rate_hz": 1}, "needs spike counts"),
        ({"filters.min_units": 0}, "filters.min_units"),
        ({"filters.min_unit": 3}, "filters.min_unit"),
    ],
)
def test_wrong_overrides(tmp_path: Path, overrides: dict[str, Any], message: str) -> None:
    with pytest.raises((ConfigError, DataError)) as caught:
        prepare(
            raw(tmp_path, "a"),
            recipe=recipe_file(tmp_path),
            out=tmp_path / "ds",
            overrides=overrides,
        )
    assert message in caught.value.what


def test_memory_decides_how_many_files_are_read_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 8)
    for name, size in (("a", 10_000_000), ("b", 50_000_000)):
        (tmp_path / name).write_bytes(b"")
        with (tmp_path / name).open("r+b") as file:
            file.truncate(size)
    sources = [
        Source(tmp_path / "a"),
        Source(tmp_path / "b"),
        Source(tmp_path / "a", "2"),
        Source(tmp_path / "b", "2"),
    ]
    need = int(PROCESS + COPIES * 50_000_000)
    assert [
        files_at_once(sources, budget) for budget in (1, need, 2 * need, 3 * need + 1, 100 * need)
    ] == [
        1,
        1,
        2,
        3,
        4,
    ]
    assert files_at_once(sources, None) >= 1
    many = [Source(tmp_path / "a", str(number)) for number in range(20)]
    assert files_at_once(many, 10**12) == 12  # half as many again as CPUs wait for the disk


@pytest.mark.parametrize(
    ("text", "size"), [("8GB", 8e9), ("1.5 GiB", 1.5 * 2**30), ("500m", 5e8), (12345, 12345)]
)
def test_sizes(text: str | int, size: float) -> None:
    assert parse_memory(text) == int(size)


@pytest.mark.parametrize("text", ["", "much", "-1GB", "0", "8XB", "1.2.3G", "."])
def test_what_is_no_size(text: str) -> None:
    with pytest.raises(ConfigError, match="not a size"):
        parse_memory(text)
