"""The scores of several studies and their baselines, with intervals."""

from __future__ import annotations

import html

import plotly.graph_objects as go

from raylab.reporting.charts.style import styled
from raylab.reporting.score_files.ranking import Ranking, RankingRow
from raylab.reporting.style import BLUE, GREY, ORANGE, SOFT_INK


def ranking_chart(ranking: Ranking) -> go.Figure:
    """Every row's score, with its 95 % interval over samples where that is known, the best on top.
    Baselines are grey, the row that is best on validation is orange.
    """
    rows = ranking["rows"][::-1]
    ends = [row["interval"] or (row["score"], row["score"]) for row in rows]
    figure = go.Figure(
        go.Scatter(
            x=[row["score"] for row in rows],
            y=[_name(row) for row in rows],
            mode="markers",
            marker={"color": [_colour(row) for row in rows], "size": 10},
            error_x={
                "array": [high - row["score"] for row, (_, high) in zip(rows, ends)],
                "arrayminus": [row["score"] - low for row, (low, _) in zip(rows, ends)],
                "color": SOFT_INK,
            },
            hovertemplate="%{y}: %{x:.4g}<extra></extra>",
        )
    )
    measured = any(row["interval"] for row in rows)
    title = ranking["metric"] + (", 95 % interval over samples" if measured else "")
    return styled(figure, x=title, y="", height=110 + 30 * len(rows))


def _colour(row: RankingRow) -> str:
    if row["family"] == "baseline":
        return GREY
    return ORANGE if row["use"] else BLUE


def _name(row: RankingRow) -> str:
    """Names must differ, or two rows share a place: baselines with the decoder that reads them."""
    readout = f" ({row['readout']})" if row["family"] == "baseline" and row["readout"] else ""
    trial = f", trial {row['trial']}" if row["trial"] else readout
    return html.escape(row["name"] + trial)
