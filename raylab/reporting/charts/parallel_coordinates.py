"""Every parameter and the score, a line per trial."""

from __future__ import annotations

import html
import math
from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go

from raylab.reporting.charts.axes import are_numbers, is_log, searched_paths
from raylab.reporting.charts.style import styled
from raylab.reporting.tables.cells import short_names, text
from raylab.tracking.records import Mode, TrialRecord, is_number

_ABSENT = "not used"
_TICKS = 6  # of a numeric axis
_LONGEST = 18  # characters of a category

Dimension = dict[str, object]


def parallel_coordinates(
    records: Sequence[TrialRecord], *, metric: str, mode: Mode, logs: Mapping[str, bool]
) -> go.Figure | None:
    """An axis per parameter and one of the score, a line per completed trial with a score. None for
    fewer than two of them.

    Args:
        logs: Whether a path was searched on a logarithmic scale, as far as it is known.
    """
    scored = [
        record for record in records if record.state == "completed" and is_number(record.score)
    ]
    paths = searched_paths(scored)
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
        "colorbar": {"title": {"text": html.escape(metric)}, "thickness": 14},
    }
    figure = go.Figure(
        go.Parcoords(dimensions=dimensions, line=line, labelangle=-12, labelside="top")
    )
    figure = styled(figure, x="", y="", height=440)
    return figure.update_layout(margin={"l": 130, "r": 60, "t": 90, "b": 30})


def _dimension(name: str, values: Sequence[object], *, log: bool | None) -> Dimension:
    """One axis. Categories become named ticks, and so does the absence of a value."""
    numbers = [value for value in values if value != _ABSENT]
    if not are_numbers(numbers):
        return _categorical(name, values)
    return _numeric(
        name, [value if isinstance(value, int | float) else None for value in values], log
    )


def _categorical(name: str, values: Sequence[object]) -> Dimension:
    names = sorted({text(value) for value in values}, key=lambda each: (each == _ABSENT, each))
    return {
        "label": html.escape(name),
        "values": [names.index(text(value)) for value in values],
        "tickvals": list(range(len(names))),
        "ticktext": [_clipped(each) for each in names],  # plotly takes these texts literally
    }


def _numeric(name: str, values: Sequence[float | None], log: bool | None) -> Dimension:
    """An axis of numbers. Trials without a value lie below the lowest one."""
    present = [value for value in values if value is not None]
    scale = math.log10 if is_log(present, searched=log) else float
    low, high = scale(min(present)), scale(max(present))
    below = low - 0.12 * ((high - low) or 1.0)
    few = len(set(present)) <= _TICKS
    ticks = sorted({scale(value) for value in present})
    ticks = ticks if few else [float(tick) for tick in np.linspace(low, high, _TICKS)]
    labels = [text(float(10**tick if scale is math.log10 else tick)) for tick in ticks]
    if len(present) < len(values):
        ticks, labels = [below, *ticks], [_ABSENT, *labels]
    return {
        "label": html.escape(name),
        "values": [below if value is None else scale(value) for value in values],
        "tickvals": ticks,
        "ticktext": labels,
    }


def _clipped(name: str) -> str:
    return name if len(name) <= _LONGEST else name[: _LONGEST - 1] + "…"
