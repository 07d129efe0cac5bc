"""Several studies on one self-contained page: their ranking, how each search went on, and winners
over seeds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import plotly.graph_objects as go

from raylab.reporting.charts import styled
from raylab.reporting.html import document
from raylab.reporting.plots import CATEGORIES, GREY, ORANGE
from raylab.reporting.ranking import remarks, said_seeds
from raylab.reporting.sections import figure_html
from raylab.tracking.records import Mode, TrialRecord, is_number
from raylab.tracking.selections import drawn

_ENDED = ("completed", "pruned", "failed")


@dataclass(frozen=True)
class Course:
    """How a search went on.

    Attributes:
        metric, mode: Of its first objective.
        trials: How many had ended, in any state, when a trial completed.
        seconds: What those had worked, added up: it does not depend on how many ran at once, nor on
            interruptions.
        best: The best score until then.
    """

    study: str
    metric: str
    mode: Mode
    trials: tuple[int, ...]
    seconds: tuple[float, ...]
    best: tuple[float, ...]


def course(name: str, records: Sequence[TrialRecord], *, metric: str, mode: Mode) -> Course:
    """Of the trials that a search drew; repetitions over seeds are no part of it."""
    pick, points = max if mode == "max" else min, []
    worked, best = 0.0, None
    ended = sorted(
        (one for one in drawn(records) if one.state in _ENDED), key=lambda one: one.ended or 0.0
    )
    for count, record in enumerate(ended, start=1):
        worked += record.seconds
        if record.state == "completed" and record.score is not None and is_number(record.score):
            best = record.score if best is None else pick(best, record.score)
            points.append((count, worked, best))
    trials, seconds, scores = zip(*points) if points else ((), (), ())
    return Course(name, metric, mode, trials, seconds, scores)


def compared_page(result: Mapping[str, Any], courses: Sequence[Course]) -> str:
    """HTML of a ranking (`raylab.leaderboard` of several studies) with the course of each search."""
    title = f"{result['label']}: {', '.join(one.study for one in courses)}"
    per = "" if result["per"] == "sample" else f", per {result['per']}"
    head = (
        f"<h1>{escape(title)}</h1><p class='soft'>{escape(result['split'])} split, "
        f"{len(result['sessions'])} "
        f"session(s){escape(per)}; data fingerprint {escape(str(result['data'])[:12])}</p>"
    )
    bodies = {
        "Ranking": _ranking(result),
        "Scores": figure_html(score_chart(result)),
        "Best so far": "".join(_curves(courses)),
    }
    return document(title, head, bodies)


def score_chart(result: Mapping[str, Any]) -> go.Figure:
    """Every row's score with its interval over samples, best on top; baselines grey."""
    rows = result["rows"][::-1]
    ends = [row["interval"] or (row["score"], row["score"]) for row in rows]
    colours = [
        GREY if row["family"] == "baseline" else ORANGE if row["use"] else CATEGORIES[0]
        for row in rows
    ]
    figure = go.Figure(
        go.Scatter(
            x=[row["score"] for row in rows],
            y=[html_name(row) for row in rows],
            mode="markers",
            marker={"color": colours, "size": 10},
            error_x={
                "array": [high - row["score"] for row, (_, high) in zip(rows, ends)],
                "arrayminus": [row["score"] - low for row, (low, _) in zip(rows, ends)],
                "color": "#6b7280",
            },
            hovertemplate="%{y}: %{x:.4g}<extra></extra>",
        )
    )
    return styled(
        figure,
        x=f"{result['metric']}, 95 % interval over samples",
        y="",
        height=110 + 30 * len(rows),
    )


def html_name(row: Mapping[str, Any]) -> str:
    """Text for plotly, which renders a subset of HTML."""
    reader = f" ({row['readout']})" if row["family"] == "baseline" and row["readout"] else ""
    return escape(row["name"] + (f", trial {row['trial']}" if row["trial"] else reader))


def _ranking(result: Mapping[str, Any]) -> str:
    test = result["split"] == "test"
    heads = [
        "",
        "name",
        "family",
        "trial",
        result["metric"],
        "95 % interval",
        *(["on valid"] if test else []),
    ]
    heads += ["over seeds, in the study's own objective", "read by", "seconds"]
    head = "".join(f"<th>{escape(each)}</th>" for each in heads)
    body = "".join(_row(row, test=test) for row in result["rows"])
    said = "<br>".join(map(escape, remarks(result)))
    grid = (
        "<div "
        f"class='scroll'><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )
    return f"<p class='soft'>{said}</p>{grid}"


def _row(row: Mapping[str, Any], *, test: bool) -> str:
    low, high = row["interval"] or (None, None)
    cells = [
        f"{'' if row['rank'] is None else row['rank']}{'*' * bool(row['use'])}",
        row["name"],
        row["family"],
        row["trial"] or "",
        f"{row['score']:.3f}",
        "" if low is None else f"{low:.3f} ... {high:.3f}",
        *(["" if row["valid"] is None else f"{row['valid']:.3f}"] if test else []),
        said_seeds(row["seeds"]) if row["seeds"] else "",
        row["readout"] or "",
        "" if row["seconds"] is None else f"{row['seconds']:.1f}",
    ]
    mark = " class='winner'" if row["use"] else ""
    return f"<tr{mark}>{''.join(f'<td>{escape(str(cell))}</td>' for cell in cells)}</tr>"


def _curves(courses: Sequence[Course]) -> list[str]:
    """A pair of charts for each objective: scores of different ones share no axis."""
    drawn_ones = []
    for metric in dict.fromkeys(one.metric for one in courses):
        own = [one for one in courses if one.metric == metric and one.best]
        if own:
            by_trials = progress_chart(own, metric, "trials ended", [one.trials for one in own])
            by_seconds = progress_chart(
                own, metric, "seconds of trials, added up", [one.seconds for one in own]
            )
            drawn_ones.append(
                f"<div class='pair'>{figure_html(by_trials)}{figure_html(by_seconds)}</div>"
            )
    return drawn_ones


def progress_chart(
    courses: Sequence[Course], metric: str, x: str, along: Sequence[Sequence[float]]
) -> go.Figure:
    """The best score so far, a step at each trial that completed."""
    figure = go.Figure()
    for place, (one, at) in enumerate(zip(courses, along)):
        colour = CATEGORIES[place % len(CATEGORIES)]
        figure.add_scatter(
            x=list(at),
            y=list(one.best),
            mode="lines+markers",
            line={"shape": "hv", "color": colour, "width": 2},
            marker={"size": 4},
            name=escape(one.study),
        )
    return styled(figure, x=x, y=f"best {metric} so far", height=380)
