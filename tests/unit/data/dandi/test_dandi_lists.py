"""Which files of a dandiset are listed, and what is refused before anything is downloaded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from dandi_server import Dandi

import raylab
from raylab.data.dandi.fetch_dandi import FetchedDandiset
from raylab.errors import ConfigError, DataError, RaylabError


def listed(out: Path, dandiset: str = "000128", **options: Any) -> FetchedDandiset:
    return raylab.fetch_dandi(dandiset, out=out, dry_run=True, **options)


def paths(done: FetchedDandiset) -> list[str]:
    return [match.asset.path for match in done.matched]


ALL = ["readme.txt", "sub-a/a1.nwb", "sub-a/a2.nwb", "sub-b/b1.nwb"]


@pytest.mark.parametrize("dandiset", ["000128", "128", "DANDI:000128"])
def test_the_newest_published_version_is_taken(
    served: Dandi, tmp_path: Path, dandiset: str
) -> None:
    done = listed(tmp_path, dandiset)
    assert str(done.release) == "DANDI:000128/0.220202.1200"
    assert (done.release.title, paths(done)) == ("title 0.220202.1200", ALL)
    assert done.bytes == sum(len(served.files[f"/blobs/{path}"]) for path in ALL)
    assert (done.fetched, list(tmp_path.iterdir())) == ([], [])


def test_a_draft_where_nothing_is_published(served: Dandi, tmp_path: Path) -> None:
    served.versions = {"draft": served.versions["draft"]}
    assert listed(tmp_path).release.version == "draft"


def test_a_version_by_name(served: Dandi, tmp_path: Path) -> None:
    assert paths(listed(tmp_path, version="0.210101.1200")) == ["sub-a/a1.nwb"]
    assert "sub-b/b2.nwb" in paths(listed(tmp_path, version="draft"))
    with pytest.raises(ConfigError, match=r"has no version '0\.1'") as error:
        listed(tmp_path, version="0.1")
    assert "0.210101.1200, 0.220202.1200, draft" in error.value.remedy


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("*.nwb", ALL[1:]),
        ("sub-a/", ALL[1:3]),
        (["sub-b/*", "readme.txt"], [ALL[0], ALL[3]]),
        ("sub-?/?1.nwb", [ALL[1], ALL[3]]),
    ],
)
def test_patterns_of_paths(
    served: Dandi, tmp_path: Path, pattern: Any, expected: list[str]
) -> None:
    assert paths(listed(tmp_path, path=pattern)) == expected
    assert paths(listed(tmp_path, path=pattern, limit=1)) == expected[:1]


def test_a_pattern_that_no_file_fits_lists_some(served: Dandi, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none of 4 files fits '\*\.nbw'") as error:
        listed(tmp_path, path=["*.nwb", "*.nbw"])
    assert error.value.remedy.startswith("There are: readme.txt, sub-a/a1.nwb")


def test_zarr_folders_are_left_out_and_listed(served: Dandi, tmp_path: Path) -> None:
    served.rows = [{"asset_id": "1", "path": "sub-c/c.zarr", "size": 9, "zarr": "an id"}]
    done = listed(tmp_path)
    assert (paths(done), done.left_out) == (ALL, ["sub-c/c.zarr"])
    with pytest.raises(ConfigError, match="all 1 files that fit are Zarr folders"):
        listed(tmp_path, path="sub-c/*")


@pytest.mark.parametrize(
    "path",
    ["../x.nwb", "/etc/x", "sub/../../x", "sub//x", "", "C:\\x", "sub/.", "fetched.json", "a\nb"],
)
def test_paths_that_leave_the_folder_are_refused(served: Dandi, tmp_path: Path, path: str) -> None:
    served.rows = [{"asset_id": "1", "path": path, "size": 9}]
    with pytest.raises(DataError, match="no path inside of a folder"):
        listed(tmp_path)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([{"path": "x"}], "KeyError 'asset_id'"),
        ([{"path": 3, "asset_id": "1"}], "without path or id"),
        (["x"], "not as expected"),
        ([{"path": ALL[0], "asset_id": "1"}], "the same file twice"),
        ([{"path": f"{ALL[0]}/x", "asset_id": "1"}], "lies in a file"),
        ([{"path": f"{ALL[0]}.part", "asset_id": "1"}], "a download under way"),
    ],
)
def test_lists_that_make_no_sense(
    served: Dandi, tmp_path: Path, rows: list[Any], message: str
) -> None:
    served.rows = rows
    with pytest.raises(DataError, match=message):
        listed(tmp_path)


@pytest.mark.parametrize(
    ("dandiset", "message"),
    [("000999", "dandiset 000999 is not there"), ("mouse", "not the number of a dandiset")],
)
def test_a_dandiset_that_is_not_there(
    served: Dandi, tmp_path: Path, dandiset: str, message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        listed(tmp_path, dandiset)


@pytest.mark.parametrize("status", [401, 403])
def test_an_embargoed_dandiset(served: Dandi, tmp_path: Path, status: int) -> None:
    served.status = status
    with pytest.raises(DataError, match=f"embargoed or private \\({status}\\)"):
        listed(tmp_path)


@pytest.mark.parametrize(
    ("script", "message"),
    [
        (["html"], "not that of an archive"),
        (["500"] * 9, "answers 500"),
        (["cut"] * 9, "answers break off"),
        (["hang up"] * 9, "not reachable"),
    ],
)
def test_a_server_that_fails(
    served: Dandi, tmp_path: Path, script: list[str], message: str
) -> None:
    served.script["/api/dandisets/000128/"] = script
    with pytest.raises(RaylabError, match=message):
        listed(tmp_path)
    served.script["/api/dandisets/000128/"] = ["cut", "500"]
    assert paths(listed(tmp_path)) == ALL


def test_a_server_that_is_no_archive(served: Dandi, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="not that of an archive") as error:
        listed(tmp_path, base_uri=served.uri.removesuffix("/api"))
    assert "api.dandiarchive.org/api" in error.value.remedy


def test_an_address_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="not the address of an archive"):
        listed(tmp_path, base_uri="dandiarchive.org")
    with pytest.raises(ConfigError, match="Allen Institute") as error:
        raylab.fetch("dandi", out=tmp_path)
    assert "fetch_dandi" in error.value.remedy
