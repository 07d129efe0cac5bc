"""Options are checked at one place, before any work: by the tables below, one row per mistake."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from command import run
from fake_study import fake_study
from helpers import dataset
from imports import ROOT

from raylab.cli.checks import evaluate as evaluating
from raylab.data.dataset import Dataset
from raylab.evaluation.comparison import METHODS
from raylab.files import write_json
from raylab.tracking.study import StudyFolder

SPACE = "search: {model.encoder.kind: {categorical: [offset5, offset10]}}\n"
SCORE = ("evaluate", "study")
TWO_TRIALS = (*SCORE, "--trial", "0000", "--trial", "0001")
SCALE = ("scale", "space.yaml", "--data", "ds", "--out", "new")
COMPARE = ("compare", "space.yaml", "--data", "ds", "--out", "new")
ADAPT = ("adapt", "study", "--data", "ds", "--out", "new")
ANSWER = ("answer", "ds", "--out", "new")
EXPORT = ("export", "study", "--out", "new")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a dataset, studies of it and of other data, an answer and a space."""
    folder = tmp_path_factory.mktemp("checks")
    made = Dataset(dataset(folder / "ds").path)
    data = {"path": str(made.path), "fingerprint": made.fingerprint}
    fake_study(folder / "study", data=data)
    fake_study(folder / "other", states=("completed",), data=data)
    fake_study(folder / "failed", states=("failed",), data=data)
    fake_study(folder / "elsewhere", states=("completed",))
    answer = {"folds": ["ds"], "fingerprints": [made.fingerprint]}
    fake_study(folder / "answer", states=("completed",), data=data, kind="answer", answer=answer)
    write_json(folder / "answer" / "entrants" / "ridge" / "predictor.json", {})
    (folder / "space.yaml").write_text(SPACE)
    (folder / "there.txt").write_text("")
    return folder


