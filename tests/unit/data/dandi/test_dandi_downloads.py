"""Files of a dandiset come whole and verified, or not at all."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from command import run
from dandi_server import Dandi, etag

import raylab
from raylab.data.dandi.digests import dandi_etag, part_bytes
from raylab.data.dandi.fetch_dandi import FetchedDandiset
from raylab.errors import DataError

NAME = "sub-a/a1.nwb"
BLOB = f"/blobs/{NAME}"


def fetch(out: Path, path: Any = NAME, **options: Any) -> FetchedDandiset:
    return raylab.fetch_dandi("000128", out=out, path=path, **options)


def test_files_keep_their_paths_and_are_recorded(served: Dandi, tmp_path: Path) -> None:
    progress = set[str]()
    done = fetch(tmp_path, path=(), progress=lambda name, *_: progress.add(name))
    assert (len(done.fetched), done.failed) == (4, [])
    for path in (name.relative_to(tmp_path).as_posix() for name in done.fetched):
        assert (tmp_path / path).read_bytes() == served.files[f"/blobs/{path}"]
        assert path in progress
    entry = json.loads((tmp_path / "fetched.json").read_text())["files"][NAME]
    sha256 = hashlib.sha256(served.files[BLOB]).hexdigest()
    assert (entry["source"], entry["dandiset"], entry["version"], entry["sha256"]) == (
        "dandi",
        "000128",
        "0.220202.1200",
        sha256,
    )
    assert entry["verified"] == {"dandi:sha2-256": sha256}


@pytest.mark.parametrize(
    ("script", "statuses"),
    [(["cut"], [200, 206]), (["reset", "cut"], [200, 206, 206]), (["500"], [500, 200])],
)
def test_a_broken_connection_is_resumed(
    served: Dandi, tmp_path: Path, script: list[str], statuses: list[int]
) -> None:
    served.script[BLOB] = script
    assert fetch(tmp_path).failed == []
    assert (tmp_path / NAME).read_bytes() == served.files[BLOB]
    assert [request.status for request in served.of(BLOB)] == statuses


def test_a_later_run_continues_where_the_first_ended(served: Dandi, tmp_path: Path) -> None:
    served.script[BLOB] = ["cut", "404"]
    assert "answers 404" in fetch(tmp_path).failed[0].error
    part = tmp_path / f"{NAME}.part"
    there = part.stat().st_size
    assert 0 < there < len(served.files[BLOB])
    assert fetch(tmp_path, dry_run=True).matched[0].begun == there
    assert fetch(tmp_path).failed == []
    assert served.of(BLOB)[-1].headers["Range"] == f"bytes={there}-"
    assert (tmp_path / NAME).read_bytes() == served.files[BLOB]
    assert not part.exists()


@pytest.mark.parametrize("name", ["dandi:sha2-256", "dandi:dandi-etag"])
def test_a_wrong_digest_is_refused(served: Dandi, tmp_path: Path, name: str) -> None:
    served.digests[NAME] = {name: "0" * 64}
    done = fetch(tmp_path)
    assert done.fetched == []
    assert f"does not have the digest {name}" in done.failed[0].error
    assert len(served.of(BLOB)) == 2  # what went wrong once may go right
    assert not (tmp_path / NAME).exists()
    assert not (tmp_path / f"{NAME}.part").exists()


def test_files_without_sha256_are_verified_by_their_etag(served: Dandi, tmp_path: Path) -> None:
    served.digests[NAME] = {"dandi:dandi-etag": etag(served.files[BLOB])}
    assert fetch(tmp_path).failed == []
    entry = json.loads((tmp_path / "fetched.json").read_text())["files"][NAME]
    assert entry["verified"] == served.digests[NAME]


def test_without_any_digest_the_size_is_checked(served: Dandi, tmp_path: Path) -> None:
    served.digests[NAME] = {}
    served.files[BLOB] = served.files[BLOB][:-8]
    assert "the archive states" in fetch(tmp_path).failed[0].error
    served.versions["0.220202.1200"][NAME] = served.files[BLOB]
    assert "truncated" in fetch(tmp_path).failed[0].error


def test_the_etag_is_made_of_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"abc")
    md5 = hashlib.md5(hashlib.md5(b"abc").digest()).hexdigest()
    assert dandi_etag(path) == f"{md5}-1"
    monkeypatch.setattr("raylab.data.dandi.digests.PART_BYTES", 1000)
    for size in (999, 1000, 1001, 3000, 3_456):
        path.write_bytes(bytes(size % 251 for _ in range(size)))
        assert dandi_etag(path) == etag(path.read_bytes(), part=1000)


def test_large_files_have_larger_parts() -> None:
    assert part_bytes(10**9) == 64 * 2**20
    assert part_bytes(9_998 * 64 * 2**20) == 64 * 2**20
    assert part_bytes(2 * 10**12) == 200_000_000


def test_what_is_there_is_verified_and_kept(served: Dandi, tmp_path: Path) -> None:
    fetch(tmp_path)
    assert fetch(tmp_path).skipped == [tmp_path / NAME]
    (tmp_path / "fetched.json").unlink()  # then the digest is computed
    assert fetch(tmp_path).skipped == [tmp_path / NAME]
    assert len(served.of(BLOB)) == 1
    data = bytearray(served.files[BLOB])
    data[-1] ^= 1
    (tmp_path / NAME).write_bytes(data)
    (tmp_path / "fetched.json").unlink(missing_ok=True)
    done = fetch(tmp_path)
    assert "does not have the digest" in done.matched[0].here
    assert (tmp_path / NAME).read_bytes() == served.files[BLOB]


def test_a_file_that_changed_in_the_draft_is_fetched_again(served: Dandi, tmp_path: Path) -> None:
    fetch(tmp_path, version="draft")
    data = bytes(reversed(served.files[BLOB]))
    served.files[BLOB] = served.versions["draft"][NAME] = data
    assert fetch(tmp_path, version="draft").fetched == [tmp_path / NAME]
    assert (tmp_path / NAME).read_bytes() == data


def test_too_little_room_is_an_error_before(
    served: Dandi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(tmp_path)._replace(free=10)
    monkeypatch.setattr("shutil.disk_usage", lambda _: usage)
    with pytest.raises(DataError, match="are needed and"):
        fetch(tmp_path)
    assert served.of(BLOB) == []


def test_a_folder_where_a_file_is(served: Dandi, tmp_path: Path) -> None:
    (tmp_path / "sub-a").write_text("")
    with pytest.raises(DataError, match="sub-a: cannot be written"):
        fetch(tmp_path)


# -- the verb --------------------------------------------------------------------------------------


@pytest.fixture
def verb(served: Dandi, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Any:
    def call(*arguments: Any) -> tuple[int, str, str]:
        return run(capsys, "fetch", *arguments, "--out", tmp_path / "raw")

    return call


def test_the_verb_lists_and_downloads(verb: Any, tmp_path: Path) -> None:
    code, out, err = verb("dandi", "000128", "--path", "*.nwb", "--dry-run")
    assert (code, err) == (0, "")
    assert out.startswith("DANDI:000128/0.220202.1200: title 0.220202.1200\n")
    assert "sub-a/a1.nwb" in out
    assert "3 files fit, 0 already there, 3 to fetch: " in out
    assert not (tmp_path / "raw").exists()
    code, out, _ = verb("dandi", "000128", "--version", "draft", "--path", "sub-b/", "--yes")
    assert code == 0
    assert "2 files fetched to" in out
    assert (tmp_path / "raw/sub-b/b2.nwb").is_file()


def test_the_verb_in_json_and_its_exit_codes(verb: Any, served: Dandi) -> None:
    served.script[BLOB] = ["404"]
    code, out, err = verb("dandi", "000128", "--path", "sub-a/*", "--yes", "--json")
    done = json.loads(out)
    assert (code, err, done["dandiset"], done["version"]) == (3, "", "000128", "0.220202.1200")
    assert (done["failed"][0]["path"], len(done["fetched"])) == (NAME, 1)
    code, out, err = verb("dandi", "000128", "--path", "sub-b/*")
    assert code == 2
    assert "Add --yes" in err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["dandi"], "needs the number of a dandiset"),
        (["dandi", "000128", "--area", "VISp"], "--area is for allen-ophys and allen-ecephys"),
        (["allen-ophys", "--version", "draft"], "--version is for dandi, not for allen-ophys"),
        (["allen-ophys", "000128"], "DANDISET is for dandi"),
        (["dandy", "000128"], "Did you mean 'dandi'?"),
    ],
)
def test_options_that_a_source_does_not_have(verb: Any, arguments: list[str], message: str) -> None:
    code, _, err = verb(*arguments)
    assert code == 2
    assert message in err
