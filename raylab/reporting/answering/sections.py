"""The sections of the report of an answer."""

from __future__ import annotations

from markupsafe import Markup

from raylab.reporting.answering.differences import differences_chart
from raylab.reporting.answering.facts import AnswerFacts
from raylab.reporting.answering.folds import folds_chart
from raylab.reporting.answering.tried import hidden, tried_chart
from raylab.reporting.markup import render
from raylab.reporting.reads_of_test import reads_text
from raylab.reporting.sections.charts import charts_markup
from raylab.reporting.tables.answer import (
    RECOMMENDED,
    entrants_note,
    entrants_table,
    folds_table,
)

_DIFFERENCES = (
    "Each dot is an entrant's score less that of the best baseline, paired unit by unit. Where a "
    "whisker crosses the dotted line, these data do not show which of the two is better. Test is "
    "shown for the entrants that a fold chose."
)
_FOLDS = (
    "Open: validation. Filled: test. A long line between the two means that the recording, the "
    "behaviour or the activity differs between the parts of that fold."
)


def entrants(facts: AnswerFacts) -> Markup | None:
    """A row per entrant, the recommended one and the others of the set marked."""
    if facts.answer is None or not facts.answer["entrants"]:
        return None
    heads, rows = entrants_table(facts.answer)
    marked = [(row[0] == RECOMMENDED, bool(row[0]), row) for row in rows]
    note = entrants_note(facts.answer)
    return render("answer_entrants.html", note=note, heads=heads, rows=marked)


def differences(facts: AnswerFacts) -> Markup | None:
    """How much better than the best baseline each entrant is."""
    figure = differences_chart(facts.answer) if facts.answer else None
    return None if figure is None else charts_markup([figure], note=_DIFFERENCES)


def folds(facts: AnswerFacts) -> Markup | None:
    """What each fold chose, and its validation score against its test score."""
    figure = folds_chart(facts.answer) if facts.answer else None
    if figure is None or facts.answer is None:
        return None
    heads, rows = folds_table(facts.answer)
    note = "Validation score → test score."
    table = render("answer_folds.html", note=note, heads=heads, rows=rows)
    return charts_markup([figure], note=_FOLDS) + table


def tried(facts: AnswerFacts) -> Markup | None:
    """Every trial of the search by time and score."""
    if facts.answer is None:
        return None
    figure = tried_chart(facts.answer, facts.study.records)
    if figure is None:
        return None
    minutes, below = facts.answer["minutes"], hidden(facts.answer, facts.study.records)
    note = f"{minutes['used']:.1f} of {minutes['budget']:g} minutes were used."
    note += f" {below} scores far below chance are not drawn." if below else ""
    return charts_markup([figure], note=note)


def test_parts(facts: AnswerFacts) -> Markup:
    """How often the test parts were read."""
    reads = facts.study.test_reads
    text = reads_text(reads) if reads else "Not read: they are untouched."
    return render("note.html", style="soft", text=text)


def notes(facts: AnswerFacts) -> Markup | None:
    """What a reader should know besides the sentence."""
    lines = [*facts.answer["notes"], *facts.answer.get("left_out", [])] if facts.answer else []
    return render("answer_notes.html", notes=lines) if lines else None
