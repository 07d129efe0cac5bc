"""Pictures that pages show, drawn from what the pages state, so a picture cannot be out of date.

`python -m docs.site.pictures` writes them into docs/pictures, where GitHub finds them; the build of
the site draws them anew. The picture of an embedding is that of the tutorial's own search: see
`tests/tools/tutorial.py`.
"""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

import raylab
from docs.site.places import ROOT
from raylab.reporting.canvas import Figure
from raylab.reporting.figures.files import save_figure
from raylab.reporting.style import CATEGORIES, plain_axes

PICTURES = ROOT / "docs" / "pictures"
SESSION = "500000000"
_NUMBER = re.compile(r"([\d.]+) ± ([\d.]+)")


def draw_pictures(out: Path) -> None:
    """Draw all pictures that need no training into a folder."""
    out.mkdir(parents=True, exist_ok=True)
    draw_session(out / "session.png")
    save_figure(out / "search_value.png", search_value((ROOT / "docs" / "results.md").read_text()))


def draw_session(path: Path) -> None:
    """The first session of the tutorial, with the splits that the tutorial deals."""
    with tempfile.TemporaryDirectory() as folder:
        raylab.synth(folder, sessions=1, samples=18000, units=(60, 60), noise=0.3)
        raylab.draw(
            Path(folder) / f"{SESSION}.h5",
            out=path,
            recipe={"format": "torch_brain", "splits": {"kind": "blocked"}},
        )


def search_value(page: str) -> Figure:
    """The table "What a search is worth" of the page of results as a figure.

    Args:
        page: The page. The rows of its table have a task, a kind of search, and for each budget a
            mean with its interval.
    """
    table = page.split("### What a search is worth")[1]
    rows = [line.strip("| ").split(" | ") for line in table.split("\n") if "±" in line]
    budgets = [int(number) for number in re.findall(r"after (\d+)", table)[:3]]
    tasks = list(dict.fromkeys(row[0] for row in rows))
    figure = Figure(figsize=(9, 3.2), dpi=150, layout="constrained")
    for panel, task in zip(figure.subplots(1, len(tasks)), tasks, strict=True):
        searches = [row for row in rows if row[0] == task]
        for number, (_, search, *cells) in enumerate(searches):
            means, halves = zip(*(map(float, _NUMBER.findall(cell)[0]) for cell in cells))
            places = [budget + 0.25 * (number - 1.5) for budget in budgets]
            colour = CATEGORIES[number]
            panel.errorbar(places, means, halves, fmt="o-", color=colour, capsize=3, label=search)
        panel.set(title=task, xlabel="budget (whole trainings)", ylabel="best R2 so far")
        panel.set_xticks(budgets)
        plain_axes(panel)
    panel.legend(frameon=False)
    return figure


if __name__ == "__main__":
    draw_pictures(PICTURES)
