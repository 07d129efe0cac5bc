"""`prepare` of several sources: recordings of one recipe, or prepared datasets, but not both."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from command import run
from helpers import arrays, dataset, recipe_file, recording_file, session

import raylab
from raylab.data.preparation.tasks import Outcome, SourceTask, prepare_source
from raylab.errors import ConfigError, DataError


@pytest.fixture(autouse=True)
def _in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    def run_here(tasks: Sequence[SourceTask], at_once: int) -> Iterator[Outcome]:
        yield from map(prepare_source, tasks)

    monkeypatch.setattr("raylab.data.prepare.run_tasks", run_here)


def files(folder: Path, *names: str) -> Path:
    for name in names:
        recording_file(folder, f"{name}.npz", **arrays(seed=len(name) + ord(name[0])))
    return folder


def test_files_and_folders_of_one_recipe_become_one_dataset(tmp_path: Path) -> None:
    monday, tuesday = files(tmp_path / "mo", "a", "b"), files(tmp_path / "tu", "c")
    recipe = recipe_file(tmp_path)
    sources = [tuesday, monday / "a.npz", str(monday / "b*.npz"), monday]
    made = raylab.prepare(sources, recipe=recipe, out=tmp_path / "ds")
    assert list(made.dataset.sessions) == ["a", "b", "c"]
    files(tmp_path / "all", "a", "b", "c")
    together = raylab.prepare(tmp_path / "all", recipe=recipe, out=tmp_path / "other")
    assert made.dataset.fingerprint == together.dataset.fingerprint
    first = raylab.prepare(sources, recipe=recipe, out=tmp_path / "first", sessions=1)
    assert list(first.dataset.sessions) == ["a"]


def test_by_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one, two = files(tmp_path / "one", "a"), files(tmp_path / "two", "b")
    recipe = recipe_file(tmp_path)
    code, out, _ = run(
        capsys, "prepare", one, two / "b.npz", "--recipe", recipe, "--out", tmp_path / "ds"
    )
    assert (code, "2 sessions in" in out) == (0, True)


def test_one_id_in_two_folders_is_refused(tmp_path: Path) -> None:
    one, two = files(tmp_path / "one", "a"), files(tmp_path / "two", "a")
    with pytest.raises(DataError, match=r"a\.npz, a\.npz: all hold session 'a'"):
        raylab.prepare([one, two], recipe=recipe_file(tmp_path), out=tmp_path / "ds")


def test_datasets_and_recordings_do_not_mix(tmp_path: Path) -> None:
    prepared = dataset(tmp_path / "ds").path
    raw = files(tmp_path / "raw", "a")
    with pytest.raises(ConfigError, match=r"ds: is a prepared dataset, but .*raw is not") as error:
        raylab.prepare([raw, prepared], recipe=recipe_file(tmp_path), out=tmp_path / "out")
    assert "Prepare the recordings first" in error.value.remedy
    with pytest.raises(DataError, match="dz: no such file or folder"):
        raylab.prepare([prepared, tmp_path / "dz"], out=tmp_path / "out")


@pytest.mark.parametrize("option", ["recipe", "companions", "overrides", "sessions"])
def test_options_that_joined_datasets_do_not_have(tmp_path: Path, option: str) -> None:
    datasets = [dataset(tmp_path / name, session(name)).path for name in "ab"]
    value = {"overrides": {"splits.kind": "blocked"}, "sessions": 1}.get(option, "worm")
    with pytest.raises(ConfigError, match="joined as they are"):
        raylab.prepare(datasets, out=tmp_path / "out", **{option: value})
    if option == "sessions":
        with pytest.raises(ConfigError, match="which needs no sessions"):
            raylab.prepare(datasets[0], out=tmp_path / "out", sessions=1)


def test_no_source(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no source is named"):
        raylab.prepare([], out=tmp_path / "out")
