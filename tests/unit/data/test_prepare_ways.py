"""How `prepare` runs its tasks and what it says: threads or Ray, lines, and errors before files."""

from __future__ import annotations

import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from helpers import RECIPE, recording_file

from raylab.data.preparation.progress import Progress, size_text
from raylab.data.preparation.running import on_cluster
from raylab.data.preparation.tasks import Failure, ReadSession, dumped, outcome_of
from raylab.data.preparation.threads import map_in_threads
from raylab.data.prepare import prepare
from raylab.data.readers.source import Source
from raylab.errors import ConfigError, DataError


def test_no_more_items_at_once_than_allowed_and_none_after_the_end() -> None:
    running: list[int] = []
    most: list[int] = []
    lock = threading.Lock()

    def busy(item: int) -> int:
        with lock:
            running.append(item)
            most.append(len(running))
        time.sleep(0.01)
        with lock:
            running.remove(item)
        return item

    assert sorted(map_in_threads(busy, list(range(9)), at_once=2)) == list(range(9))
    assert max(most) <= 2
    most.clear()
    values = map_in_threads(busy, list(range(50)), at_once=2)
    next(values)
    values.close()
    assert len(most) < 50


def test_ray_is_used_where_an_address_names_one(monkeypatch: pytest.MonkeyPatch) -> None:
    class Ray:
        """A Ray that this process has joined."""

        def __init__(self, machines: int) -> None:
            self._machines = machines

        def is_initialized(self) -> bool:
            return self._machines > 0

        def nodes(self) -> list[Any]:
            return [None] * self._machines

    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    for machines, expected in ((0, False), (1, False), (2, True)):
        monkeypatch.setitem(sys.modules, "ray", Ray(machines))
        assert on_cluster() is expected
    monkeypatch.setitem(sys.modules, "ray", Ray(0))
    monkeypatch.setenv("RAY_ADDRESS", "10.0.0.1:6379")
    assert on_cluster()
    # What a local Ray has in its environment while it starts.
    monkeypatch.setenv("RAY_ADDRESS", "127.0.0.1:6543")
    monkeypatch.setenv("RAY_GCS_SERVER_PORT", "6543")
    assert not on_cluster()


@pytest.mark.parametrize(
    "wrong",
    [
        {"recipe": {**RECIPE, "neural": {"path": "x", "knd": "rate"}}},
        {"recipe": "wrom"},
        {"overrides": {"splits.kind": "blockd"}},
        {"overrides": {"filters.min_unit": 3}},
        {"overrides": {"labels.choise.kind": "discrete"}},
        {"memory": "much"},
    ],
)
def test_what_is_wrong_without_a_file_is_said_before_files_are_looked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wrong: dict[str, Any]
) -> None:
    def looking(*_: object, **__: object) -> None:
        raise AssertionError("a file was looked for")

    monkeypatch.setattr("raylab.data.prepare.list_all", looking)
    monkeypatch.setattr("raylab.data.prepare.servers", looking)
    lines: list[str] = []
    with pytest.raises((ConfigError, DataError)):
        prepare(
            recording_file(tmp_path),
            out=tmp_path / "ds",
            say=lines.append,
            **{"recipe": RECIPE, **wrong},
        )
    assert lines == []


def test_a_line_at_the_start_and_as_each_source_ends(tmp_path: Path) -> None:
    lines: list[str] = []
    progress = Progress(2, say=lines.append, steps=lambda *step: lines.append(str(step)))
    for name in "ab":
        (tmp_path / name).write_bytes(b"x" * 1500)
    progress.begin([Source(tmp_path / "a"), Source(tmp_path / "b")], 2)
    entry: Any = {"id": "a", "source": "a.h5", "samples": 12_000, "recorded_units": 40}
    progress.ended(ReadSession("key", entry))
    progress.ended(Failure("b.h5", "b.h5: truncated", "Copy it again."))
    assert lines == [
        "reading 2 recordings, 3 kB, 2 at a time",
        "(1, 2)",
        "1/2 a.h5: session a, 12,000 samples x 40 units",
        "(2, 2)",
        "2/2 not read: b.h5: truncated",
    ]


def test_a_single_source_has_no_lines(tmp_path: Path) -> None:
    lines: list[str] = []
    prepare(recording_file(tmp_path), recipe=RECIPE, out=tmp_path / "ds", say=lines.append)
    assert lines == []


def test_an_outcome_travels_as_it_is() -> None:
    for outcome in (Failure("a", "b", "c", "d"), Failure("a", "b", "c")):
        assert outcome_of(dumped(outcome)) == outcome


@pytest.mark.parametrize(
    ("size", "text"), [(0, "0 kB"), (1500, "1.5 kB"), (2**20, "1.05 MB"), (1.6e9, "1.6 GB")]
)
def test_sizes_as_text(size: int, text: str) -> None:
    assert size_text(size) == text
