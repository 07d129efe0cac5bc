"""Paths that users give: no URL becomes a folder, and `~` is the home folder."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers import dataset, session

import raylab
from raylab.cli import main
from raylab.errors import RaylabError
from raylab.paths import local_path
from raylab.space.load_space import load_space


def test_a_path_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/somebody")
    assert local_path("~/data") == Path("/home/somebody/data")
    assert local_path("a:b/c") == Path("a:b/c")
    assert local_path("C:/data") == Path("C:/data")


@pytest.mark.parametrize(
    "url", ["s3://b/x", "gs://b/x", "https://h/x", "file:///x", Path("s3://b/x")]
)
def test_a_url_is_refused(url: str | Path) -> None:
    with pytest.raises(RaylabError, match="is a URL"):
        local_path(url)


@pytest.mark.parametrize(
    "words",
    [
        "inspect {u}",
        "prepare {u} --out here",
        "prepare ds --out {u}",
        "synth {u}",
        "train c.yaml --data {u} --out here",
        "train c.yaml --data ds --out {u}",
        "search {u} --data ds --out here",
        "report {u}",
        "evaluate {u}",
        "resume {u}",
        "export ds --out {u}",
        "doctor {u}",
    ],
)
def test_every_verb_refuses_urls(
    words: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as stopped:
        main(words.format(u="s3://bucket/x").split())
    assert stopped.value.code == 2
    assert "s3://bucket/x: is a URL (s3)" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_python_refuses_urls_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    dataset(tmp_path / "ds", session("a"))
    for call in (
        lambda: raylab.inspect("s3://b/x"),
        lambda: raylab.prepare("s3://b/x", out="here"),
        lambda: raylab.prepare("ds", out="s3://b/x"),
        lambda: raylab.Dataset("s3://b/x"),
        lambda: raylab.report("s3://b/x"),
        lambda: raylab.load("s3://b/x"),
        lambda: load_space("s3://b/x.yaml"),
        lambda: raylab.synth("s3://b/x"),
    ):
        with pytest.raises(RaylabError, match="is a URL"):
            call()
    assert [path.name for path in tmp_path.iterdir()] == ["ds"]
