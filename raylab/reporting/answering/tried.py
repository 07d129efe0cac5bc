"""What was tried: the validation score of every trial by the time at which it ended."""

from __future__ import annotations

import html
from collections.abc import Sequence

import plotly.graph_objects as go

from raylab.reporting.charts.style import styled
from raylab.reporting.score_files.answer import AnswerFile
from raylab.reporting.style import CATEGORIES
from raylab.reporting.tables.answer import metric_of
from raylab.tracking.records import TrialRecord, is_number

_FAMILIES = ("baseline", "readout", "network", "contrastive", "vqvae", "ensemble", "other")
_BELOW_CHANCE = 0.25  # scores further below chance are not worth the room


def tried_chart(answer: AnswerFile, records: Sequence[TrialRecord]) -> go.Figure | None:
    """A point per trial of the search that has a score, coloured by family. None of no trial."""
    scored = [record for record in records if is_number(record.score) and record.ended]
    if not scored:
        return None
    begin = min(record.started or record.ended or 0.0 for record in scored)
    families = {row["name"]: row["family"] for row in answer["entrants"]}
    figure = go.Figure()
    for place, family in enumerate(_FAMILIES):
        own = [record for record in scored if families.get(record.entrant or "", "other") == family]
        if own:
            figure.add_scatter(
                x=[((record.ended or begin) - begin) / 60 for record in own],
                y=[record.score for record in own],
                mode="markers",
                name=html.escape(family),
                marker={"color": CATEGORIES[place % len(CATEGORIES)], "size": 8, "opacity": 0.7},
                text=[html.escape(_name(record)) for record in own],
                hovertemplate="%{text}: %{y:.3f}<extra></extra>",
            )
    scores = [float(record.score or 0.0) for record in scored]
    low, high = max(min(scores), _lowest(answer)), max(scores)
    margin = 0.05 * max(high - low, 0.05)
    figure.update_yaxes(range=[low - margin, high + margin])
    return styled(figure, x="minutes", y=f"{metric_of(answer)} on validation", height=380)


def hidden(answer: AnswerFile, records: Sequence[TrialRecord]) -> int:
    """How many scores lie below the chart."""
    lowest = _lowest(answer)
    return sum(is_number(record.score) and (record.score or 0.0) < lowest for record in records)


def _lowest(answer: AnswerFile) -> float:
    chance = [row["chance"]["valid"] for row in answer["by_fold"]]
    return min((value for value in chance if value is not None), default=0.0) - _BELOW_CHANCE


def _name(record: TrialRecord) -> str:
    return f"{record.trial} ({record.entrant}, fold {record.fold})"
