"""A metric of every trial by step."""

from __future__ import annotations

import html
from collections.abc import Sequence

import plotly.graph_objects as go

from raylab.reporting.charts.style import styled
from raylab.reporting.style import ORANGE
from raylab.tracking.records import TrialRecord

_LINES = {
    "completed": {"color": "#93b4f5", "dash": "solid"},
    "pruned": {"color": "#9aa3b2", "dash": "dash"},
    "running": {"color": "#34d399", "dash": "solid"},
    "interrupted": {"color": "#c4a5e8", "dash": "dot"},
    "failed": {"color": "#f2a3a3", "dash": "dot"},
}


def learning_curves(
    records: Sequence[TrialRecord], *, metric: str, winner: str | None, rungs: Sequence[int] = ()
) -> go.Figure | None:
    """A line per trial of `metric` by step, the winner on top. A pruned trial is dashed, with a
    cross where it ended. None where no trial reported the metric.

    Args:
        winner: The id of the trial to draw in orange.
        rungs: Steps at which the scheduler compares trials; each gets a vertical line.
    """
    figure = go.Figure()
    groups: set[str] = set()
    for record in sorted(records, key=lambda record: record.trial == winner):
        curve = [
            (step, metrics[metric]) for _, step, metrics in record.history if metric in metrics
        ]
        if not curve:
            continue
        best = record.trial == winner
        group = "winner" if best else record.state
        _add_curve(figure, record, curve, group=group, legend=group not in groups)
        groups.add(group)
    if not groups:
        return None
    for rung in rungs:
        figure.add_vline(x=rung, line={"color": "#cbd5e1", "width": 1, "dash": "dot"})
    return styled(figure, x="step", y=metric, height=380)


def _add_curve(
    figure: go.Figure,
    record: TrialRecord,
    curve: Sequence[tuple[int, float]],
    *,
    group: str,
    legend: bool,
) -> None:
    line: dict[str, str | float] = {"width": 1.4, **_LINES[record.state]}
    if group == "winner":
        line = {"color": ORANGE, "width": 3}
    # A line through one point is invisible. A pruned trial is marked at its last report only.
    marker: dict[str, object] = {"color": line["color"], "size": 6}
    mode = "lines" if len(curve) > 1 else "markers"
    if record.state == "pruned":
        marker |= {"symbol": "x", "size": [0] * (len(curve) - 1) + [7]}
        mode = "lines+markers"
    steps, values = zip(*curve)
    figure.add_scatter(
        x=steps,
        y=values,
        mode=mode,
        line=line,
        legendgroup=group,
        name=group,
        showlegend=legend,
        marker=marker,
        hovertemplate=(
            f"{html.escape(record.trial)}, {record.state}<br>step %{{x}}: %{{y:.4g}}<extra></extra>"
        ),
    )
