"""The score against each parameter."""

from __future__ import annotations

import html
import math
from collections.abc import Mapping, Sequence

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from raylab.config.dotted import Scalar
from raylab.reporting.charts.axes import are_numbers, is_log, searched_paths
from raylab.reporting.charts.style import styled
from raylab.reporting.style import BLUE
from raylab.reporting.tables.cells import short_names, text
from raylab.tracking.records import TrialRecord, is_number

_SYMBOLS = {"completed": "circle", "pruned": "circle-open"}


def slices(
    records: Sequence[TrialRecord], *, metric: str, logs: Mapping[str, bool]
) -> go.Figure | None:
    """A panel per parameter with a dot per trial, hollow for pruned trials. None where no trial has
    a score.

    Args:
        logs: Whether a path was searched on a logarithmic scale, as far as it is known.
    """
    scored = [record for record in records if record.state in _SYMBOLS and is_number(record.score)]
    paths = searched_paths(scored)
    if not scored or not paths:
        return None
    short = short_names(paths)
    columns = min(3, len(paths))
    lines = math.ceil(len(paths) / columns)
    figure = make_subplots(
        lines, columns, shared_yaxes=True, horizontal_spacing=0.03, vertical_spacing=0.28 / lines
    )
    for index, path in enumerate(paths):
        row, column = index // columns + 1, index % columns + 1
        own = [record for record in scored if path in record.params]
        for state in _SYMBOLS:
            trials = [record for record in own if record.state == state]
            figure.add_trace(_dots(trials, path, state, legend=index == 0), row, column)
        axis = _axis([record.params[path] for record in own], log=logs.get(path))
        figure.update_xaxes(title_text=html.escape(short[path]), row=row, col=column, **axis)
        if column == 1:
            figure.update_yaxes(title_text=html.escape(metric), row=row, col=1)
    return styled(figure, x=None, y=None, height=60 + 260 * lines)


def _axis(values: Sequence[Scalar], *, log: bool | None) -> dict[str, str | int]:
    numbers = [value for value in values if isinstance(value, int | float)]
    if not are_numbers(values):
        return {"type": "category", "categoryorder": "category ascending"}
    return {"type": "log", "dtick": 1} if is_log(numbers, searched=log) else {"type": "linear"}


def _dots(trials: Sequence[TrialRecord], path: str, state: str, *, legend: bool) -> go.Scatter:
    values = [record.params[path] for record in trials]
    return go.Scatter(
        x=values if are_numbers(values) else [html.escape(text(value)) for value in values],
        y=[record.score for record in trials],
        mode="markers",
        marker={
            "color": BLUE if state == "completed" else "#8b94a3",
            "symbol": _SYMBOLS[state],
            "size": 8,
            "opacity": 0.85,
        },
        name=state,
        legendgroup=state,
        showlegend=legend,
        text=[html.escape(record.trial) for record in trials],
        hovertemplate="trial %{text}<br>%{x}: %{y:.4g}<extra></extra>",
    )
