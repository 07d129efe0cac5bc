"""The Pareto front of a study of several objectives, as an interactive chart."""

from __future__ import annotations

import html
from collections.abc import Sequence
from itertools import combinations

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from raylab.reporting.charts import styled
from raylab.reporting.leaderboard import text as shown
from raylab.reporting.plots import BLUE, ORANGE
from raylab.tracking.records import Mode, TrialRecord, front

_GREY = "#8b94a3"
_MOST_PARAMS = 12  # lines in what a point says


def front_chart(
    records: Sequence[TrialRecord], *, metrics: Sequence[str], modes: Sequence[Mode]
) -> go.Figure | None:
    """Every scored trial by its objectives, a panel a pair; the front on top. None where no trial
    has scores.

    Of two objectives the front is joined by a line; of three it is a surface, which no line in a
    panel could show.
    """
    scored = [
        record for record in records if record.state in ("completed", "pruned") and record.scores
    ]
    if not scored:
        return None
    leading = front(scored, *modes)
    named = {record.trial for record in leading}
    rest = [record for record in scored if record.trial not in named]
    groups = {
        "Pareto front": (leading, {"color": ORANGE, "size": 11}),
        "completed": (
            [record for record in rest if record.state == "completed"],
            {"color": BLUE, "size": 8},
        ),
        "pruned": (
            [record for record in rest if record.state == "pruned"],
            {"color": _GREY, "symbol": "circle-open"},
        ),
    }
    pairs = list(combinations(range(len(metrics)), 2))
    figure = make_subplots(1, len(pairs), horizontal_spacing=0.08)
    for column, (x, y) in enumerate(pairs, start=1):
        for name, (found, marker) in reversed(groups.items()):
            joined = name == "Pareto front" and len(pairs) == 1
            trace = _points(
                sorted(found, key=lambda record: record.scores[x]), x, y, name=name, joined=joined
            )
            figure.add_trace(trace.update(marker=marker, showlegend=column == 1), 1, column)
        figure.update_xaxes(title_text=_axis(metrics[x], modes[x]), row=1, col=column)
        figure.update_yaxes(title_text=_axis(metrics[y], modes[y]), row=1, col=column)
    return styled(figure, x=None, y=None, height=420)


def _points(found: Sequence[TrialRecord], x: int, y: int, *, name: str, joined: bool) -> go.Scatter:
    return go.Scatter(
        x=[record.scores[x] for record in found],
        y=[record.scores[y] for record in found],
        mode="lines+markers" if joined else "markers",
        line={"color": ORANGE, "width": 1.5, "dash": "dot"},
        name=name,
        legendgroup=name,
        text=[_hover(record) for record in found],
        hovertemplate="%{text}<br>%{x:.4g}, %{y:.4g}<extra></extra>",
    )


def _axis(metric: str, mode: Mode) -> str:
    return html.escape(f"{metric} ({'higher' if mode == 'max' else 'lower'} is better)")


def _hover(record: TrialRecord) -> str:
    lines = [f"trial {record.trial}, {record.state}"]
    lines += [
        f"{path} {shown(value)}" for path, value in list(record.params.items())[:_MOST_PARAMS]
    ]
    return "<br>".join(html.escape(line) for line in lines)
