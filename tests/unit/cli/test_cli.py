"""The command: every verb helps itself, JSON alone on standard output, tracebacks only when asked
for.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click
import pytest
from command import run
from helpers import dataset, recipe_file, recording_file, small_study

import raylab
from raylab.cli.group import VERBS, cli
from raylab.tracking.study import StudyFolder


@pytest.fixture(autouse=True)
def _few_views(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("raylab.evaluation.baselines.SMOOTHING_SAMPLES", (0, 4))


@pytest.fixture
def study(tmp_path: Path) -> StudyFolder:
    return small_study(tmp_path / "study", dataset(tmp_path / "ds"))


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_helps_with_an_example(capsys: pytest.CaptureFixture[str], verb: str) -> None:
    code, out, err = run(capsys, verb, "--help")
    assert (code, err) == (0, "")
    assert f"raylab {verb}" in out.split("Example:")[1]
    command = cli.get_command(click.Context(cli), verb)
    assert isinstance(command, click.Command)
    assert command.help
    for parameter in command.params:
        if isinstance(parameter, click.Option) and parameter.name not in (
            "sessions",
            "seed",
            "form",
            "split",
        ):
            assert parameter.help or parameter.name in ("port", "kind", "trial"), (
                verb,
                parameter.name,
            )


def test_the_verbs_are_few() -> None:
    assert {
        "synth",
        "prepare",
        "inspect",
        "search",
        "spaces",
        "train",
        "resume",
        "leaderboard",
        "evaluate",
        "export",
        "report",
        "sync",
        "ui",
    } <= set(VERBS)
    assert len(VERBS) <= 26


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "--version") == (0, f"raylab, version {raylab.__version__}\n", "")


@pytest.mark.parametrize("prepared", [True, False])
def test_inspect_as_json(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], prepared: bool
) -> None:
    recording, recipe = recording_file(tmp_path / "raw"), recipe_file(tmp_path)
    arguments: list[Any] = [recording, "--recipe", recipe]
    if prepared:
        assert run(capsys, "prepare", *arguments, "--out", tmp_path / "ds")[0] == 0
        arguments = [tmp_path / "ds"]
    code, out, err = run(capsys, "inspect", *arguments, "--json")
    assert (code, err) == (0, "")
    entry = json.loads(out)["sessions"][0]
    assert (entry["id"], entry["samples"], entry["units"], entry["rate_hz"]) == ("rat", 400, 6, 10)
    assert entry["splits"] == {"train": 240, "valid": 80, "test": 80}
    assert list(entry["labels"]) == ["position", "heading", "choice"]
    assert entry["labels"]["position"]["kind"] == "continuous"
    assert entry["labels"]["heading"]["kind"] == "circular"
    assert entry["labels"]["choice"]["classes"] == ["0", "1"]


def test_prepare_and_inspect_as_tables(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    x = recording_file(tmp_path / "raw")
    code, out, _ = run(
        capsys, "prepare", x, "--recipe", recipe_file(tmp_path), "--out", tmp_path / "ds"
    )
    assert code == 0
    assert "1 session in" in out
    code, out, _ = run(capsys, "inspect", tmp_path / "ds")
    assert code == 0
    assert "240 / 80 / 80" in out
    assert "position -1 ... 1 (continuous, m)" in out


def test_leaderboard_as_json(study: StudyFolder, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "leaderboard", study.path, "--json")
    assert (code, err) == (0, "")
    rows = json.loads(out)
    assert [row["trial"] for row in rows] == ["0001", "0000"]
    assert set(rows[0]) == {
        *(
            "trial",
            "state",
            "score",
            "steps",
            "seconds",
            "cpu_seconds",
            "gpu_seconds",
            "params",
            "metrics",
            "note",
        )
    }
    assert rows[0]["params"] == {"training.seed": 1}
    assert (rows[0]["state"], rows[0]["score"], rows[0]["steps"]) == ("completed", 0.9, 5)


def test_evaluate_as_json(study: StudyFolder, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "evaluate", study.path, "--split", "test", "--json")
    assert (code, err) == (0, "")
    found = json.loads(out)
    assert (found["split"], found["trial"]) == ("test", "0001")
    assert found["scores"]["position"].keys() >= {"r2", "median_abs_error"}
    assert set(found["baselines"]["chance"]["choice"]) == {"balanced_accuracy", "accuracy"}
    assert "raw" in found["baselines"]


def test_tables_of_a_study(
    study: StudyFolder, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "0001" in run(capsys, "leaderboard", study.path)[1]
    code, out, _ = run(capsys, "evaluate", study.path, "--split", "test")
    assert code == 0
    assert "the test split of this study has now been read 1 time(s)" in out
    code, out, _ = run(capsys, "export", study.path, "--out", tmp_path / "e.parquet")
    assert code == 0
    assert "240 train, 80 valid samples" in out
    code, out, _ = run(capsys, "report", study.path)
    assert code == 0
    assert Path(out.strip()).is_file()


# -- errors ----------------------------------------------------------------------------------------


def test_debug_shows_the_traceback(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in (
        ["--debug", "inspect", tmp_path / "none"],
        ["inspect", tmp_path / "none", "--debug"],
    ):
        code, out, err = run(capsys, *arguments)
        assert (code, out) == (2, "")
        assert "Traceback (most recent call last)" in err
        assert err.strip().endswith("none: no such file or folder")
    assert "Traceback" not in run(capsys, "inspect", tmp_path / "none")[2]


def test_an_error_of_our_own_is_not_the_user_s(
    capsys: pytest.CaptureFixture[str], monkeypatch: Any
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("oh")

    monkeypatch.setattr("raylab.data.inspect.inspect", broken)
    code, _, err = run(capsys, "inspect", "x")
    assert code == 1
    assert "internal error: ZeroDivisionError: oh" in err
    assert "--debug" in err
    assert "Traceback" not in err


def test_an_interruption_says_how_to_go_on(
    capsys: pytest.CaptureFixture[str], monkeypatch: Any
) -> None:
    def stopped(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("raylab.data.inspect.inspect", stopped)
    code, _, err = run(capsys, "inspect", "x")
    assert code == 130
    assert "To go on: raylab inspect x" in err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["serch"], "No such command 'serch'"),
        (["search"], "Missing argument 'SPACE'"),
        (["search", "s.yaml", "--out", "o"], "Missing option '--data'"),
        (["search", "s.yaml", "--data", "d", "--out", "o", "--trials", "0"], "--trials"),
        (["search", "s.yaml", "--data", "d", "--out", "o", "--workers", "many"], "--workers"),
        (["search", "s.yaml", "--data", "d", "--out", "o", "--trails", "3"], "--trials"),
        (["evaluate", "s", "--split", "train"], "'train' is not one of 'valid', 'test'"),
        (["export", "s"], "Missing option '--out'"),
    ],
)
def test_wrong_arguments(
    capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    code, out, err = run(capsys, *arguments)
    assert (code, out) == (2, "")
    assert said in err
    assert "Traceback" not in err
