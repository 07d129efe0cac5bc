"""Several studies on one self-contained page: their ranking, and how each search proceeded."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from markupsafe import Markup

from raylab.reporting.charts.progress import Course, progress_chart
from raylab.reporting.charts.ranking import ranking_chart
from raylab.reporting.markup import render
from raylab.reporting.page import page
from raylab.reporting.score_files.common import ScoreJson
from raylab.reporting.score_files.ranking import Ranking
from raylab.reporting.sections.charts import charts_markup
from raylab.reporting.sections.ranking import ranking_section


def comparison_page(result: ScoreJson, courses: Sequence[Course]) -> str:
    """The HTML of a ranking (`raylab.rank`) with the course of each search."""
    ranking = cast(Ranking, result)
    title = f"{ranking['label']}: {', '.join(course.study for course in courses)}"
    sections = {
        "Ranking": ranking_section(ranking),
        "Scores": charts_markup([ranking_chart(ranking)]),
        "Best so far": _progress(courses),
    }
    return page(title, render("comparison_head.html", title=title, ranking=ranking), sections)


def _progress(courses: Sequence[Course]) -> Markup:
    """A pair of charts for each objective: scores of different objectives share no axis."""
    pairs = Markup("")
    for metric in dict.fromkeys(course.metric for course in courses):
        own = [course for course in courses if course.metric == metric and course.best]
        if own:
            by_trials = progress_chart(own, along="trials")
            pairs += charts_markup([by_trials, progress_chart(own, along="seconds")], pair=True)
    return pairs
