"""The verb: a table before anything is downloaded, a question, exit codes, JSON alone on standard
output.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from command import run
from warehouse_server import Warehouse
from warehouse_tables import link, warehouse


@pytest.fixture(autouse=True)
def _fast(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr("raylab.data.fetching.http.BACKOFF_S", 0.0)
    monkeypatch.setattr("raylab.data.fetching.download.PAUSE_S", 0.0)


@pytest.fixture
def served() -> Iterator[Warehouse]:
    with warehouse() as one:
        yield one


@pytest.fixture
def fetch(served: Warehouse, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Any:
    def call(*arguments: Any, source: str = "allen-ophys") -> tuple[int, str, str]:
        return run(
            capsys, "fetch", source, "--base-uri", served.uri, "--out", tmp_path / "raw", *arguments
        )

    return call


def at_a_terminal(monkeypatch: pytest.MonkeyPatch, answer: bool) -> list[str]:
    asked: list[str] = []
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr("click.confirm", lambda text, **_: bool(asked.append(text)) or answer)
    return asked


def test_a_dry_run_shows_what_fits_and_writes_nothing(fetch: Any, tmp_path: Path) -> None:
    code, out, err = fetch("--area", "VISp", "--dry-run")
    assert (code, err) == (0, "")
    rows = [
        [cell.strip() for cell in line.split("│")[1:-1]]
        for line in out.splitlines()
        if line.startswith("│")
    ]
    assert rows[0] == (
        [
            "501",
            "VISp",
            "Cux2-CreERT2",
            "175",
            "three_session_A",
            "3",
            "222",
            "2016-02-12",
            "321.4 kB",
            "",
        ]
    )
    assert [row[0] for row in rows] == ["501", "502", "504"]
    assert out.endswith("3 sessions fit, 0 already there, 3 to fetch: 964.2 kB\n")
    assert not (tmp_path / "raw").exists()


def test_without_a_terminal_nothing_is_downloaded_unasked(
    fetch: Any, served: Warehouse, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: False)
    code, out, err = fetch("--id", 501)
    assert code == 2
    assert "1 sessions fit" in out
    assert "Add --yes" in err
    assert (served.of(link(501)), (tmp_path / "raw").exists()) == ([], False)


def test_at_a_terminal_the_user_is_asked(
    fetch: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked = at_a_terminal(monkeypatch, answer=False)
    assert fetch("--id", 501)[0] == 0
    assert (len(asked), (tmp_path / "raw").exists()) == (1, False)
    asked = at_a_terminal(monkeypatch, answer=True)
    code, out, _ = fetch("--id", 501)
    assert (code, len(asked)) == (0, 1)
    assert "1 sessions fetched to" in out
    code, out, _ = fetch("--id", 501)
    assert (code, len(asked)) == (0, 1)  # nothing to ask about
    assert "1 already there, 0 to fetch: 0 bytes" in out


def test_neuropixels_with_every_option(fetch: Any, tmp_path: Path) -> None:
    words = "--cre wt --stimulus natural_scenes --session-type brain_observatory_1.1 --area VISl"
    numbers = "--min-neurons 1 --max-neurons 3 --limit 1 --parallel 1"
    code, out, _ = fetch(*words.split(), *numbers.split(), "--yes", source="allen-ecephys")
    assert code == 0
    assert "719" in out
    assert (tmp_path / "raw" / "ecephys_session_719.nwb").is_file()


def test_depth_is_a_range(fetch: Any) -> None:
    assert "503" in fetch("--depth", "200..300", "--dry-run")[1]
    code, out, err = fetch("--depth", "shallow", "--dry-run")
    assert (code, out) == (2, "")
    assert "'shallow' is not a range" in err


def test_sizes_that_the_server_does_not_say(fetch: Any, served: Warehouse) -> None:
    for one in (501, 502):
        served.script[f"HEAD {link(one)}"] = ["404"]
    assert "2 to fetch: 2 of unknown size" in fetch("--id", 501, "--id", 502, "--dry-run")[1]
    served.script[f"HEAD {link(502)}"] = ["404"]
    assert (
        "2 to fetch: 321.4 kB and 1 of unknown size"
        in fetch("--id", 501, "--id", 502, "--dry-run")[1]
    )


def test_json_is_alone_on_standard_output(fetch: Any, served: Warehouse, tmp_path: Path) -> None:
    code, out, err = fetch("--area", "VISp", "--dry-run", "--json")
    assert (code, err) == (0, "")
    found = json.loads(out)
    assert (found["dry_run"], found["fetched"], found["bytes"]) == (
        True,
        [],
        3 * len(served.files[link(501)]),
    )
    first = found["matched"][0]
    assert (first["id"], first["areas"], first["depth_um"], first["neurons"]) == (
        501,
        ["VISp"],
        175,
        3,
    )
    assert (first["url"], first["whole"]) == (served.uri + link(501), False)

    served.script[link(502)] = ["404"]
    code, out, err = fetch("--id", 501, "--id", 502, "--yes", "--json")
    assert (code, err) == (3, "")
    found = json.loads(out)
    assert found["fetched"] == [str(tmp_path / "raw" / "ophys_experiment_501.nwb")]
    assert found["failed"][0]["id"] == 502
    assert "answers 404" in found["failed"][0]["error"]


def test_exit_codes(fetch: Any, served: Warehouse) -> None:
    served.script[link(501)] = ["404"]
    code, out, err = fetch("--id", 501, "--id", 503, "--yes")
    assert code == 3
    assert "1 sessions fetched to" in out
    assert "1 failed" in out
    assert "not fetched: 501: " in err
    served.script[link(501)] = ["404"]
    assert fetch("--id", 501, "--yes")[0] == 2
    served.script[link(501)] = ["404"]
    assert fetch("--id", 501, "--id", 503, "--yes")[0] == 3  # one was there already
    assert fetch("--id", 501, "--id", 503, "--yes")[0] == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--area", "VISq", "--dry-run"], "There are: VISl, VISp."),
        (["--limit", "0"], "--limit"),
        (["--id", "abc"], "'abc' is not a valid integer"),
    ],
)
def test_wrong_options(fetch: Any, arguments: list[str], message: str) -> None:
    code, out, err = fetch(*arguments)
    assert (code, out) == (2, "")
    assert message in err


def test_a_source_that_is_not_known(fetch: Any) -> None:
    code, _, err = fetch("--dry-run", source="allen-ophis")
    assert code == 2
    assert "Did you mean 'allen-ophys'?" in err


def test_a_long_list_is_cut_and_says_so(fetch: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("raylab.cli.show.downloads.SHOWN", 2)
    out = fetch("--dry-run")[1]
    assert "... and 2 more (--json lists all)" in out
    assert "503" not in out
