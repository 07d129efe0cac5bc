"""Interactive charts of a study with plotly. Text from data is escaped: plotly renders a subset of
HTML.
"""

from __future__ import annotations

import html
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from raylab.reporting.embedding import Colouring, Embedding
from raylab.reporting.leaderboard import short_names
from raylab.reporting.leaderboard import text as shown
from raylab.reporting.plots import BLUE, CATEGORIES, GREY, ORANGE
from raylab.tracking.records import Mode, TrialRecord, is_number

_FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif"
_STATE_LINES = {
    "completed": {"color": "#93b4f5", "dash": "solid"},
    "pruned": {"color": "#9aa3b2", "dash": "dash"},
    "running": {"color": "#34d399", "dash": "solid"},
    "interrupted": {"color": "#c4a5e8", "dash": "dot"},
    "failed": {"color": "#f2a3a3", "dash": "dot"},
}
_LOG_RATIO = 100  # values that span more than this are drawn on a logarithmic axis
_ABSENT = "not used"


def learning_curves(
    records: Sequence[TrialRecord], *, metric: str, winner: str | None, rungs: Sequence[int] = ()
) -> go.Figure | None:
    """A line a trial of `metric` by step; pruned trials dashed with a cross where they ended, the
    winner on top; a vertical line at each rung, where trials are compared. None where nobody
    reported it.
    """
    figure = go.Figure()
    named: set[str] = set()
    for record in sorted(records, key=lambda record: record.trial == winner):
        curve = [
            (step, metrics[metric]) for _, step, metrics in record.history if metric in metrics
        ]
        if not curve:
            continue
        best = record.trial == winner
        group = "winner" if best else record.state
        line: dict[str, Any] = (
            {"color": ORANGE, "width": 3} if best else {"width": 1.4, **_STATE_LINES[record.state]}
        )
        steps, values = zip(*curve)
        figure.add_scatter(
            x=steps,
            y=values,
            mode="lines+markers"
            if record.state == "pruned"
            else "lines"
            if len(curve) > 1
            else "markers",
            line=line,
            legendgroup=group,
            name=group,
            showlegend=group not in named,
            marker=_marks(record, line["color"], len(curve)),
            hovertemplate=(
                f"{html.escape(record.trial)}, {record.state}<br>step %{{x}}: "
                f"%{{y:.4g}}<extra></extra>"
            ),
        )
        named.add(group)
    if not named:
        return None
    for rung in rungs:
        figure.add_vline(x=rung, line={"color": "#cbd5e1", "width": 1, "dash": "dot"})
    return styled(figure, x="step", y=metric, height=380)


def _marks(record: TrialRecord, colour: str, points: int) -> dict[str, Any]:
    """A pruned trial is marked at its last report only."""
    if record.state != "pruned":
        return {"color": colour, "size": 6}
    return {"color": colour, "symbol": "x", "size": [0] * (points - 1) + [7]}


def importance_bars(importance: Mapping[str, float]) -> go.Figure:
    ranked = sorted(importance.items(), key=lambda item: item[1])
    figure = go.Figure(
        go.Bar(
            x=[value for _, value in ranked],
            y=[html.escape(name) for name, _ in ranked],
            orientation="h",
            marker_color=BLUE,
            hovertemplate="%{y}: %{x:.1%}<extra></extra>",
        )
    )
    figure.update_xaxes(tickformat=".0%", rangemode="tozero")
    return styled(figure, x="share of the score's variance", y="", height=90 + 30 * len(ranked))


