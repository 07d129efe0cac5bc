"""The examples in docstrings of public functions run on small data in a temporary folder.

An example sees `raylab`, and the folders `dataset` (with the sessions a and b), `study` (two trials
on it) and `other` (one trial on it). For the examples that start Ray, the example of `search` makes
the folder `study`.
"""

from __future__ import annotations

import doctest
from collections.abc import Iterator
from inspect import isfunction, signature
from pathlib import Path
from typing import Any

import pytest
from dandi_server import Dandi
from helpers import dataset, session, small_study
from warehouse_tables import warehouse

import raylab
from raylab.data.dataset import Dataset

# These start Ray. They run in this order in one folder: `search` makes the study of the others,
# and `resume` finds it before `select` adds trials to it.
WITH_RAY = (
    *("search", "plan", "train", "resume", "reproduce", "compare", "scale", "adapt", "select"),
    *("shuffle_labels", "answer", "extend"),
)
EXAMPLES = {
    name: doctest.DocTestParser().get_examples(getattr(raylab, name).__doc__ or "")
    for name in raylab._PUBLIC
}


def small_dataset(folder: Path) -> Dataset:
    sessions = (session("a", samples=600), session("b", samples=600, units=4, seed=1))
    return dataset(folder / "dataset", *sessions)


@pytest.fixture(scope="module")
def studies(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the dataset and two studies."""
    folder = tmp_path_factory.mktemp("examples")
    data = small_dataset(folder)
    small_study(folder / "study", data)
    small_study(folder / "other", data, scores=(0.5,))
    return folder


@pytest.fixture
def _local_warehouse(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """`fetch` and `fetch_dandi` ask servers of this process: no test needs the network."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    files = {f"sub-{name}/{name}1.nwb": b"" for name in "ab"}
    with warehouse() as server, Dandi(tables={}, files={}, versions={"draft": files}) as archive:
        monkeypatch.setitem(raylab.fetch.__kwdefaults__, "base_uri", server.uri)
        monkeypatch.setenv("RAYLAB_DANDI_URL", archive.uri)
        yield


def failures(name: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Run the example of a public name in a folder; the report of what differs, or ""."""
    monkeypatch.chdir(folder)
    monkeypatch.setenv("RAYLAB_HOME", str(folder / "home"))
    monkeypatch.setattr("raylab.evaluation.baselines.SMOOTHING_SAMPLES", (0, 4))
    names: dict[str, Any] = {"raylab": raylab}
    test = doctest.DocTest(EXAMPLES[name], names, f"raylab.{name}", None, None, None)
    report: list[str] = []
    doctest.DocTestRunner(verbose=False, optionflags=doctest.ELLIPSIS).run(test, out=report.append)
    return "".join(report)


@pytest.mark.usefixtures("_local_warehouse")
@pytest.mark.parametrize("name", sorted(set(EXAMPLES) - set(WITH_RAY)))
def test_an_example_runs(name: str, studies: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert failures(name, studies, monkeypatch) == ""


@pytest.mark.ray
def test_the_examples_with_ray_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    small_dataset(tmp_path)
    reports = [failures(name, tmp_path, monkeypatch) for name in WITH_RAY]
    assert "".join(reports) == ""


def test_every_public_name_has_an_example() -> None:
    assert [name for name, examples in EXAMPLES.items() if not examples] == []


@pytest.mark.parametrize(
    "name", [name for name in raylab._PUBLIC if isfunction(getattr(raylab, name))]
)
def test_a_public_function_describes_its_arguments_and_result(name: str) -> None:
    function = getattr(raylab, name)
    text, arguments = str(function.__doc__), list(signature(function).parameters)
    assert [argument for argument in arguments if f"    {argument}: " not in text] == []
    assert "Returns:\n" in text or name in ("Float", "Int", "Choice")
