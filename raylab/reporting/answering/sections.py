"""The sections of the report of an answer."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from markupsafe import Markup

from raylab.errors import DataError
from raylab.reporting.answering.differences import differences_chart
from raylab.reporting.answering.facts import AnswerFacts
from raylab.reporting.answering.folds import folds_chart
from raylab.reporting.answering.tried import hidden, tried_chart
from raylab.reporting.charts.predicted import Named
from raylab.reporting.markup import render
from raylab.reporting.reads_of_test import reads_text
from raylab.reporting.saved.predictions import Predictions, load_predictions
from raylab.reporting.sections.charts import charts_markup
from raylab.reporting.sections.predictions import predictions_markup
from raylab.reporting.tables.answer import (
    RECOMMENDED,
    entrants_note,
    entrants_table,
    folds_table,
)
from raylab.reporting.tables.cells import number

_ROLES = {"recommended": "recommended", "baseline": "best baseline"}
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


def predictions(facts: AnswerFacts) -> Markup | None:
    """What the recommended entrants and the best baselines predicted on the test parts, beside
    each other; None before these are read, and of answers of earlier versions.
    """
    try:
        named = predicted_by_roles(facts.study.scores)
    except DataError as error:
        return render("note.html", style="warning", text=error.what)
    return predictions_markup(named, _sessions(named)) if named else None


def predicted_by_roles(scores: Path) -> list[Named]:
    """What the recommended entrants and then the best baselines predicted on the test parts; empty
    where the former did not.

    Args:
        scores: The folder of the answer's scores.

    Raises:
        DataError: A file cannot be read.
    """
    shown: dict[str, Predictions] = {}
    for role in _ROLES:
        if (saved := load_predictions(scores / f"predictions-{role}.safetensors")) is not None:
            shown[role] = saved
    if "recommended" not in shown:
        return []
    return [
        Named(f"{_ROLES[role]} ({', '.join(each.entrants)})", each) for role, each in shown.items()
    ]


def _sessions(several: Sequence[Named]) -> tuple[list[str], list[list[str]]]:
    """Heads and rows: of each session the score of each, and how many examples were scored."""
    first = several[0].predictions
    heads = ["session", *(f"{first.metric}: {each.name}" for each in several), f"{first.per}s"]
    rows = []
    for place, name in enumerate(first.sessions):
        scores = [
            each.predictions.score(each.predictions.sessions.index(name))
            if name in each.predictions.sessions
            else None
            for each in several
        ]
        rows.append([name, *map(number, scores), f"{first.count(place):,}"])
    return heads, rows


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
