"""The live view at the sizes of terminals."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from made_progress import search
from rich.console import Console

from raylab.cli.show.following.panel import panel
from raylab.reporting.progress.results import Progress

Shown = Callable[[Progress, int, int], list[str]]


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> Shown:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)

    def lines(progress: Progress, width: int, height: int) -> list[str]:
        screen = Console(
            record=True, width=width, height=height, force_terminal=True, file=io.StringIO()
        )
        screen.print(panel(progress, width=width, height=height))
        return [line.rstrip() for line in screen.export_text().splitlines()]

    return lines


@pytest.mark.parametrize(("width", "height"), [(80, 24), (120, 40), (40, 10), (20, 3), (10, 1)])
def test_the_view_fits_into_the_terminal(shown: Shown, width: int, height: int) -> None:
    for trials in (0, 1, 4, 64):
        lines = shown(search(trials), width, height)
        assert 1 <= len(lines) <= height, "\n".join(lines)
        assert all(len(line) <= width for line in lines)


def test_at_80_by_24_there_is_all_that_matters(shown: Shown) -> None:
    lines = shown(search(2), 80, 24)
    assert lines[0].startswith("rat  search")
    assert lines[0].endswith("2 min so far, about 4 min left")
    assert lines[1].endswith("3 of 16 trials (1 pruned)")
    assert lines[2] == "best 0.7512 (0001), baseline 0.6100 (smoothed activity)"
    assert lines[3].split() == [
        "trial",
        "step",
        "decoding.r2",
        "curve",
        "left",
        "kind",
        "learning_rate",
    ]
    assert lines[4].split() == [
        "0000",
        "50/600",
        "0.5000",
        "▁▄▃█",
        "20",
        "s",
        "offset10",
        "0.00123",
    ]
    assert lines[6] == "time left: from 3 trials of 12 s, 2 at a time"


def test_wider_terminals_show_more_parameters(shown: Shown) -> None:
    head = shown(search(2), 120, 40)[3]
    assert "conditional" in head
    assert "smoothing_ms" in head
    assert "learning_rate" not in shown(search(2), 60, 24)[3]


def test_trials_that_do_not_fit_are_counted(shown: Shown) -> None:
    lines = shown(search(64), 80, 12)
    assert lines[-1] == "and 57 more running"
    assert lines[-2].startswith("0006")


def test_an_answer_shows_its_budget(shown: Shown) -> None:
    known = search(
        1, kind="answer", total=None, budget_s=1200, left_from="the budget of 20 minutes"
    )
    assert shown(known, 80, 24)[1].endswith("3 trials (1 pruned), 20 min in all")


def test_without_a_unicode_terminal_there_are_no_curves() -> None:
    screen = Console(width=80, file=io.StringIO(), record=True)
    screen.print(panel(search(2), width=80, height=20, curves=False))
    assert "curve" not in screen.export_text()
