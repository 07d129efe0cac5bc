"""Downloads that end in the same bytes, or in a clear error, whatever the server does."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import resource
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from warehouse_server import Warehouse, hdf5
from warehouse_tables import link, warehouse

import raylab
from raylab.data.allen.fetch import Fetched
from raylab.data.fetching.hdf5 import fault
from raylab.errors import DataError

FILE, NAME = link(501), "ophys_experiment_501.nwb"
SIZE = len(hdf5(501))


@pytest.fixture(autouse=True)
def _fast(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr("raylab.data.fetching.http.BACKOFF_S", 0.0)
    monkeypatch.setattr("raylab.data.fetching.download.PAUSE_S", 0.0)


@pytest.fixture
def served() -> Iterator[Warehouse]:
    with warehouse() as one:
        yield one


def fetch(served: Warehouse, out: Path, **chosen: Any) -> Fetched:
    return raylab.fetch("allen-ophys", out=out, base_uri=served.uri, **{"ids": [501], **chosen})


def ranges(served: Warehouse, path: str = FILE) -> list[tuple[int, int]]:
    """(first byte asked for, status) of each GET of a file."""
    return [
        (int(one.headers.get("Range", "=0-").split("=")[1][:-1]), one.status)
        for one in served.of(path)
    ]


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name != ".fetch.lock")


def error_of(done: Fetched) -> str:
    assert (done.fetched, len(done.failed)) == ([], 1)
    return done.failed[0].error


# -- the plain way ---------------------------------------------------------------------------------


def test_files_come_whole_and_the_folder_says_from_where(served: Warehouse, tmp_path: Path) -> None:
    seen: dict[str, list[tuple[int, int | None]]] = {}
    done = fetch(
        served, tmp_path, ids=[], progress=lambda name, *at: seen.setdefault(name, []).append(at)
    )
    assert [path.name for path in done.fetched] == [
        f"ophys_experiment_{one}.nwb" for one in (501, 502, 503, 504)
    ]
    for one in (501, 502, 503, 504):
        assert (tmp_path / f"ophys_experiment_{one}.nwb").read_bytes() == served.files[link(one)]
    assert names(tmp_path) == ["fetched.json", *(path.name for path in done.fetched)]
    assert seen[NAME][-1] == (SIZE, SIZE)

    entry = json.loads((tmp_path / "fetched.json").read_text())["files"][NAME]
    assert entry["sha256"] == hashlib.sha256(served.files[FILE]).hexdigest()
    assert (entry["source"], entry["url"], entry["size"]) == (
        "allen-ophys",
        served.uri + FILE,
        SIZE,
    )
    assert (entry["session"]["id"], entry["session"]["animal"]) == (501, "222")
    assert entry["fetched"].endswith("+00:00")


def test_the_size_is_known_before(served: Warehouse, tmp_path: Path) -> None:
    asked: list[int | None] = []
    done = fetch(served, tmp_path, confirm=lambda matched: bool(asked.append(matched[0].missing)))
    assert (asked, done.fetched, served.of(FILE)) == ([SIZE], [], [])
    served.script[f"HEAD {FILE}"] = ["404"]
    assert fetch(served, tmp_path, dry_run=True).matched[0].size is None


def test_what_is_there_is_not_fetched_again(served: Warehouse, tmp_path: Path) -> None:
    fetch(served, tmp_path)
    again = fetch(served, tmp_path, ids=[501, 502])
    assert [path.name for path in again.skipped] == [NAME]
    assert len(again.fetched) == 1
    assert len(served.of(FILE)) == 1
    assert set(json.loads((tmp_path / "fetched.json").read_text())["files"]) == {
        NAME,
        "ophys_experiment_502.nwb",
    }


@pytest.mark.parametrize("left", [0, 7, 2000, SIZE // 2, SIZE - 1])
def test_a_truncated_file_of_an_earlier_time_is_fetched_again(
    served: Warehouse, tmp_path: Path, left: int
) -> None:
    (tmp_path / NAME).write_bytes(served.files[FILE][:left])
    served.script[f"HEAD {FILE}"] = ["404"]  # without a size to compare with
    done = fetch(served, tmp_path)
    assert ("truncated" in done.matched[0].here) or "not an HDF5 file" in done.matched[0].here
    assert (tmp_path / NAME).read_bytes() == served.files[FILE]


def test_a_file_of_another_size_than_the_server_s_is_fetched_again(
    served: Warehouse, tmp_path: Path
) -> None:
    (tmp_path / NAME).write_bytes(hdf5(1, values=10))
    done = fetch(served, tmp_path)
    assert f"the warehouse's file {SIZE}" in done.matched[0].here
    assert (tmp_path / NAME).read_bytes() == served.files[FILE]


# -- a server that misbehaves ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("script", "statuses"),
    [
        (["500", "500"], [500, 500, 200]),
        (["hang up"], [200, 200]),
        (["cut"], [200, 206]),
        (["reset"], [200, 206]),
        (["cut", "cut", "cut"], [200, 206, 206, 206]),
        (["cut", "500", "hang up", "cut"], [200, 500, 206, 206, 206]),
        (["short"], [200, 200]),  # all the bytes that were promised, but not a whole HDF5 file
        (["cut", "whole"], [200, 200]),  # a server that knows no ranges
        (["cut", "elsewhere"], [200, 206, 200]),  # another range than was asked for
        (["cut", "less"], [200, 206, 206]),  # a shorter one
    ],
    ids=lambda value: "+".join(map(str, value)),
)
def test_the_same_bytes_in_the_end(
    served: Warehouse, tmp_path: Path, script: list[str], statuses: list[int]
) -> None:
    served.script[FILE] = list(script)
    done = fetch(served, tmp_path)
    assert done.failed == []
    assert (tmp_path / NAME).read_bytes() == served.files[FILE]
    assert [status for _, status in ranges(served)] == statuses
    assert names(tmp_path) == ["fetched.json", NAME]


def test_only_the_rest_is_asked_for(served: Warehouse, tmp_path: Path) -> None:
    served.script[FILE] = ["cut"]
    fetch(served, tmp_path)
    (_, first), (start, second) = ranges(served)
    assert (first, second) == (200, 206)
    assert SIZE // 4 < start <= SIZE // 2
    assert sum(one.sent for one in served.of(FILE)) < 1.3 * SIZE


def test_a_download_goes_on_as_long_as_it_gets_on(served: Warehouse, tmp_path: Path) -> None:
    served.files[FILE] = hdf5(501, values=250_000)
    served.script[FILE] = ["bit"] * 8
    assert fetch(served, tmp_path).failed == []
    assert (tmp_path / NAME).read_bytes() == served.files[FILE]
    assert len(served.of(FILE)) == 9


def test_a_server_that_sends_nothing_more_is_asked_again(
    served: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("raylab.data.fetching.http.TIMEOUT_S", (1.0, 0.3))
    served.script[FILE] = ["stall"]
    fetch(served, tmp_path)
    assert (tmp_path / NAME).read_bytes() == served.files[FILE]


@pytest.mark.parametrize("fault", ["", "careless"])
@pytest.mark.parametrize(
    "known", [{}, {"ETag": None, "Last-Modified": "Mon, 01 Jan 2024 00:00:00 GMT"}]
)
def test_a_file_that_changes_in_between_is_never_spliced(
    served: Warehouse, tmp_path: Path, fault: str, known: dict[str, str | None]
) -> None:
    served.headers = known
    stopped = _begun(served, tmp_path)
    served.files[FILE] = hdf5(999)
    assert len(served.files[FILE]) == SIZE
    if known:
        served.headers = known | {"Last-Modified": "Tue, 02 Jan 2024 00:00:00 GMT"}
    served.script[FILE] = [fault]  # a careless server heeds no If-Range
    fetch(served, tmp_path)
    assert (tmp_path / NAME).read_bytes() == served.files[FILE]
    assert [start for start, _ in ranges(served)[stopped:]] == (
        [SIZE // 2, 0] if fault else [SIZE // 2]
    )


def _begun(served: Warehouse, folder: Path) -> int:
    """Half of the file, as a stopped fetch leaves it; returns the number of requests."""
    data = served.files[FILE]
    served.script[FILE] = ["cut", "404"]
    assert "404" in error_of(fetch(served, folder))
    half = folder / f"{NAME}.part"
    assert 0 < half.stat().st_size <= SIZE // 2
    half.write_bytes(data[: SIZE // 2])
    return len(served.of(FILE))


@pytest.mark.parametrize("known", [{"ETag": None}, {"ETag": 'W/"weak"'}])
def test_what_cannot_be_told_apart_is_begun_anew(
    served: Warehouse, tmp_path: Path, known: dict[str, str | None]
) -> None:
    served.headers = known
    served.script[FILE] = ["cut"]
    fetch(served, tmp_path)
    assert ranges(served) == [(0, 200), (0, 200)]
    assert (tmp_path / NAME).read_bytes() == served.files[FILE]


def test_a_part_without_its_note_is_begun_anew(served: Warehouse, tmp_path: Path) -> None:
    (tmp_path / f"{NAME}.part").write_bytes(b"something else" * 1000)
    (tmp_path / f"{NAME}.part.json").write_text('{"colour": "red"}')
    fetch(served, tmp_path)
    assert ranges(served) == [(0, 200)]
    assert (tmp_path / NAME).read_bytes() == served.files[FILE]


def test_a_part_that_was_whole_is_not_asked_for_again(served: Warehouse, tmp_path: Path) -> None:
    before = _begun(served, tmp_path)
    (tmp_path / f"{NAME}.part").write_bytes(served.files[FILE])
    fetch(served, tmp_path)
    assert len(served.of(FILE)) == before
    assert (tmp_path / NAME).read_bytes() == served.files[FILE]


@pytest.mark.parametrize(
    ("header", "algorithm", "form"),
    [
        ("Repr-Digest", "sha256", "sha-256=:{}:"),
        ("Digest", "sha256", "SHA-256={}"),
        ("Content-MD5", "md5", "{}"),
    ],
)
def test_a_checksum_of_the_server_is_heeded(
    served: Warehouse, tmp_path: Path, header: str, algorithm: str, form: str
) -> None:
    def say(data: bytes) -> None:
        digest = base64.b64encode(hashlib.new(algorithm, data).digest()).decode()
        served.headers = {header: form.format(digest)}

    say(b"other bytes")
    assert f"the {'MD5' if algorithm == 'md5' else 'SHA-256'} that the server gave" in error_of(
        fetch(served, tmp_path)
    )
    assert names(tmp_path) == []
    say(served.files[FILE])
    assert fetch(served, tmp_path).failed == []


@pytest.mark.parametrize(
    ("script", "message", "requests"),
    [
        (["404"], "answers 404", 1),
        (["500"] * 50, "answers 500", 5),
        (["short"] * 9, rf"is truncated: {SIZE // 2} of {SIZE} bytes \(5 times\)", 5),
    ],
)
def test_what_cannot_be_had_is_an_error(
    served: Warehouse, tmp_path: Path, script: list[str], message: str, requests: int
) -> None:
    served.script[FILE] = list(script)
    done = fetch(served, tmp_path)
    assert re.search(message, error_of(done))
    assert served.uri + FILE in error_of(done)
    assert len(served.of(FILE)) == requests
    assert names(tmp_path) == []


def test_a_page_instead_of_a_file_is_an_error(served: Warehouse, tmp_path: Path) -> None:
    served.files[FILE] = b"<html>Please log in</html>"
    assert "is not an HDF5 file (26 bytes, beginning with b'<html>Please')" in error_of(
        fetch(served, tmp_path)
    )
    assert names(tmp_path) == []


def test_one_that_fails_does_not_stop_the_others(served: Warehouse, tmp_path: Path) -> None:
    served.script[link(502)] = ["404"]
    served.script[link(504)] = ["cut", "404"]
    done = fetch(served, tmp_path, ids=[])
    assert [path.name for path in done.fetched] == [NAME, "ophys_experiment_503.nwb"]
    assert [failure.id for failure in done.failed] == [502, 504]
    assert (tmp_path / "ophys_experiment_504.nwb.part").stat().st_size > 0
    assert fetch(served, tmp_path, ids=[]).failed == []
    assert ranges(served, link(504))[-1][1] == 206


@pytest.mark.parametrize(("parallel", "least", "most"), [(1, 1, 2), (4, 3, 4)])
def test_so_many_come_at_a_time(
    served: Warehouse, tmp_path: Path, parallel: int, least: int, most: int
) -> None:
    served.pace_s = 0.02
    fetch(served, tmp_path, ids=[], parallel=parallel)
    asked = [one for number in (501, 502, 503, 504) for one in served.of(link(number))]
    # The server notes the end of one a moment after its last byte, when the next may have begun.
    assert (
        least
        <= max(sum(other.began <= one.began < other.ended for other in asked) for one in asked)
        <= most
    )


# -- this side -------------------------------------------------------------------------------------


def test_a_full_disk_ends_all_and_keeps_the_parts(served: Warehouse, tmp_path: Path) -> None:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(
        resource.RLIMIT_FSIZE, (SIZE // 2, limits[1])
    )  # as a full disk: no file may grow further
    try:
        with pytest.raises(
            DataError, match=rf"{NAME}\.part: cannot be written \(File too large\)"
        ) as caught:
            fetch(served, tmp_path, ids=[], parallel=1)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert "Make room" in caught.value.remedy
    assert (tmp_path / f"{NAME}.part").stat().st_size == SIZE // 2
    assert served.of(link(504)) == []
    fetch(served, tmp_path)
    assert (tmp_path / NAME).read_bytes() == served.files[FILE]
    assert ranges(served)[-1] == (SIZE // 2, 206)


def test_too_little_room_is_said_before(
    served: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(tmp_path)._replace(free=SIZE - 1)
    monkeypatch.setattr("shutil.disk_usage", lambda _: usage)
    with pytest.raises(DataError, match="are needed and"):
        fetch(served, tmp_path)
    assert served.of(FILE) == []


def test_a_folder_that_cannot_be_written(served: Warehouse, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match="file: cannot be written") as caught:
        fetch(served, tmp_path / "file")
    assert "--out" in caught.value.remedy


def test_one_fetch_at_a_time_in_a_folder(served: Warehouse, tmp_path: Path) -> None:
    served.pace_s = 0.05
    first = threading.Thread(target=fetch, args=(served, tmp_path))
    first.start()
    while not (tmp_path / f"{NAME}.part").exists():
        time.sleep(0.01)
    with pytest.raises(DataError, match="another `raylab fetch` is writing there"):
        fetch(served, tmp_path, ids=[502])
    served.pace_s = 0
    first.join()
    assert (tmp_path / NAME).read_bytes() == served.files[FILE]


def test_a_record_that_is_not_one(served: Warehouse, tmp_path: Path) -> None:
    (tmp_path / "fetched.json").write_text("[]")
    with pytest.raises(DataError, match=r"fetched\.json: not a record"):
        fetch(served, tmp_path)


def test_a_cut_anywhere_shows(tmp_path: Path) -> None:
    data, path = hdf5(3, values=500), tmp_path / "x"
    for length in range(0, len(data), 97):
        path.write_bytes(data[:length])
        assert fault(path), length
    path.write_bytes(data)
    assert fault(path) is None


@pytest.mark.chaos
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT], ids=["killed", "Ctrl-C"])
def test_a_fetch_that_is_stopped_goes_on(
    served: Warehouse, tmp_path: Path, how: signal.Signals
) -> None:
    served.files[FILE] = hdf5(501, values=250_000)
    size = len(served.files[FILE])
    command = [
        sys.executable,
        "-m",
        "raylab.cli",
        "fetch",
        "allen-ophys",
        "--id",
        "501",
        "--out",
        str(tmp_path),
    ]
    command += ["--base-uri", served.uri, "--yes"]
    served.pace_s = 0.02
    running = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    half = tmp_path / f"{NAME}.part"
    deadline = time.monotonic() + 60
    while not (half.exists() and half.stat().st_size > size // 3) and time.monotonic() < deadline:
        time.sleep(0.01)
    running.send_signal(how)
    shown = running.communicate(timeout=30)[1]
    assert running.returncode == (-9 if how == signal.SIGKILL else 130)
    assert "Traceback" not in shown
    assert not (tmp_path / NAME).exists()
    there = half.stat().st_size
    assert size // 3 < there < size

    served.pace_s = 0
    subprocess.run(command, check=True, capture_output=True)
    assert (tmp_path / NAME).read_bytes() == served.files[FILE]
    assert ranges(served) == [(0, 200), (there, 206)]
    assert sum(one.sent for one in served.of(FILE)) < 1.5 * size
    assert names(tmp_path) == ["fetched.json", NAME]
