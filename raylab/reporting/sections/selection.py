"""The choice of `raylab select` over seeds."""

from __future__ import annotations

from markupsafe import Markup

from raylab.reporting.facts import StudyFacts
from raylab.reporting.markup import image, render
from raylab.reporting.tables.selection import selection_sentences, selection_table


def selection(facts: StudyFacts) -> Markup | None:
    """The candidates of a selection that has ended."""
    if facts.selection is None:
        return None
    heads, rows = selection_table(facts.selection)
    picture = facts.scores / "selection.png"
    return render(
        "selection.html",
        sentences=selection_sentences(facts.selection),
        image=image(picture, "scores over seeds") if picture.is_file() else "",
        heads=heads,
        rows=rows,
    )
