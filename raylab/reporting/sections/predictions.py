"""What a decoder predicted: over time, against the truth, by class and by session."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from markupsafe import Markup

from raylab.errors import DataError
from raylab.evaluation.confusion import Confusion, confusion
from raylab.reporting.baselines import BASELINE_NAMES
from raylab.reporting.charts.confusion import confusion_chart
from raylab.reporting.charts.predicted import Named, course_chart
from raylab.reporting.charts.predicted_scatter import scatter_chart
from raylab.reporting.facts import StudyFacts
from raylab.reporting.markup import render
from raylab.reporting.saved.predictions import (
    Predictions,
    load_outputs,
    load_predictions,
    trial_of,
)
from raylab.reporting.sections.charts import charts_markup
from raylab.reporting.tables.cells import number

DECODER = "decoder"  # the family whose outputs are predictions
_SESSIONS = 6  # that are drawn over time
_COLUMNS = 8  # of a label; the pixels of frames have a section of their own
_SPLITS = {"valid": "validation", "test": "test", "train": "training"}


def is_decoder(facts: StudyFacts) -> bool:
    """Whether the winner predicts a label itself."""
    task = facts.winner.config.get("task") if facts.winner else None
    return isinstance(task, Mapping) and task.get("kind") == DECODER


def predictions(facts: StudyFacts) -> Markup | None:
    """The predictions of the winner: of the test split where it was read, else of validation. None
    where nothing was predicted.
    """
    try:
        shown = saved_predictions(facts)
    except DataError as error:
        return render("note.html", style="warning", text=error.what)
    if shown is None or not len(shown.truth):
        return None
    return predictions_markup([Named("predicted", shown)], session_table(facts, shown))


def saved_predictions(facts: StudyFacts) -> Predictions | None:
    """What the winner predicted, as far as its study kept it."""
    for split in ("test", "valid"):
        path = facts.scores / f"predictions-{split}.safetensors"
        if facts.winner is not None and trial_of(path) == facts.winner.trial:
            return load_predictions(path)
    return None if facts.embedding is None else _of_trial(facts.embedding, is_decoder(facts))


def predictions_markup(
    several: Sequence[Named], table: tuple[Sequence[str], Sequence[Sequence[str]]]
) -> Markup:
    """Charts of one model's predictions or, beside each other, of two models', and a table of
    sessions.

    Args:
        table: Heads and rows.
    """
    first = several[0].predictions
    drawn = [first.sessions[place] for place in range(len(first.sessions))][:_SESSIONS]
    courses = [course_chart(several, session) for session in drawn]
    parts = [charts_markup(courses, note=_note(first, len(drawn)))]
    pair = len(several) > 1
    named = several if pair else [Named("", first)]  # nothing to tell apart
    if first.kind == "discrete":
        matrices = [confusion_chart(matrix_of(each.predictions), title=each.name) for each in named]
        parts.append(charts_markup(matrices, note=_mistakes(named)))
    else:
        parts.append(charts_markup([scatter_chart(each) for each in named], pair=pair))
    heads, rows = table
    note = "By session, on the samples of the charts."
    parts.append(render("answer_folds.html", note=note, heads=heads, rows=rows))
    return Markup("").join(parts)


def matrix_of(shown: Predictions) -> Confusion:
    """The confusion matrix of a discrete label over all sessions."""
    return confusion(shown.truth, shown.predicted, shown.classes)


def session_table(facts: StudyFacts, shown: Predictions) -> tuple[list[str], list[list[str]]]:
    """Heads and rows: of each session its score, that of each baseline, and how many examples were
    scored.
    """
    baselines = _baselines(facts, shown)
    heads = ["session", shown.metric, *(BASELINE_NAMES.get(kind, kind) for kind in baselines)]
    rows = [
        [
            name,
            number(shown.score(place)),
            *(number(scores.get(name, {}).get(shown.metric)) for scores in baselines.values()),
            f"{shown.count(place):,}",
        ]
        for place, name in enumerate(shown.sessions)
    ]
    return [*heads, f"{shown.per}s"], rows


def _baselines(
    facts: StudyFacts, shown: Predictions
) -> dict[str, Mapping[str, Mapping[str, float]]]:
    """Baseline -> session -> metric -> score on the split that is shown; empty where studies of
    earlier versions do not say.
    """
    source = (facts.baselines or {}).get("sessions") if shown.split == "valid" else None
    if shown.split == "test" and facts.evaluation:
        source = facts.evaluation.get("baseline_sessions")
    known = source or {}
    return {
        kind: known[kind][shown.label]
        for kind in BASELINE_NAMES
        if shown.label in known.get(kind, {})
    }


def _of_trial(path: Path, decoder: bool) -> Predictions | None:
    """What the file of a trial has; of a decoder of an earlier version, its outputs."""
    kept = load_predictions(path)
    if kept is not None or not decoder:
        return kept
    outputs = load_outputs(path)
    return None if outputs is None or outputs.columns > _COLUMNS else outputs


def _note(shown: Predictions, drawn: int) -> str:
    """What the charts show."""
    split = _SPLITS.get(shown.split, shown.split)
    count, sessions = sum(map(shown.count, range(len(shown.sessions)))), len(shown.sessions)
    note = f"{count:,} {split} {shown.per}s of {sessions} session{'s' * (sessions > 1)}."
    if drawn < sessions:
        note += f" The first {drawn} sessions are drawn; the table has all."
    if shown.split == "valid":
        note += " The test split is not shown before it is read (`raylab evaluate --split test`)."
    return note


def _mistakes(several: Sequence[Named]) -> str:
    """The classes that are mistaken most often."""
    texts = []
    for each in several:
        worst = [
            f"{mistake['true']} for {mistake['predicted']} ({mistake['fraction']:.0%})"
            for mistake in matrix_of(each.predictions).mistakes()
        ]
        if worst:
            texts.append(
                f"{each.name or 'Classes'}: most often mistaken, true for predicted: "
                f"{', '.join(worst)}."
            )
    return " ".join(texts)
