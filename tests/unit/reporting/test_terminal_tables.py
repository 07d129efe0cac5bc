"""Tables of a terminal: no two headings become the same text, whatever the width and the names."""

from __future__ import annotations

import io
import itertools
import random
from collections.abc import Sequence

import pytest
from fake_study import ended, started
from rich.console import Console
from rich.table import Table

from raylab.reporting.tables.cells import short_names
from raylab.reporting.tables.grid import Grid, broken, terminal_table
from raylab.reporting.tables.leaderboard import leaderboard_rows
from raylab.reporting.tables.leaderboard_terminal import leaderboard_table
from raylab.tracking.events import Event
from raylab.tracking.records import records
from raylab.tuning.outcome import Outcome
from raylab.tuning.under_way import _line

WIDTHS = (1, 20, 40, 60, 80, 100, 160, 400)
PARTS = ("model", "encoder", "kind", "quantizer", "commitment_weight", "view", "smoothing_ms")
PATHS = [".".join(parts) for count in (1, 2, 3) for parts in itertools.permutations(PARTS, count)]


def shown(table: Table, width: int) -> list[str]:
    """The printed lines, as a terminal of this width gets them."""
    file = io.StringIO()
    Console(width=width, file=file).print(table, crop=False)
    return file.getvalue().splitlines()


def heading(lines: Sequence[str], rows: int) -> list[str]:
    """The text of each column's heading, put together again from its lines."""
    header = [line for line in lines if line.startswith("┃")]
    cells = [[cell.strip() for cell in line.strip("┃").split("┃")] for line in header]
    return ["".join(parts) for parts in zip(*cells)]


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("seed", range(4))
def test_headings_stay_whole_and_apart(width: int, seed: int) -> None:
    heads = random.Random(seed).sample(PATHS, 9)
    rows = [[f"{column}.{row}" for column in range(9)] for row in range(3)]
    lines = shown(terminal_table(Grid(heads, rows, "title", least=3), width), width)
    named = heading(lines, 3)
    assert named == heads[: len(named)]
    assert len(named) >= 3
    caption = " ".join(" ".join(lines).split("not shown: ")[-1].split())
    flat = caption.replace(" ", "")
    assert all(head.replace(" ", "") in flat for head in heads[len(named) :])
    assert "…" not in "".join(lines)
    assert all(any(cell in line for line in lines) for cell in ("0.0", "2.2"))


@pytest.mark.parametrize("width", [40, 60, 80, 120])
@pytest.mark.parametrize("paths", [PATHS[60:66], PATHS[7:12], ["model.step", "view.trial"]])
def test_the_leaderboard_cuts_no_heading(width: int, paths: list[str]) -> None:
    events: list[Event] = []
    for number in range(2):
        values = dict.fromkeys(paths, number + 0.123456)
        events += [started(f"000{number}", **values), ended(f"000{number}", "completed", 0.5)]
    rows = leaderboard_rows(records(events, live=False), "max")
    metrics = ("decoding.position.median_abs_error",)
    lines = shown(leaderboard_table(rows, baselines=None, metrics=metrics, width=width), width)
    head = "".join(lines[: next(at for at, line in enumerate(lines) if "──" in line)])
    assert "…" not in head
    assert all(part in head for part in broken(metrics[0]).split("\n"))
    columns = head.split()
    assert columns.count("step") == 1
    assert columns.count("trial") == 1


@pytest.mark.parametrize(
    ("head", "lines"),
    [
        ("trial", ["trial"]),
        ("quantizer.commitment_weight", ["quantizer.", "commitment_weight"]),
        ("mean over seeds (95 %)", ["mean over seeds (95", "%)"]),
        ("position\nmedian_abs_error", ["position", "median_abs_error"]),
        ("averyveryverylongwordwithoutanymark", ["averyveryverylongwordwithoutanymark"]),
        ("", [""]),
    ],
)
def test_headings_are_broken_at_marks(head: str, lines: list[str]) -> None:
    assert broken(head).split("\n") == lines


@pytest.mark.parametrize("mark", [".", "/"])
def test_any_set_of_paths_has_names_that_differ(mark: str) -> None:
    for seed in range(20):
        drawn = random.Random(seed).sample(PATHS, 12)
        paths = [path.replace(".", mark) for path in drawn]
        names = short_names(paths, mark=mark)
        assert len(set(names.values())) == len(paths)
        assert all(path.endswith(name) for path, name in names.items())
    assert short_names(["view.step"], taken=("step",)) == {"view.step": "view.step"}
    assert short_names(["/a/x/study", "/b/x/study"], mark="/")["/a/x/study"] == "a/x/study"


def test_a_line_names_several_objectives_and_tells_paths_apart() -> None:
    outcome = Outcome("completed", 0.5, 100, scores=(0.5, 2.0))
    params = {"model.encoder.kind": "offset5", "quantizer.kind": "ema"}
    line = _line("0003", outcome, params, ("decoding.score", "loss"))
    assert "decoding.score 0.5000, loss 2.0000" in line
    assert "encoder.kind=offset5  quantizer.kind=ema" in line
    single = _line("0003", Outcome("completed", 0.5, 100), {}, ("decoding.score",))
    assert ": 0.5000" in single
