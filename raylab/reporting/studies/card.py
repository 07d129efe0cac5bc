"""A study in a notebook: what it is, its outcome in a sentence, and its best trials."""

from __future__ import annotations

from collections import Counter
from typing import Any

from markupsafe import Markup

from raylab.reporting.answering.facts import gather_answer
from raylab.reporting.facts import gather
from raylab.reporting.markup import render
from raylab.reporting.sections.head import study_verdict
from raylab.reporting.tables.leaderboard import leaderboard_rows
from raylab.results import rows_html
from raylab.tracking.study import StudyFolder

MOST = 10  # trials


def study_card(study: StudyFolder) -> str:
    """The HTML of a study, in which all text from data is escaped."""
    records = study.records()
    states = Counter(record.state for record in records)
    parts = [
        str(study.description.get("kind")),
        str(study.path),
        ", ".join(f"{count} {state}" for state, count in states.items()) or "no trial yet",
    ]
    rows = [] if study.is_answer else leaderboard_rows(records, *study.modes, metrics=study.metrics)
    shown = [_row(row.to_dict()) for row in rows[:MOST]]
    table = Markup(rows_html(shown)) if shown else ""
    values = {"parts": parts, "verdict": _verdict(study), "table": table, "more": len(rows) - MOST}
    return str(render("study_card.html", name=study.name, **values))


def _verdict(study: StudyFolder) -> str:
    if not study.is_answer:
        return study_verdict(gather(study, importance=None)).text
    answer = gather_answer(study).answer
    return "" if answer is None else answer["sentence"]


def _row(row: dict[str, Any]) -> dict[str, Any]:
    """The columns that fit beside each other."""
    kept = ("trial", "state", "score", "scores", "steps", "seconds", "params")
    return {name: row[name] for name in kept if row.get(name) is not None}
