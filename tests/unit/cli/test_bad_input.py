"""Bad input through the command line: exit code 2, file, key and remedy in a line or two, nothing
half-written.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from command import run
from helpers import RECIPE, arrays, dataset, recipe_file, recording_file, session, small_study

from raylab.data.dataset import Dataset


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with a recording, its recipe and a space, so that commands read as users
    type them.
    """
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    recording_file(folder)
    recipe_file(folder)
    (folder / "space.yaml").write_text("search: {loss.temperature: {float: [0.1, 1]}}\n")
    (folder / "config.yaml").write_text("training: {max_steps: 5}\n")
    return folder


@pytest.fixture
def prepared(here: Path) -> Path:
    dataset(here / "ds")
    return here


def refused(capsys: pytest.CaptureFixture[str], folder: Path, *arguments: Any) -> str:
    """Standard error of a command that must be refused and must leave the folder as it was."""
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    code, out, err = run(capsys, *arguments)
    assert code == 2, err
    assert out == ""
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before
    # On a slow machine a line of progress, which has the clock time, comes before the error.
    lines = [line for line in err.strip().splitlines() if not line.startswith("[")]
    assert lines[0].startswith("raylab: ")
    assert 1 <= len(lines) <= 2, err
    assert "Traceback" not in err
    return err


# -- prepare ---------------------------------------------------------------------------------------

PREPARE = ("prepare", "rat.npz", "--recipe", "recipe.yaml", "--out", "ds")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ("prepare", "none.npz", "--recipe", "recipe.yaml", "--out", "ds"),
            ("none.npz: no such file",),
        ),
        (("prepare", "rat.npz", "--out", "ds"), ("rat.npz", "--recipe")),
        (
            ("prepare", "rat.npz", "--recipe", "wrom", "--out", "ds"),
            ("'wrom'", "Did you mean 'worm'?"),
        ),
        (
            ("prepare", "rat.npz", "--recipe", "none.yaml", "--out", "ds"),
            ("none.yaml: no such file",),
        ),
        (("prepare", "rat.npz", "--recipe", "rat.npz", "--out", "ds"), ("rat.npz", "Shipped:")),
        (
            ("prepare", "rat.npz", "--recipe", "recipe.yaml", "--out", "rat.npz"),
            ("rat.npz: already exists", "--out"),
        ),
        (
            ("prepare", "rat.npz", "--recipe", "recipe.yaml", "--out", "rat.npz/ds"),
            ("rat.npz/ds", "--out"),
        ),
        (
            (*PREPARE, "--set", "splits.kind=blockd"),
            ("splits.kind: 'blockd' is not known", "chronological, blocked"),
        ),
        ((*PREPARE, "--set", "splits.blocks=5"), ("unknown key 'splits.blocks'",)),
        ((*PREPARE, "--set", "splits.gap_s=-1"), ("splits.gap_s", "greater than or equal to 0")),
        (
            (*PREPARE, "--set", "splits.gap_s=100"),
            ("rat.npz", "'rat' is too short for its splits", "gap_s"),
        ),
        ((*PREPARE, "--set", "splits=3"), ("--set splits", "--set splits.kind=blocked")),
        ((*PREPARE, "--set", "training.seed=3"), ("--set training.seed", "unknown key 'training'")),
        ((*PREPARE, "--set", "splits.kind"), ("not of the form path=value",)),
        (
            (*PREPARE, "--set", "splits.kind=given"),
            ("rat.npz", "states no splits", "splits.kind=chronological"),
        ),
    ],
)
def test_prepare_refuses(
    here: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
    said: tuple[str, ...],
) -> None:
    err = refused(capsys, here, *arguments)
    assert all(part in err for part in said), err


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"", "rat.npz: is empty (0 bytes)"),
        (b"PK\x03\x04", "rat.npz: not readable as npz"),
        (None, "truncated"),
    ],
)
def test_missing_or_truncated_content(
    here: Path, capsys: pytest.CaptureFixture[str], raw: bytes | None, said: str
) -> None:
    whole = (here / "rat.npz").read_bytes()
    (here / "rat.npz").write_bytes(whole[: len(whole) // 2] if raw is None else raw)
    assert said in refused(capsys, here, *PREPARE)


def changed(**arrays_changed: Any) -> dict[str, Any]:
    return {**arrays(), **arrays_changed}


def with_nan() -> np.ndarray:
    x = arrays()["x"].copy()
    x[7, 3] = np.nan
    return x


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (changed(position=np.zeros(397)), ("labels.position.path", "397 samples, neural data 400")),
        (changed(x=with_nan()), ("1 NaN", "neural.nan: drop_units")),
        (
            changed(choice=None),
            ("`labels.choice.path` names 'choice'", "It has: x, position, heading"),
        ),
        (changed(x=np.ones((400, 6))), ("no unit", "6 constant", "240 training samples")),
        (changed(x=np.zeros((400, 0))), ("shape (400, 0)", "neural.layout")),
        (changed(x=np.full((400, 6), "a")), ("neural.path", "not of numbers")),
        (changed(position=np.full(400, "a")), ("labels.position", "not only numbers")),
        (
            {name: value[:1] for name, value in arrays().items()},
            ("shape (1, 6)", "at least 2 samples"),
        ),
        (
            {name: value[:0] for name, value in arrays().items()},
            ("shape (0, 6)", "at least 2 samples"),
        ),
        (
            {name: value[:2] for name, value in arrays().items()},
            ("more units (6) than samples (2)", "neural.layout"),
        ),
    ],
)
def test_arrays_that_cannot_be_a_recording(
    here: Path, capsys: pytest.CaptureFixture[str], content: dict[str, Any], said: tuple[str, ...]
) -> None:
    recording_file(here, **content)
    err = refused(capsys, here, *PREPARE)
    assert "rat.npz" in err
    assert all(part in err for part in said), err


