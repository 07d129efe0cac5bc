"""A table for a terminal of any width: no heading and no number is ever cut.

A long heading is broken into lines. Columns that do not fit are left out from the right, and the
last line names them. A table whose first columns are already too wide keeps its width: the
terminal then continues its lines, and nothing is lost.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

Cell = Text | str
LONGEST_LINE = 20  # characters of a line of a heading, where it can be broken
UNBROKEN = 10_000  # of a line of a heading, where all columns fit
FOLDED = 16  # characters of a cell that may be continued on the next line
_BORDER, _BETWEEN = 1, 3  # characters of the frame: at the left, and beside each column
_PIECES = re.compile(r"[^\s._/:-]+[\s._/:-]*|[\s._/:-]+")
_ALL_SHOWN = "a wider terminal shows all"


@dataclass(frozen=True)
class Grid:
    """The text of a table.

    Attributes:
        heads: The headings; no two are equal.
        rows: As many cells as there are headings.
        title: Above the table; empty for none.
        least: How many columns every terminal shows.
        right: Headings of the columns that are aligned at the right.
        folds: Headings of the columns whose cells may be continued on the next line.
        bold: Numbers of the rows in bold print.
        rules: Numbers of the rows above which there is a line.
        elsewhere: Where columns that are left out can be seen.
    """

    heads: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    title: str = ""
    least: int = 2
    right: Collection[str] = ()
    folds: Collection[str] = ()
    bold: Collection[int] = ()
    rules: Collection[int] = ()
    elsewhere: str = _ALL_SHOWN


def terminal_table(grid: Grid, width: int) -> Table:
    """The table for a terminal of `width` characters. Print it with `crop=False`."""
    longest = UNBROKEN if _width(grid, len(grid.heads), UNBROKEN) <= width else LONGEST_LINE
    count = _fitting(grid, width, longest)
    shown = grid.heads[:count]
    title = Text(grid.title, style="table.title") if grid.title else None
    table = Table(title=title, title_justify="left", caption_justify="left")
    for at, head in enumerate(shown):
        folds = head in grid.folds
        table.add_column(
            Text(broken(head, longest)),
            justify="right" if head in grid.right else "left",
            no_wrap=not folds,
            overflow="fold",
            min_width=_least(grid, at, longest),
        )
    for number, row in enumerate(grid.rows):
        if number in grid.rules:
            table.add_section()
        cells = [Text(cell) if isinstance(cell, str) else cell for cell in row[:count]]
        table.add_row(*cells, style="bold" if number in grid.bold else None)
    if left_out := grid.heads[count:]:
        named = ", ".join(" ".join(head.split()) for head in left_out)
        table.caption = Text(f"not shown: {named} ({grid.elsewhere})")
    needed = _width(grid, count, longest)
    if needed > width:
        table.width = needed
    return table


def broken(head: str, longest: int = LONGEST_LINE) -> str:
    """A heading in lines of at most `longest` characters, broken only after a space or a mark such
    as a dot; a longer piece without any stays whole.
    """
    lines: list[str] = []
    for part in head.split("\n"):
        line = ""
        for piece in _PIECES.findall(part):
            if line and cell_len((line + piece).rstrip()) > longest:
                lines.append(line.rstrip())
                line = ""
            line += piece
        lines.append(line.rstrip())
    return "\n".join(lines)


def text_width(text: str) -> int:
    """Columns of the terminal that a text of several lines takes."""
    return max((cell_len(line) for line in text.split("\n")), default=0)


def _fitting(grid: Grid, width: int, longest: int) -> int:
    """How many columns from the left fit."""
    counts = range(1, len(grid.heads) + 1)
    fitting = [count for count in counts if _width(grid, count, longest) <= width]
    return min(max([*fitting, grid.least]), len(grid.heads))


def _width(grid: Grid, count: int, longest: int) -> int:
    return _BORDER + sum(_least(grid, at, longest) + _BETWEEN for at in range(count))


def _least(grid: Grid, at: int, longest: int) -> int:
    """Characters that a column needs."""
    head = grid.heads[at]
    cells = max((text_width(str(row[at])) for row in grid.rows), default=0)
    return max(
        text_width(broken(head, longest)), min(cells, FOLDED) if head in grid.folds else cells, 1
    )
