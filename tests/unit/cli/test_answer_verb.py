"""`raylab answer`: its options reach the function, and what it prints where."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from command import run
from fake_answer import fake_answer
from fake_answer_study import fake_answer_study

import raylab
from raylab.analysis.answering.results import Answer
from raylab.errors import DataError, StudyError
from raylab.tracking.records import reads_of_test

ANSWER = fake_answer(kept=["gru"], final="final")


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A working folder with recordings and two spaces, so that commands read as users type them."""
    folder = tmp_path / "work"
    (folder / "ds").mkdir(parents=True)
    for name in ("a.yaml", "b.yaml"):
        (folder / name).write_text("search: {}\n")
    monkeypatch.chdir(folder)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the function was called with."""
    arguments: dict[str, Any] = {}

    def answer(data: Path, label: str | None, **others: Any) -> Answer:
        arguments.update(others, data=data, label=label)
        others["say"]("fold 0: a line of progress")
        return ANSWER

    monkeypatch.setattr(raylab, "answer", answer, raising=False)
    return arguments


def test_options_reach_the_function(
    asked: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    words = "answer ds --label position --minutes 2.5 --out o --folds 3 --families readout,mlp"
    more = "--space a.yaml --space b.yaml --per presentation --seeds 1 --recipe worm --set a.b=1"
    code, _, _ = run(capsys, *words.split(), *more.split())
    assert code == 0
    assert (asked["label"], asked["minutes"], asked["folds"]) == ("position", 2.5, 3)
    assert asked["families"] == ["readout", "mlp"]
    assert [path.name for path in asked["space"]] == ["a.yaml", "b.yaml"]
    assert (asked["per"], asked["seeds"], asked["recipe"]) == ("presentation", 1, "worm")
    assert asked["overrides"] == {"a.b": 1}


def test_json_is_one_object_and_progress_is_elsewhere(
    asked: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = run(capsys, "answer", "ds", "--out", "o", "--json")
    assert code == 0
    assert json.loads(out) == json.loads(json.dumps(ANSWER.to_dict()))
    assert "a line of progress" in err
    assert asked["families"] is None
    assert asked["space"] is None


def test_the_sentence_is_the_last_line(
    asked: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    _, out, _ = run(capsys, "answer", "ds", "--out", "o")
    assert out.splitlines()[-1] == ANSWER.sentence


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["--minutes", "0"], "--minutes"),
        (["--folds", "0"], "--folds"),
        (["--families", ","], "--families names nothing"),
        (["--seeds", "0"], "--seeds"),
    ],
)
def test_what_makes_no_sense_is_refused(
    asked: dict[str, Any], capsys: pytest.CaptureFixture[str], words: list[str], text: str
) -> None:
    code, out, err = run(capsys, "answer", "ds", "--out", "o", *words)
    assert (code, out) == (2, "")
    assert text in err
    assert not asked


@pytest.mark.parametrize(("error", "code"), [(KeyboardInterrupt(), 130), (DataError("ds: x"), 2)])
def test_exit_codes(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    error: BaseException,
    code: int,
) -> None:
    def answer(*_: Any, **__: Any) -> Answer:
        raise error

    monkeypatch.setattr(raylab, "answer", answer, raising=False)
    shown, out, err = run(capsys, "answer", "ds", "--out", "o", "--json")
    assert (shown, out) == (code, "")
    # Nothing was written yet, so the same command goes on.
    assert ("To go on: raylab answer ds --out o --json" in err) == (code == 130)


def test_other_verbs_show_the_answer_of_its_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    study = fake_answer_study(tmp_path / "a")
    sentence = (study.answer() or {})["sentence"]
    monkeypatch.setattr(raylab, "resume", lambda *_, **__: study, raising=False)
    _, out, _ = run(capsys, "resume", study.path)
    assert out.splitlines()[-1] == sentence
    _, out, _ = run(capsys, "leaderboard", study.path)
    assert "entrant" in out
    assert "The test part of each of 3 folds was read once" in out
    _, out, _ = run(capsys, "leaderboard", study.path, "--json")
    assert json.loads(out)[0]["entrant"] == "gru"
    code, out, _ = run(capsys, "report", study.path)
    assert (code, Path(out.strip()).name) == (0, "report.html")


def test_evaluate_shows_the_answer_and_reads_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    study = fake_answer_study(tmp_path / "a")
    reads = len(reads_of_test(study.ledger.read()))
    _, out, _ = run(capsys, "evaluate", study.path, "--split", "test")
    assert out.splitlines()[-1] == (study.answer() or {})["sentence"]
    _, out, _ = run(capsys, "evaluate", study.path, "--json")
    assert json.loads(out) == study.answer()
    assert len(reads_of_test(study.ledger.read())) == reads


@pytest.mark.parametrize("verb", ["evaluate", "select", "adapt"])
def test_an_answer_has_no_winner_of_all_trials(tmp_path: Path, verb: str) -> None:
    study = fake_answer_study(tmp_path / "a")
    arguments = {"data": tmp_path, "out": tmp_path / "b"} if verb == "adapt" else {}
    with pytest.raises(StudyError, match="a best trial in each fold"):
        getattr(raylab, verb)(study.path, **arguments)
