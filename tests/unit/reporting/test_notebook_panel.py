"""In a notebook a study that is at work is shown below its cell; elsewhere lines are printed."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from raylab.reporting.notebooks.panel import NotebookPanel
from raylab.reporting.notebooks.watched import in_notebook, watched
from raylab.reporting.progress.results import Progress, RunningTrial, Standing


class Cell:
    """What a notebook shows below a cell."""

    def __init__(self) -> None:
        self.shown: list[str] = []

    def update(self, html: str) -> None:
        self.shown.append(html)


@pytest.fixture
def cell(monkeypatch: pytest.MonkeyPatch) -> Cell:
    """A module IPython as it is in a notebook."""
    shown = Cell()
    shell = type("ZMQInteractiveShell", (), {})()
    interactive, display = ModuleType("IPython"), ModuleType("IPython.display")

    def show(html: str, *, display_id: bool) -> Cell:
        shown.update(html)
        return shown

    values: dict[Any, dict[str, Any]] = {
        interactive: {"get_ipython": lambda: shell},
        display: {"HTML": str, "display": show},
    }
    for module, members in values.items():
        for name, member in members.items():
            setattr(module, name, member)
        monkeypatch.setitem(sys.modules, module.__name__, module)
    return shown


def progress(**changes: Any) -> Progress:
    trial = RunningTrial(
        trial="0003",
        step=40,
        max_steps=100,
        scores={"decoding.r2": 0.5},
        curve=(0.5,),
        seconds=3.0,
        left_s=12.0,
        params={"model.encoder.kind": "<b>x</b>"},
    )
    best = Standing(name="0001", metric="decoding.r2", score=0.75)
    values: dict[str, Any] = {
        "study": "s",
        "kind": "search",
        "state": "running",
        "phase": "search",
        "running": (trial,),
        "best": best,
        "done": 3,
        "total": 16,
        "left_s": 130.0,
    }
    return Progress(**{**values, **changes})


def test_outside_of_a_notebook_lines_are_printed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert not in_notebook()
    with watched(tmp_path / "s", None) as say:
        say("trial 0000 completed")
    assert capsys.readouterr().out == "trial 0000 completed\n"


def test_who_is_named_receives_the_lines(cell: Cell, tmp_path: Path) -> None:
    lines: list[str] = []
    with watched(tmp_path / "s", lines.append) as say:
        say("a line")
    assert (lines, cell.shown) == (["a line"], [])


def test_a_notebook_shows_the_study(cell: Cell) -> None:
    with NotebookPanel(progress, "starting") as panel:
        panel.say("note: a note that stays")
        for number in range(20):
            panel.say(f"trial {number}")
    last = cell.shown[-1]
    assert "s: search, 3 of 16 trials, best 0.7500 (0001), about 2 min left" in last
    assert "<td>40/100</td><td>0.5000</td><td>12 s</td>" in last
    assert "note: a note that stays\ntrial 12" in last
    assert "trial 11" not in last
    assert "<b>x" not in last
    assert "&lt;b&gt;x" in last


def test_before_there_is_a_study_it_shows_the_stage(cell: Cell, tmp_path: Path) -> None:
    with watched(tmp_path / "s", None, stage="checking the space") as say:
        say("note: x")
    assert "checking the space" in cell.shown[0]
    assert "note: x" in cell.shown[-1]


def test_an_error_of_the_study_is_not_hidden(cell: Cell, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no space"), watched(tmp_path / "s", None):
        raise ValueError("no space")