@pytest.mark.parametrize(
    ("recipe", "said"),
    [
        ("", ("the file is empty",)),
        ("[1]", ("found a list",)),
        ("a: b: c", ("not valid YAML", "line 1")),
        (
            {"neural": {"path": "y", "kind": "rate"}},
            ("`neural.path` names 'y'", "It has: x, position"),
        ),
        (
            {"neural": {"pth": "x", "kind": "rate"}},
            ("unknown key 'neural.pth'", "Did you mean 'path'?"),
        ),
        (
            {"neural": {"path": "x", "kind": "rates"}},
            ("neural.kind: 'rates' is not known", "counts, calcium, rate"),
        ),
        ({"time": {"rate_hz": 0}}, ("time.rate_hz", "greater than 0")),
        ({"time": None}, ("`time` is missing",)),
        ({"lables": {}}, ("unknown key 'lables'", "Did you mean 'labels'?")),
        ({"splits": {"kind": "blockd"}}, ("splits.kind: 'blockd' is not known",)),
        ({"splits": {"fractions": [0.5, 0.2, 0.2]}}, ("splits: fractions", "sum to 1")),
        (
            {"labels": {"a": {"path": "positio", "kind": "continuous"}}},
            ("labels.a.path", "Did you mean 'position'?"),
        ),
    ],
)
def test_recipes_that_are_wrong(
    here: Path,
    capsys: pytest.CaptureFixture[str],
    recipe: str | dict[str, Any],
    said: tuple[str, ...],
) -> None:
    if isinstance(recipe, str):
        (here / "recipe.yaml").write_text(recipe)
    else:
        recipe_file(here, **recipe)
    err = refused(capsys, here, *PREPARE)
    assert "recipe.yaml" in err or "rat.npz" in err
    assert all(part in err for part in said), err