@pytest.fixture(autouse=True)
def _here(place: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(place)
    before = sorted(place.rglob("*"))
    yield
    assert sorted(place.rglob("*")) == before


REFUSED: list[tuple[tuple[str, ...], tuple[str, ...]]] = [
    # studies
    (("evaluate", "studdy"), ("studdy: not a study", "Did you mean 'study'?")),
    (("sync", "studdy"), ("Did you mean 'study'?",)),
    (("leaderboard", "study", "study"), ("named twice",)),
    (("leaderboard", "study", "elsewhere"), ("made on other data",)),
    (("report", "study", "other"), ("--out",)),
    (("report", "study", "other", "--out", "there.txt"), ("there.txt: already exists",)),
    (("select", "answer"), ("an answer has a best trial in each fold",)),
    (("select", "failed"), ("no trial has completed",)),
    (("select", "study", "--rule", "simplest", "--seeds", "1"), ("--seeds 2",)),
    ((*SCORE, "--consistency", "seeds", "--beside", "elsewhere"), ("made on other data",)),
    (("evaluate", "answer", "--topology", "1"), ("--trial",)),
    # trials and entrants
    ((*SCORE, "--trial", "00002"), ("no trial '00002'", "Did you mean '0002'?")),
    ((*SCORE, "--trial", "0003"), ("trial 0003 is failed and has no model",)),
    ((*EXPORT, "--trial", "x"), ("no trial 'x'", "Known: 0000, 0001")),
    (("reproduce", "study", "00002"), ("Did you mean '0002'?",)),
    ((*EXPORT, "--entrant", "ridge"), ("not made by `raylab answer`",)),
    (("export", "answer", "--out", "new", "--entrant", "rigde"), ("Did you mean 'ridge'?",)),
    (
        ("export", "answer", "--out", "new", "--entrant", "ridge", "--trial", "0000"),
        ("both a trial and an entrant",),
    ),
    (("export", "answer", "--out", "new", "--split", "test"), ("fitted on all samples",)),
    # labels, sessions, groups, families, methods
    (("leaderboard", "study", "--label", "positon"), ("Did you mean 'position'?",)),
    (("report", "study", "--label", "speed", "--out", "new"), ("'speed'", "Known: position")),
    (
        (*SCORE, "--consistency", "sessions", "--label", "headng"),
        ("'headng'", "Did you mean 'heading'?"),
    ),
    ((*SCORE, "--consistency", "animals"), ("animals", "at least 2")),
    ((*EXPORT, "--format", "cebra", "--session", "rta"), ("Did you mean 'rat'?",)),
    ((*ADAPT, "--session", "rta"), ("Did you mean 'rat'?",)),
    ((*ANSWER, "--label", "positon"), ("Did you mean 'position'?",)),
    ((*ANSWER, "--families", "rigde"), ("Did you mean 'ridge'?",)),
    ((*ANSWER, "--families", ","), ("--families names nothing",)),
    ((*ANSWER, "--per", "presentaton"), ("--per presentaton", "sample, segment")),
    ((*ANSWER, "--space", "spce.yaml"), ("spce.yaml: no such file",)),
    ((*ANSWER, "--recipe", "worm"), ("--recipe worm", "prepared dataset")),
    (("answer", "recordings", "--out", "new"), ("recordings: no such file or folder",)),
    ((*SCORE, "--against", "tsn"), ("no method 'tsn'", "Did you mean 'tsne'?")),
    ((*SCORE, "--against", "pca, pca"), ("'pca' is named twice",)),
    ((*SCORE, "--against", "saved.npz"), ("saved.npz: no such file",)),
    ((*SCORE, "--against", ","), ("--against names nothing",)),
    ((*COMPARE, "--over", "model.encoder.knd"), ("Did you mean 'model.encoder.kind'?",)),
    # options that exclude each other, or have no effect
    ((*SCORE, "--label", "position"), ("belong to --consistency",)),
    ((*SCORE, "--consistency", "seeds", "--bins", "9"), ("leave out --label and --bins",)),
    ((*SCORE, "--samples", "100"), ("--samples belongs to --against",)),
    (TWO_TRIALS, ("only --consistency",)),
    (
        (*TWO_TRIALS, "--consistency", "seeds", "--shuffles", "5"),
        ("--shuffles takes one --trial",),
    ),
    (("evaluate", "answer", "--samples", "100"), ("--samples belongs to --against",)),
    (("select", "study", "--no-control", "--shuffles", "5"), ("--no-control",)),
    ((*EXPORT, "--format", "raylab", "--split", "test"), ("--split needs",)),
    ((*EXPORT, "--session", "rat"), ("--session needs --format cebra",)),
    ((*EXPORT, "--format", "raylab", "--session", "rat"), ("keeps all its sessions",)),
    ((*ADAPT, "--set", "model.output_dimension=4"), ("--set model.output_dimension",)),
    # outputs
    ((*EXPORT[:-1], "there.txt"), ("there.txt: already exists",)),
    ((*EXPORT[:-1], "there.txt/new"), ("there.txt is a file",)),
    (("leaderboard", "study", "--out", "there.txt"), ("there.txt: already exists",)),
    (("reproduce", "study", "0000", "--out", "ds"), ("ds: already exists",)),
    ((*ADAPT[:-1], "ds"), ("ds: already exists",)),
    ((*ANSWER[:-1], "ds"), ("ds: already exists",)),
    ((*COMPARE[:-1], "ds"), ("ds: already exists",)),
    ((*SCALE[:-1], "study"), ("study: already exists",)),
    # numbers
    ((*SCALE, "--data-fractions", "0,0.5"), ("--data-fractions 0,0.5", "above 0")),
    ((*SCALE, "--data-fractions", "nan"), ("above 0 and at most 1",)),
    ((*SCALE, "--workers", "0"), ("--workers 0", "at least 1")),
    ((*SCALE, "--workers", "one"), ("no list of numbers",)),
    ((*ANSWER, "--minutes", "inf"), ("not a finite number",)),
    ((*ANSWER, "--minutes", "nan"), ("not a finite number",)),
    (("reproduce", "study", "0000", "--tolerance", "nan"), ("not a finite number",)),
    ((*SCORE, "--split", "tset"), ("'tset'",)),
    # data
    ((*COMPARE[:2], "--data", "sd", "--out", "new"), ("sd: not a prepared dataset",)),
    ((*SCALE[:2], "--data", "sd", "--out", "new"), ("sd: not a prepared dataset",)),
    (("adapt", "study", "--data", "sd", "--out", "new"), ("sd: not a prepared dataset",)),
]


@pytest.mark.parametrize(("words", "parts"), REFUSED, ids=lambda value: " ".join(value)[:60])
def test_a_mistake_is_named_with_its_remedy(
    capsys: pytest.CaptureFixture[str], words: tuple[str, ...], parts: tuple[str, ...]
) -> None:
    code, out, err = run(capsys, *words)
    assert (code, out) == (2, ""), err
    assert "internal error" not in err
    flat = " ".join(err.split())
    assert all(part in flat for part in parts), err


def test_no_mistake_costs_a_heavy_import(place: Path) -> None:
    """All mistakes in one process, which must have imported no heavy library afterwards."""
    code = (
        "import sys; from raylab.cli import main\n"
        f"for words in {[words for words, _ in REFUSED]!r}:\n"
        "    try: main(words)\n"
        "    except SystemExit: pass\n"
        "print([name for name in ('torch', 'ray', 'mlflow', 'sklearn') if name in sys.modules])"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code],
        cwd=place,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert ended.stdout.strip() == "[]", ended.stdout + ended.stderr[-500:]


def test_the_methods_of_against_are_the_real_ones() -> None:
    assert set(evaluating.METHODS) == set(METHODS)


def test_a_study_that_cannot_be_written_is_refused(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("raylab.cli.checks.outputs.os.access", lambda path, mode: False)
    for words in (("evaluate", "study"), ("select", "study"), ("report", "study")):
        code, _, err = run(capsys, *words)
        assert code == 2
        assert "read-only" in err
    assert StudyFolder.open(place / "study").path.exists()
