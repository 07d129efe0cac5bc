"""The charts of a search: Pareto front, learning curves and how the score depends on parameters."""

from __future__ import annotations

from collections.abc import Iterable

import plotly.graph_objects as go
from markupsafe import Markup

from raylab.evaluation.metrics import shown_in
from raylab.reporting.charts.front import front_chart
from raylab.reporting.charts.importance import importance_bars
from raylab.reporting.charts.learning_curves import learning_curves
from raylab.reporting.charts.parallel_coordinates import parallel_coordinates
from raylab.reporting.charts.slices import slices
from raylab.reporting.charts.style import chart_markup
from raylab.reporting.facts import StudyFacts
from raylab.reporting.markup import render

_FRONT_NOTE = (
    "The front holds each completed trial for which no other trial is at least as good in every "
    "objective and better in one."
)
_PARALLEL_NOTE = "Completed trials. Drag along an axis to select; drag an axis to move it."


def charts_markup(figures: Iterable[go.Figure], *, note: str = "", pair: bool = False) -> Markup:
    """Charts below a note; `pair` puts two of them side by side."""
    return render("charts.html", note=note, pair=pair, charts=[chart_markup(f) for f in figures])


def pareto_front(facts: StudyFacts) -> Markup | None:
    """The trials by pairs of objectives, where there are several."""
    if not facts.front:
        return None
    figure = front_chart(facts.records, metrics=facts.metrics, modes=facts.modes)
    return None if figure is None else charts_markup([figure], note=_FRONT_NOTE)


def curves(facts: StudyFacts) -> Markup | None:
    """The objectives, the loss and further scores by step."""
    winner = facts.winner
    trials = [*facts.records, *([winner] if winner and winner.of else [])]
    figures = [
        learning_curves(
            trials, metric=metric, winner=winner.trial if winner else None, rungs=facts.rungs
        )
        for metric in dict.fromkeys([*facts.metrics, "loss", *shown_in("curves")])
    ]
    notes = []
    if facts.rungs:
        steps = ", ".join(map(str, facts.rungs))
        notes.append(f"Dotted lines: trials are compared at steps {steps}.")
    if any(record.state == "pruned" for record in trials):
        notes.append("A cross: the trial was pruned there.")
    present = [figure for figure in figures if figure is not None]
    return charts_markup(present, note=" ".join(notes)) if present or notes else None


def importance(facts: StudyFacts) -> Markup | None:
    """How much each parameter matters; nothing for a single training, which searches none."""
    if facts.study.kind == "train":
        return None
    if not facts.importance:
        text = (
            "Not computed: it needs at least 20 completed trials that differ. From fewer, the "
            "order of the parameters is mostly chance."
        )
        return render("note.html", style="soft", text=text)
    return charts_markup([importance_bars(facts.importance)], note=_of_first(facts))


def parallel(facts: StudyFacts) -> Markup | None:
    """Every parameter and the score, a line per trial."""
    figure = parallel_coordinates(
        facts.records, metric=facts.metric, mode=facts.mode, logs=facts.logs
    )
    note = f"{_of_first(facts)} {_PARALLEL_NOTE}".strip()
    return None if figure is None else charts_markup([figure], note=note)


def score_by_parameter(facts: StudyFacts) -> Markup | None:
    """The score against each parameter, where there are several trials."""
    if len(facts.records) < 2:
        return None
    figure = slices(facts.records, metric=facts.metric, logs=facts.logs)
    return None if figure is None else charts_markup([figure], note=_of_first(facts))


def _of_first(facts: StudyFacts) -> str:
    """Which objective a chart shows, where there are several."""
    return f"Of the first objective, {facts.metric}." if facts.several else ""
