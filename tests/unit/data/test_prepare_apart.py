"""`prepare` of several files on one machine: reading processes in parallel, and no Ray."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest
from helpers import RECIPE, arrays, recipe_file, recording_file

from raylab.data.prepare import prepare
from raylab.data.readers.isolation import servers as module
from raylab.errors import DataError


@pytest.fixture(autouse=True)
def _own_servers(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The servers of one test, ended with it."""
    monkeypatch.setattr(module, "_SERVERS", {})
    yield
    module.servers().end()


def raw(folder: Path, *names: str) -> Path:
    for at, name in enumerate(names):
        recording_file(folder / "raw", f"{name}.npz", **arrays(seed=at))
    return folder / "raw"


def with_parser(folder: Path, line: str) -> None:
    """Make a folder from which a reading process imports a parser that does `line` to `b.npz`."""
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(
        "import os, signal, time\n"
        "import raylab.data.readers.formats.npz as npz\n"
        "opened = npz.NpzStore.__init__\n"
        "def opening(self, path):\n"
        "    if path.stem == 'b':\n"
        f"        {line}\n"
        "    opened(self, path)\n"
        "npz.NpzStore.__init__ = opening\n"
    )


def below(pid: int) -> list[psutil.Process]:
    return psutil.Process(pid).children(recursive=True)


def test_many_files_without_ray(tmp_path: Path) -> None:
    """Same content as file by file; a broken one is named and the rest kept; each has its line."""
    source = raw(tmp_path, "rat0", "rat1", "rat2")
    (source / "broken.npz").write_bytes(b"no archive")
    steps: list[tuple[int, int]] = []
    lines: list[str] = []
    made = prepare(
        source,
        recipe=RECIPE,
        out=tmp_path / "ds",
        progress=lambda *step: steps.append(step),
        say=lines.append,
    )
    assert list(made.dataset.sessions) == ["rat0", "rat1", "rat2"]
    assert [failure.source for failure in made.failed] == ["broken.npz"]
    assert "broken.npz" in made.failed[0].error
    assert "Traceback" in str(made.failed[0].cause)
    assert steps == [(done, 4) for done in range(1, 5)]
    assert lines[0].startswith("reading 4 recordings, ")
    assert [line.split(" ", 1)[0] for line in lines[1:]] == ["1/4", "2/4", "3/4", "4/4"]
    assert sum("rat1.npz: session rat1, 400 samples x 6 units" in line for line in lines) == 1
    assert sum(" not read: " in line for line in lines) == 1
    alone = prepare(source / "rat1.npz", recipe=RECIPE, out=tmp_path / "one").dataset
    assert np.array_equal(alone.open("rat1").neural, made.dataset.open("rat1").neural)
    made.dataset.verify()


def test_a_process_that_dies_is_reported_and_its_file_is_not_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The parser of `b` kills its process; the mark that it leaves counts how often it ran."""
    with_parser(
        tmp_path / "site",
        f"open({str(tmp_path / 'mark')!r}, 'a').write('x'); os.kill(os.getpid(), signal.SIGKILL)",
    )
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    made = prepare(raw(tmp_path, "a", "b", "c"), recipe=RECIPE, out=tmp_path / "ds")
    assert list(made.dataset.sessions) == ["a", "c"]
    assert "runs out" in made.failed[0].error
    assert made.failed[0].source == "b.npz"
    assert (tmp_path / "mark").read_text() == "x"


def test_the_first_failure_ends_a_strict_prepare_and_its_readers(tmp_path: Path) -> None:
    source = raw(tmp_path, "a", "b", "c")
    (source / "a.npz").write_bytes(b"no archive")
    before = set(below(os.getpid()))
    with pytest.raises(DataError, match=r"a\.npz"):
        prepare(source, recipe=RECIPE, out=tmp_path / "ds", strict=True, memory="1MB")
    # One server is kept for the next call; other tests of this process may have left theirs.
    assert len(set(below(os.getpid())) - before) <= 1


def test_a_reader_ends_with_the_process_that_asked(tmp_path: Path) -> None:
    """SIGKILL of the driver: no reader goes on writing into its folder."""
    with_parser(tmp_path / "site", "time.sleep(600)")
    code = (
        "import sys, yaml\n"
        "from pathlib import Path\n"
        "from raylab.data.load_recipe import load_recipe\n"
        "from raylab.data.readers.isolation.isolated import read_isolated\n"
        "from raylab.data.readers.source import Source\n"
        "read_isolated(Source(Path(sys.argv[1])), load_recipe(sys.argv[2]))\n"
    )
    words = [raw(tmp_path, "b") / "b.npz", recipe_file(tmp_path)]
    path = os.pathsep.join([str(tmp_path / "site"), os.environ.get("PYTHONPATH", "")])
    process = subprocess.Popen(
        [sys.executable, "-c", code, *words], env={**os.environ, "PYTHONPATH": path}
    )
    try:
        until = time.monotonic() + 60
        while len(below(process.pid)) < 2 and time.monotonic() < until:
            time.sleep(0.05)
        readers = below(process.pid)
        assert len(readers) == 2
        process.kill()
        process.wait()
        assert not psutil.wait_procs(readers, timeout=10)[1]
    finally:
        process.kill()
        process.wait()
