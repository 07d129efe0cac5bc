"""Views on disk: computed once, mapped by all, bounded in size, and never what a trial fails of."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from helpers import dataset, session, trial

from raylab.data import shard
from raylab.data.shard import whole_shard
from raylab.data.views import cache
from raylab.data.views.cache import shared
from raylab.errors import ConfigError
from raylab.training.loop import Training


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("RAYLAB_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("RAYLAB_CACHE_GB", raising=False)
    return tmp_path / "cache"


class Maker:
    """Counts how often it was asked."""

    def __init__(self, value: float = 1.0, size: int = 1000) -> None:
        self.value, self.size, self.calls = value, size, 0

    def __call__(self) -> dict[str, np.ndarray]:
        self.calls += 1
        return {
            "x": np.full((self.size, 1), self.value, np.float32),
            "columns": np.arange(3),
            "none": np.zeros((0, 2)),
        }


def files(folder: Path) -> list[str]:
    return sorted(path.stem for path in folder.glob("*.safetensors"))


def test_computed_once_and_mapped(folder: Path) -> None:
    make = Maker()
    first, second = shared("a", make), shared("a", make)
    assert make.calls == 1
    for arrays in (first, second):
        assert set(arrays) == {"x", "columns", "none"}
        assert isinstance(arrays["x"], np.memmap)
        assert (arrays["x"] == 1).all()
        assert arrays["x"].dtype == np.float32
    first["x"][0] = 7  # of this process alone
    assert (shared("a", make)["x"] == 1).all()
    shared("b", make)
    assert make.calls == 2
    assert files(folder) == ["a", "b"]


SCRIPT = """
import sys, time
from pathlib import Path
import numpy as np
from raylab.data.views.cache import shared
ready, go = map(Path, sys.argv[1:])
ready.touch()
while not go.exists():
    time.sleep(0.005)
def make():
    print("computed")
    time.sleep(0.5)  # the other process meanwhile asks for the same
    return {"x": np.ones((3_000_000, 1), np.float32)}
x = shared("key", make)["x"]
assert x.sum() == 3_000_000
print([line.split()[4] for line in open("/proc/self/maps") if line.endswith("key.safetensors\\n")])
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_two_processes_share_one_file(tmp_path: Path, folder: Path) -> None:
    arguments = [[str(tmp_path / f"ready{n}"), str(tmp_path / "go")] for n in range(2)]
    running = [
        subprocess.Popen([sys.executable, "-c", SCRIPT, *args], stdout=subprocess.PIPE, text=True)
        for args in arguments
    ]
    try:
        while not all(Path(ready).exists() for ready, _ in arguments):
            assert all(process.poll() is None for process in running)
            time.sleep(0.01)
        (tmp_path / "go").touch()
        message = [process.communicate(timeout=60)[0].split("\n", 1) for process in running]
    finally:
        for process in running:
            process.kill()
    assert sorted(lines[0] for lines in message)[1:] == ["computed"]  # by one of the two
    inode = str((folder / "key.safetensors").stat().st_ino)
    assert all(inode in "".join(lines) for lines in message)