def parallel_coordinates(
    records: Sequence[TrialRecord], *, metric: str, mode: Mode, logs: Mapping[str, bool]
) -> go.Figure | None:
    """Every parameter and the score, a line a trial with a score. None for fewer than two.

    Args:
        logs: Which paths were searched on a logarithmic scale, as far as it is known.
    """
    scored = [
        record for record in records if record.state == "completed" and is_number(record.score)
    ]
    paths = _paths(scored)
    if len(scored) < 2 or not paths:
        return None
    short = short_names(paths)
    scores = [float(record.score or 0.0) for record in scored]
    dimensions = [
        _dimension(
            short[path], [record.params.get(path, _ABSENT) for record in scored], log=logs.get(path)
        )
        for path in paths
    ]
    dimensions.append({"label": html.escape(metric), "values": scores})
    line = {
        "color": scores,
        "colorscale": "Viridis",
        "reversescale": mode == "min",
        "showscale": True,
    }
    line["colorbar"] = {"title": {"text": html.escape(metric)}, "thickness": 14}
    figure = go.Figure(
        go.Parcoords(dimensions=dimensions, line=line, labelangle=-12, labelside="top")
    )
    figure = styled(figure, x="", y="", height=440)
    return figure.update_layout(margin={"l": 130, "r": 60, "t": 90, "b": 30})


def slices(
    records: Sequence[TrialRecord], *, metric: str, logs: Mapping[str, bool]
) -> go.Figure | None:
    """The score against each parameter; hollow for pruned trials. None without a score."""
    scored = [
        record
        for record in records
        if record.state in ("completed", "pruned") and is_number(record.score)
    ]
    paths = _paths(scored)
    if not scored or not paths:
        return None
    short = short_names(paths)
    columns = min(3, len(paths))
    lines = math.ceil(len(paths) / columns)
    figure = make_subplots(
        lines, columns, shared_yaxes=True, horizontal_spacing=0.03, vertical_spacing=0.28 / lines
    )
    for index, path in enumerate(paths):
        row, column = divmod(index, columns)
        for state, symbol in (("completed", "circle"), ("pruned", "circle-open")):
            chosen = [
                record for record in scored if record.state == state and path in record.params
            ]
            figure.add_trace(
                _slice(chosen, path, state=state, symbol=symbol, legend=index == 0),
                row + 1,
                column + 1,
            )
        values = [record.params[path] for record in scored if path in record.params]
        axis: dict[str, Any] = {"type": "category", "categoryorder": "category ascending"}
        if _numeric(values):
            axis = (
                {"type": "log", "dtick": 1}
                if _is_log(values, known=logs.get(path))
                else {"type": "linear"}
            )
        figure.update_xaxes(
            title_text=html.escape(short[path]), row=row + 1, col=column + 1, **axis
        )
        if column == 0:
            figure.update_yaxes(title_text=html.escape(metric), row=row + 1, col=1)
    return styled(figure, x=None, y=None, height=60 + 260 * lines)


def embedding(found: Embedding, colouring: Colouring) -> go.Figure:
    """The embedded samples coloured by one label; in three dimensions where there are three."""
    points, axes = found.drawn()
    figure = go.Figure()
    labelled = colouring.labelled
    if not labelled.all():
        _cloud(figure, points[~labelled], name="unlabelled", marker={"color": GREY, "size": 2})
    points, values = points[labelled], colouring.values[labelled]
    if colouring.kind == "discrete" and len(np.unique(values)) <= len(CATEGORIES):
        for code, colour in zip(np.unique(values), CATEGORIES):
            name = colouring.classes[code] if code < len(colouring.classes) else str(code)
            _cloud(
                figure,
                points[values == code],
                name=html.escape(name),
                marker={"color": colour, "size": 3},
            )
    else:
        bar = {
            "title": {"text": html.escape(colouring.unit or colouring.name)},
            "thickness": 12,
            "len": 0.8,
        }
        marker = {"color": values, "colorscale": "Viridis", "size": 3, "colorbar": bar}
        if colouring.kind == "circular":
            marker |= {"colorscale": "Phase", "cmin": -math.pi, "cmax": math.pi}
        _cloud(figure, points, name=html.escape(colouring.name), marker=marker, legend=False)
    styled(figure, x=axes[0], y=axes[1], height=460)
    named = {f"{axis}axis": {"title": {"text": name}} for axis, name in zip("xyz", axes)}
    figure.update_layout(
        title={"text": html.escape(colouring.name), "font": {"size": 15}},
        legend={"orientation": "h", "y": -0.02, "itemsizing": "constant"},
        margin={"l": 10, "r": 10, "t": 44, "b": 10},
        scene={**named, "aspectmode": "data", "camera": {"eye": {"x": 1.5, "y": 1.5, "z": 1.1}}},
    )
    if points.shape[1] == 2:
        figure.update_yaxes(scaleanchor="x").update_layout(margin={"l": 50, "b": 50})
    return figure


