"""How much better than the best baseline each entrant is."""

from __future__ import annotations

import html
from collections.abc import Sequence

import plotly.graph_objects as go

from raylab.reporting.charts.style import styled
from raylab.reporting.score_files.answer import AnswerFile, Span
from raylab.reporting.style import BLUE, GREY, ORANGE, SOFT_INK
from raylab.reporting.tables.answer import metric_of

_APART = 0.18  # of a row: validation above the middle, test below
LOWEST = -1.0  # a difference of R2 below it is drawn as this, or nothing else could be seen


def differences_chart(answer: AnswerFile) -> go.Figure | None:
    """A dot and a whisker per entrant: its score less that of the best baseline, paired unit by
    unit, with the 95 % interval. Validation is blue for members of the set and grey for others,
    test is orange. None where no baseline was scored.
    """
    rows = [row for row in answer["entrants"] if row["difference"] is not None][::-1]
    if not rows:
        return None
    figure = go.Figure()
    for name, colour, inside in _groups(answer):
        own = [(place, row) for place, row in enumerate(rows) if bool(row["in_set"]) is inside]
        spans = [(place + _APART, row["name"], row["difference"]) for place, row in own]
        _add(figure, spans, name=name, colour=colour)
    test = [(place - _APART, row["name"], row["test_difference"]) for place, row in enumerate(rows)]
    _add(figure, test, name="test", colour=ORANGE)
    figure.add_vline(x=0, line={"color": SOFT_INK, "width": 1, "dash": "dot"})
    figure.update_yaxes(
        tickvals=list(range(len(rows))),
        ticktext=[html.escape(row["name"]) for row in rows],
        range=[-0.6, len(rows) - 0.4],
    )
    name = (answer["baseline"] or {"name": "the best baseline"})["name"]
    title = f"{metric_of(answer)} less that of {name}, 95 % interval"
    return styled(figure, x=title, y="", height=130 + 34 * len(rows))


def _groups(answer: AnswerFile) -> list[tuple[str, str, bool]]:
    """(name, colour, whether it is the set) of what validation shows."""
    if not answer["set"]:
        return [("validation", BLUE, False)]
    return [("validation, in the set", BLUE, True), ("validation, not in the set", GREY, False)]


def _add(
    figure: go.Figure, spans: Sequence[tuple[float, str, Span | None]], *, name: str, colour: str
) -> None:
    """Dots with whiskers; an end that is missing or too far away is cut."""
    drawn = [
        (place, entrant, span["value"], span["low"], span["high"])
        for place, entrant, span in spans
        if span is not None and span["value"] is not None
    ]
    if not drawn:
        return
    figure.add_scatter(
        x=[max(value, LOWEST) for _, _, value, _, _ in drawn],
        y=[place for place, *_ in drawn],
        mode="markers",
        name=name,
        marker={"color": colour, "size": 9},
        error_x={
            "array": [_reach(high, value) for _, _, value, _, high in drawn],
            "arrayminus": [_reach(value, low) for _, _, value, low, _ in drawn],
            "color": colour,
            "width": 3,
        },
        text=[f"{html.escape(entrant)}: {value:.3f}" for _, entrant, value, _, _ in drawn],
        hovertemplate="%{text}<extra>" + html.escape(name) + "</extra>",
    )


def _reach(high: float | None, low: float | None) -> float:
    """From the lower to the higher one, both cut to what is drawn; 0 where one is missing."""
    if high is None or low is None:
        return 0.0
    return max(min(high, -LOWEST), LOWEST) - max(min(low, -LOWEST), LOWEST)
