"""The best score that searches had reached, by trials and by time."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import plotly.graph_objects as go

from raylab.reporting.charts.style import styled
from raylab.reporting.style import CATEGORIES
from raylab.tracking.events import ENDED
from raylab.tracking.records import Mode, TrialRecord, is_number
from raylab.tracking.selections import drawn

_TITLES = {"trials": "trials ended", "seconds": "seconds of trials, added up"}


@dataclass(frozen=True)
class Course:
    """How a search proceeded: three values for each trial that completed, in the order of time.

    Attributes:
        study: The study's name.
        metric: Of the first objective.
        mode: Whether its best score is the highest or the lowest.
        trials: How many trials had ended by then, in any state.
        seconds: How long those had worked, added up: it does not depend on how many ran at once,
            nor on interruptions.
        best: The best score until then.
    """

    study: str
    metric: str
    mode: Mode
    trials: tuple[int, ...]
    seconds: tuple[float, ...]
    best: tuple[float, ...]


def course(name: str, records: Sequence[TrialRecord], *, metric: str, mode: Mode) -> Course:
    """The course of a search, from the trials that it drew; repetitions over seeds do not count."""
    pick, points = max if mode == "max" else min, []
    worked, best = 0.0, None
    trials = [record for record in drawn(records) if record.state in ENDED]
    for count, record in enumerate(sorted(trials, key=lambda each: each.ended or 0.0), start=1):
        worked += record.seconds
        if record.state == "completed" and record.score is not None and is_number(record.score):
            best = record.score if best is None else pick(best, record.score)
            points.append((count, worked, best))
    counts, seconds, scores = zip(*points) if points else ((), (), ())
    return Course(name, metric, mode, counts, seconds, scores)


def progress_chart(courses: Sequence[Course], *, along: Literal["trials", "seconds"]) -> go.Figure:
    """The best score so far, a step at each trial that completed, a line per search.

    Args:
        courses: At least one; all of the same metric.
        along: Which of their values the x-axis shows.
    """
    figure = go.Figure()
    for place, each in enumerate(courses):
        colour = CATEGORIES[place % len(CATEGORIES)]
        figure.add_scatter(
            x=list(each.trials if along == "trials" else each.seconds),
            y=list(each.best),
            mode="lines+markers",
            line={"shape": "hv", "color": colour, "width": 2},
            marker={"size": 4},
            name=html.escape(each.study),
        )
    title = f"best {courses[0].metric} so far"
    return styled(figure, x=_TITLES[along], y=title, height=380)
