"""What `prepare` noted on the dataset of a study."""

from __future__ import annotations

from markupsafe import Markup

from raylab.reporting.facts import StudyFacts
from raylab.reporting.markup import render

_INTRODUCTION = (
    "What was changed or left out as the dataset was prepared, and what looks wrong in it:"
)


def data(facts: StudyFacts) -> Markup | None:
    """The notes on the dataset; None where there are none."""
    notes = facts.study.notes
    return render("data.html", introduction=_INTRODUCTION, notes=notes) if notes else None