def test_the_least_recently_used_goes_first(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAYLAB_CACHE_GB", "0.0000105")  # 10.5 kB: two of these
    make = Maker(size=1000)
    for key in ("a", "b"):
        shared(key, make)
        os.utime(folder / f"{key}.safetensors", (1e9, 1e9 + ord(key)))
    shared("a", make)  # used again: now b is the oldest
    mapped = shared("b", make)["x"]
    os.utime(folder / "b.safetensors", (1e9, 1e9))
    shared("c", make)
    assert files(folder) == ["a", "c"]
    assert (mapped == 1).all()  # whoever has it keeps it
    for key in "defgh":
        shared(key, make)
        assert sum(path.stat().st_size for path in folder.iterdir()) <= 10_500
    assert make.calls == 8
    assert len(list(folder.glob("*.lock"))) <= len(files(folder)) + 1


def test_what_is_larger_than_the_cache_stays_in_memory(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAYLAB_CACHE_GB", "0.000005")
    small, large = Maker(), Maker(2.0, size=10_000)
    shared("small", small)
    assert (shared("large", large)["x"] == 2).all()
    assert files(folder) == ["small"]
    assert large.calls == 1


@pytest.mark.parametrize("damage", ["cut", "empty", "flipped", "foreign", "gone"])
def test_a_damaged_file_is_computed_again(folder: Path, damage: str) -> None:
    make = Maker()
    shared("a", make)
    path = folder / "a.safetensors"
    whole = path.read_bytes()
    if damage == "gone":
        path.unlink()
    else:
        flipped = bytearray(whole)
        flipped[-9] ^= 1
        path.write_bytes(
            {"cut": whole[:-40], "empty": b"", "flipped": bytes(flipped), "foreign": b"x" * 99}[
                damage
            ]
        )
    assert (shared("a", make)["x"] == 1).all()
    assert make.calls == 2
    assert path.read_bytes() == whole


def test_half_written_files_count_and_go(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAYLAB_CACHE_GB", "0.00001")
    folder.mkdir()
    left = folder / ".old.safetensors.x1y2"
    left.write_bytes(b"x" * 9000)
    os.utime(left, (1e9, 1e9))
    shared("a", Maker())
    assert not left.exists()
    assert files(folder) == ["a"]


@pytest.mark.parametrize("how", ["off", "a file is there", "no room"])
def test_without_a_cache_everything_works(
    folder: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    if how == "off":
        monkeypatch.setenv("RAYLAB_CACHE_GB", "0")
    elif how == "no room":

        def fail(*_: object) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(cache, "write_tensors", fail)
    else:
        folder.write_text("")
    make = Maker()
    assert (shared("a", make)["x"] == 1).all()
    assert make.calls == 1
    assert files(folder) == []


def test_a_folder_of_another_user_is_not_trusted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("RAYLAB_CACHE")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    shared("a", Maker())
    (made,) = tmp_path.glob("raylab-cache-*")
    assert made.stat().st_mode & 0o777 == 0o700
    made.chmod(0o777)
    make = Maker(2.0)
    assert (shared("a", make)["x"] == 2).all()  # not what lies there


@pytest.mark.parametrize("text", ["many", "-1", "nan", "inf"])
def test_a_size_that_is_none(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAYLAB_CACHE_GB", text)
    with pytest.raises(ConfigError, match="RAYLAB_CACHE_GB"):
        shared("a", Maker())


def test_an_error_while_computing_is_that_error() -> None:
    def fail() -> dict[str, np.ndarray]:
        raise ConfigError("no unit is left")

    with pytest.raises(ConfigError, match="no unit is left"):
        shared("a", fail)


# -- shards through the cache ----------------------------------------------------------------------


@pytest.mark.parametrize("combine", ["separate", "padded"])
def test_shards_from_the_cache_are_those_computed(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, combine: str
) -> None:
    made = dataset(tmp_path / "ds", session("a"), session("b", units=4, seed=1))
    config = trial(
        view={"smoothing_ms": 200, "selection": {"kind": "variance", "count": 5}},
        sessions={"combine": combine},
    )
    computed = whole_shard(made, config.view, config.sessions)
    assert not folder.exists()  # small views never touch it
    monkeypatch.setattr(shard, "CACHED_BYTES", 0)
    for _ in range(2):  # once written, once read
        monkeypatch.setattr(shard, "_recent", {})
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # torch on arrays that are not writable
            found = whole_shard(made, config.view, config.sessions)
        for name, one in computed.items():
            assert torch.equal(found[name].x, one.x)
            assert found[name].fitted.arrays().keys() == one.fitted.arrays().keys()
            assert all(
                np.array_equal(a, one.fitted.arrays()[key])
                for key, a in found[name].fitted.arrays().items()
            )
    assert len(files(folder)) == 2


@pytest.mark.parametrize("kind", ["offset10", "offset1", "linear", "attention"])
def test_nothing_writes_into_a_shard(tmp_path: Path, kind: str) -> None:
    """It is shared by trials, and by processes where it is mapped."""
    made = dataset(tmp_path / "ds", session("a"), session("b", units=4, seed=1))
    config = trial(
        model={"encoder": {"kind": kind}},
        augmentation={"unit_dropout": 0.4},
        sessions={"combine": "padded"},
    )
    held = whole_shard(made, config.view, config.sessions)
    before = {name: one.x.clone() for name, one in held.items()}
    training = Training(config, made, held)
    training.advance()
    training.validate()
    plain = Training(config.model_copy(update={"augmentation": trial().augmentation}), made, held)  # type: ignore[attr-defined]
    plain.advance()
    assert all(torch.equal(before[name], one.x) for name, one in held.items())
    assert all(training.shard[name].x.data_ptr() == one.x.data_ptr() for name, one in held.items())


def test_views_that_a_process_keeps_are_bounded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = dataset(tmp_path / "ds")
    monkeypatch.setattr(shard, "_recent", {})
    monkeypatch.setattr(shard, "RECENT_BYTES", 2 * 400 * 6 * 4)
    views = [trial(view={"smoothing_ms": 100 * n}).view for n in range(4)]
    shards = [whole_shard(made, view) for view in views]
    assert len(shard._recent) == 2
    assert whole_shard(made, views[3])["rat"] is shards[3]["rat"]
    assert whole_shard(made, views[2])["rat"] is shards[2]["rat"]
    assert whole_shard(made, views[0])["rat"] is not shards[0]["rat"]
    assert whole_shard(made, views[2])["rat"] is shards[2]["rat"]  # used since: 3 went
