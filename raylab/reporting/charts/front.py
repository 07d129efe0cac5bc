"""The Pareto front of a study of several objectives."""

from __future__ import annotations

import html
from collections.abc import Sequence
from itertools import combinations

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from raylab.reporting.charts.style import styled
from raylab.reporting.style import BLUE, ORANGE
from raylab.reporting.tables.cells import text
from raylab.tracking.records import Mode, TrialRecord, front

_GREY = "#8b94a3"
_MOST_PARAMS = 12  # lines in the text of a point
_FRONT = "Pareto front"
_MARKERS: dict[str, dict[str, str | int]] = {
    "pruned": {"color": _GREY, "symbol": "circle-open"},
    "completed": {"color": BLUE, "size": 8},
    _FRONT: {"color": ORANGE, "size": 11},  # drawn last, on top
}


def front_chart(
    records: Sequence[TrialRecord], *, metrics: Sequence[str], modes: Sequence[Mode]
) -> go.Figure | None:
    """Every scored trial by its objectives, a panel per pair of objectives, the front on top. None
    where no trial has scores.

    Of two objectives a line joins the front; of three the front is a surface, which no line in a
    panel could show.
    """
    scored = [
        record for record in records if record.state in ("completed", "pruned") and record.scores
    ]
    if not scored:
        return None
    leading = {record.trial for record in front(scored, *modes)}
    groups: dict[str, list[TrialRecord]] = {name: [] for name in _MARKERS}
    for record in scored:
        groups[_FRONT if record.trial in leading else record.state].append(record)
    pairs = list(combinations(range(len(metrics)), 2))
    figure = make_subplots(1, len(pairs), horizontal_spacing=0.08)
    for column, (x, y) in enumerate(pairs, start=1):
        for name, trials in groups.items():
            joined = name == _FRONT and len(pairs) == 1
            ordered = sorted(trials, key=lambda record: record.scores[x])
            trace = _points(ordered, x, y, name=name, joined=joined)
            figure.add_trace(trace.update(showlegend=column == 1), 1, column)
        figure.update_xaxes(title_text=_title(metrics[x], modes[x]), row=1, col=column)
        figure.update_yaxes(title_text=_title(metrics[y], modes[y]), row=1, col=column)
    return styled(figure, x=None, y=None, height=420)


def _points(
    trials: Sequence[TrialRecord], x: int, y: int, *, name: str, joined: bool
) -> go.Scatter:
    return go.Scatter(
        x=[record.scores[x] for record in trials],
        y=[record.scores[y] for record in trials],
        mode="lines+markers" if joined else "markers",
        line={"color": ORANGE, "width": 1.5, "dash": "dot"},
        marker=_MARKERS[name],
        name=name,
        legendgroup=name,
        text=[_hover(record) for record in trials],
        hovertemplate="%{text}<br>%{x:.4g}, %{y:.4g}<extra></extra>",
    )


def _title(metric: str, mode: Mode) -> str:
    return html.escape(f"{metric} ({'higher' if mode == 'max' else 'lower'} is better)")


def _hover(record: TrialRecord) -> str:
    lines = [f"trial {record.trial}, {record.state}"]
    params = list(record.params.items())[:_MOST_PARAMS]
    lines += [f"{path} {text(value)}" for path, value in params]
    return "<br>".join(html.escape(line) for line in lines)