def test_an_existing_dataset_is_left_alone(
    prepared: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "ds: already exists" in refused(capsys, prepared, *PREPARE)


def test_the_order_of_overrides_does_not_matter(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, order in (("a", (0, 1)), ("b", (1, 0))):
        overrides = ("splits.blocks=20", "splits.kind=blocked")
        chosen = [part for at in order for part in ("--set", overrides[at])]
        assert run(capsys, *PREPARE[:-1], name, *chosen)[0] == 0
    splits = Dataset("a").manifest["splits"]
    assert splits == Dataset("b").manifest["splits"]
    assert (splits["kind"], splits["blocks"]) == ("blocked", 20)


def test_constant_neurons_are_dropped_and_reported(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    x = arrays()["x"].copy()
    x[:, [1, 4]] = 3
    recording_file(here, x=x)
    code, out, _ = run(capsys, *PREPARE)
    assert code == 0
    assert "rat: 2 units dropped, constant in training samples: 1, 4" in out


def test_unlabelled_samples_are_counted_and_reported(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    position = arrays()["position"].copy()
    position[5:12] = np.nan
    recording_file(here, position=position)
    code, out, _ = run(capsys, *PREPARE)
    assert code == 0
    assert "(continuous, m, 7 unlabelled)" in out


# -- search and train ------------------------------------------------------------------------------


@pytest.fixture
def _nothing_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    def started(*_: object, **__: object) -> None:
        raise AssertionError("the check let it through")

    monkeypatch.setattr("raylab.tuning.run.connect_for", started)


SEARCH = ("search", "space.yaml", "--data", "ds", "--out", "study")


@pytest.mark.usefixtures("_nothing_starts")
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("search", "none.yaml", "--data", "ds", "--out", "study"), ("none.yaml: no such file",)),
        (
            ("search", "rat.npz", "--data", "ds", "--out", "study"),
            ("rat.npz: not readable (not a text file)",),
        ),
        (("search", ".", "--data", "ds", "--out", "study"), (".: not readable (Is a directory)",)),
        (
            ("search", "space.yaml", "--data", "none", "--out", "study"),
            ("none: not a prepared", "raylab prepare"),
        ),
        (
            ("search", "space.yaml", "--data", "rat.npz", "--out", "study"),
            ("rat.npz: not a prepared",),
        ),
        (("search", "space.yaml", "--data", "ds", "--out", "ds"), ("ds: already exists", "--out")),
        (
            (*SEARCH, "--set", "training.max_step=5"),
            ("unknown key 'training.max_step'", "Did you mean 'max_steps'?"),
        ),
        (
            (*SEARCH, "--set", "training.batch_size=many"),
            ("training.batch_size: a whole number", "'many'"),
        ),
        (
            (*SEARCH, "--set", "training.batch_size=1"),
            ("training.batch_size", "greater than or equal to 2"),
        ),
        ((*SEARCH, "--set", "loss.temperature=-1"), ("loss.temperature", "greater than 0")),
        (
            (*SEARCH, "--set", "task.label=speed"),
            ("task.label", "'speed'", "position, heading, choice"),
        ),
        (
            (*SEARCH, "--set", "model.encoder.kind=offset7"),
            ("model.encoder.kind: 'offset7'", "offset1, offset5"),
        ),
        (
            (*SEARCH, "--set", "objective.metric=loss"),
            ("objective.metric 'loss'", "Use decoding.score"),
        ),
        ((*SEARCH, "--set", "budget.trials=0"), ("budget.trials", "greater than or equal to 1")),
        ((*SEARCH, "--set", "max_steps"), ("--set max_steps: not of the form path=value",)),
        ((*SEARCH, "--set", "training.seed=[1"), ("--set training.seed", "not a YAML value")),
        ((*SEARCH, "--workers", "-1"), ("workers",)),
        (("train", "none.yaml", "--data", "ds", "--out", "study"), ("none.yaml: no such file",)),
        (
            ("train", "space.yaml", "--data", "ds", "--out", "study"),
            ("'search' belongs to a search space",),
        ),
        (("train", "config.yaml", "--data", "none", "--out", "study"), ("none: not a prepared",)),
        (("train", "config.yaml", "--data", "ds", "--out", "ds"), ("ds: already exists",)),
        (
            ("train", "config.yaml", "--data", "ds", "--out", "study", "--set", "task.label=speed"),
            ("task.label",),
        ),
    ],
)
def test_search_and_train_refuse(
    prepared: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
    said: tuple[str, ...],
) -> None:
    if "--workers" in arguments:  # click may refuse it first, with its usage line
        assert run(capsys, *arguments)[0] == 2
        return
    err = refused(capsys, prepared, *arguments)
    assert all(part in err for part in said), err


@pytest.mark.usefixtures("_nothing_starts")
@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", ("space.yaml: the file is empty",)),
        ("[1, 2]", ("space.yaml: found a list",)),
        ("search:\n", ("space.yaml:1: search: keys and values are needed",)),
        ("serch: {}", ("space.yaml:1: unknown key 'serch'", "Did you mean 'search'?")),
        (
            "search: {los.temperature: {float: [0.1, 1]}}",
            ("search.los.temperature", "Did you mean 'loss'?"),
        ),
        (
            "search: {loss.temperature: {float: [0, 1]}}",
            ("search.loss.temperature: value 0.0", "greater than 0"),
        ),
        (
            "search: {loss.temperature: {float: [0.1, 1000]}}",
            ("value 1000.0", "less than or equal to 100"),
        ),
        (
            "search: {model.output_dimension: {int: [3, 4096]}}",
            ("value 4096", "less than or equal to 1024"),
        ),
        (
            "base: {training.batch_size: lots}",
            ("training.batch_size: a whole number is needed (given: 'lots')",),
        ),
        ("task: {label: speed}", ("task.label", "'speed'", "position, heading, choice")),
        ("task: {kind: vqvea}", ("task.kind 'vqvea'", "Use one of")),
        ("training: {max_steps: 3}", ("unknown key 'training'",)),
    ],
)
def test_spaces_that_are_wrong(
    prepared: Path, capsys: pytest.CaptureFixture[str], text: str, said: tuple[str, ...]
) -> None:
    (prepared / "space.yaml").write_text(text)
    err = refused(capsys, prepared, *SEARCH)
    assert "space.yaml" in err
    assert all(part in err for part in said), err