def _cloud(
    figure: go.Figure, points: np.ndarray, *, name: str, marker: dict[str, Any], legend: bool = True
) -> None:
    where = dict(zip("xyz", (axis.round(4) for axis in points.T)))
    kind: Any = go.Scatter3d if points.shape[1] == 3 else go.Scatter
    if points.shape[1] == 2:
        marker = {**marker, "size": marker["size"] + 1.5}
    figure.add_trace(
        kind(**where, mode="markers", name=name, marker=marker, showlegend=legend, hoverinfo="name")
    )


def _slice(
    records: Sequence[TrialRecord], path: str, *, state: str, symbol: str, legend: bool
) -> go.Scatter:
    values = [record.params[path] for record in records]
    return go.Scatter(
        x=values if _numeric(values) else [html.escape(shown(value)) for value in values],
        y=[record.score for record in records],
        mode="markers",
        marker={
            "color": BLUE if state == "completed" else "#8b94a3",
            "symbol": symbol,
            "size": 8,
            "opacity": 0.85,
        },
        name=state,
        legendgroup=state,
        showlegend=legend,
        text=[html.escape(record.trial) for record in records],
        hovertemplate="trial %{text}<br>%{x}: %{y:.4g}<extra></extra>",
    )


def _dimension(name: str, values: Sequence[Any], *, log: bool | None) -> dict[str, Any]:
    """One axis of the parallel coordinates: categories and absent values become named ticks."""
    there = [value for value in values if value != _ABSENT]
    if not _numeric(there):
        names = sorted(
            {shown(value) for value in values}, key=lambda value: (value == _ABSENT, value)
        )
        codes = [names.index(shown(value)) for value in values]
        # The one place where plotly takes text literally.
        ticks = {
            "tickvals": list(range(len(names))),
            "ticktext": [_clipped(each) for each in names],
        }
        return {"label": html.escape(name), "values": codes, **ticks}
    scale = math.log10 if _is_log(there, known=log) else float
    low, high = scale(min(there)), scale(max(there))
    beside = low - 0.12 * ((high - low) or 1.0)
    drawn = [beside if value == _ABSENT else scale(value) for value in values]
    ticks_at = (
        sorted({scale(value) for value in there})
        if len(set(there)) <= 6
        else list(np.linspace(low, high, 6))
    )
    labels = [shown(float(10**tick if scale is math.log10 else tick)) for tick in ticks_at]
    if _ABSENT in values:
        ticks_at, labels = [beside, *ticks_at], [_ABSENT, *labels]
    return {"label": html.escape(name), "values": drawn, "tickvals": ticks_at, "ticktext": labels}


def _paths(records: Sequence[TrialRecord]) -> list[str]:
    return list(dict.fromkeys(path for record in records for path in record.params))


def _numeric(values: Sequence[Any]) -> bool:
    return bool(values) and all(
        isinstance(value, int | float) and not isinstance(value, bool) for value in values
    )


def _is_log(values: Sequence[Any], *, known: bool | None) -> bool:
    """As the space says; where it does not, by how far the values span."""
    return min(values) > 0 and (max(values) / min(values) >= _LOG_RATIO if known is None else known)


def _clipped(text: str, length: int = 18) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"


def styled(figure: go.Figure, *, x: str | None, y: str | None, height: int) -> go.Figure:
    figure.update_layout(
        template="plotly_white",
        height=height,
        font={"family": _FONT, "size": 13, "color": "#1f2937"},
        margin={"l": 60, "r": 20, "t": 30, "b": 50},
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom"},
    )
    if x is not None:
        figure.update_xaxes(title_text=html.escape(x))
    if y is not None:
        figure.update_yaxes(title_text=html.escape(y), automargin=True)
    return figure