@pytest.mark.usefixtures("_nothing_starts")
def test_a_damaged_dataset(prepared: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = prepared / "ds" / "sessions" / "rat.safetensors"
    file.write_bytes(file.read_bytes()[:-1])
    assert "rat.safetensors: content differs" in refused(capsys, prepared, "inspect", "ds")
    file.unlink()
    assert "rat.safetensors: no such file" in refused(capsys, prepared, "inspect", "ds", "--json")
    (prepared / "ds" / "manifest.json").write_text("{")
    for arguments in (("inspect", "ds"), SEARCH):
        assert "manifest.json: not readable as JSON" in refused(capsys, prepared, *arguments)


# -- studies ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("verb", ["leaderboard", "evaluate", "report", "resume", "sync", "export"])
@pytest.mark.parametrize("path", ["none", "ds", "rat.npz"])
def test_no_such_study(
    prepared: Path, capsys: pytest.CaptureFixture[str], verb: str, path: str
) -> None:
    more = ("--out", "e.parquet") if verb == "export" else ()
    err = refused(capsys, prepared, verb, path, *more)
    assert f"{path}: not a study" in err
    assert "Name the folder" in err


def test_studies_that_cannot_be_used(prepared: Path, capsys: pytest.CaptureFixture[str]) -> None:
    small_study(prepared / "study", Dataset("ds"), scores=(0.5,))
    small_study(prepared / "empty", Dataset("ds"), scores=())
    assert "no trial has completed" in refused(capsys, prepared, "evaluate", "empty", "--json")
    assert "no trial '7'" in refused(capsys, prepared, "evaluate", "study", "--trial", "7")
    assert run(capsys, "leaderboard", "empty", "--json")[:2] == (0, "[]\n")
    model = next(prepared.rglob("model.safetensors"))
    whole = model.read_bytes()
    model.write_bytes(whole[:50])
    assert "model.safetensors: not readable" in refused(capsys, prepared, "evaluate", "study")
    model.unlink()
    assert "no model was saved there" in refused(
        capsys, prepared, "export", "study", "--out", "e.parquet"
    )
    model.write_bytes(whole)
    segment = sorted((prepared / "study" / "ledger").iterdir())[0]
    segment.write_bytes(segment.read_bytes() + b"{}")
    assert "this segment was cut or changed" in refused(
        capsys, prepared, "leaderboard", "study", "--json"
    )
    shutil.rmtree("ds")
    dataset(prepared / "ds", session(seed=3))
    (prepared / "study" / "study.json").write_text("{")
    assert "study.json" in refused(capsys, prepared, "leaderboard", "study")


def test_the_recipe_of_these_tests_is_right(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, *PREPARE)[0] == 0
    assert list(RECIPE["labels"]) == list(Dataset("ds").labels)
