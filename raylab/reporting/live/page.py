"""The live page of a study, and the values that it polls."""

from __future__ import annotations

import json
from collections.abc import Sequence

from raylab.reporting.markup import render
from raylab.reporting.progress.results import EndedTrial, Progress
from raylab.reporting.progress.wording import (
    baseline_text,
    best_text,
    done_text,
    duration,
    ended_text,
    left_text,
    steps_text,
)
from raylab.reporting.tables.cells import keys, short_names, text

POLL_S = 2.0  # between two requests of the page


def live_page(name: str) -> str:
    """The whole document; it fetches nothing but its own values.

    Args:
        name: Of the study.
    """
    return str(render("live.html", title=name, poll_ms=int(1000 * POLL_S)))


def live_values(
    progress: Progress | None,
    scores: Sequence[tuple[float, float]] = (),
    *,
    error: Exception | None = None,
) -> str:
    """What the page shows, as JSON: texts and curves.

    Args:
        progress: Of the study; None before there is one.
        scores: (time in unix seconds, score) of each trial that completed, in the order of time.
        error: Why the study could not be read again.
    """
    problem = str(error) if error is not None else ""
    if progress is None:
        waiting = {"state": "waiting", "phase": "waiting for the study", "error": problem}
        return json.dumps(waiting)
    values = {
        "study": progress.study,
        "state": progress.state,
        "phase": progress.phase,
        "error": problem,
        "share": progress.share,
        "cards": _cards(progress),
        "left_from": progress.left_from or "",
        "heads": _heads(progress),
        "rows": [_row(progress, place) for place in range(len(progress.running))],
        "latest": [_latest(trial) for trial in progress.latest],
        "metric": progress.best.metric if progress.best else "",
        "scores": [[time, score] for time, score in scores],
        "baseline": _baseline_of_chart(progress),
    }
    return json.dumps(values, allow_nan=False)


def _cards(progress: Progress) -> list[tuple[str, str]]:
    """(what, value) of the boxes at the top; empty values are left out."""
    cards = [
        ("done", done_text(progress)),
        ("best so far", best_text(progress).removeprefix("best ")),
        ("best baseline", baseline_text(progress).removeprefix("baseline ")),
        ("so far", duration(progress.elapsed_s)),
        ("time left", left_text(progress).removesuffix(" left")),
    ]
    return [(what, value) for what, value in cards if value]


def _heads(progress: Progress) -> list[str]:
    metrics = keys(trial.scores for trial in progress.running)
    return ["trial", "step", *metrics, "curve", "time left", *_params(progress).values()]


def _row(progress: Progress, place: int) -> dict[str, object]:
    """The cells of a running trial: texts, and its curve."""
    trial = progress.running[place]
    metrics = keys(each.scores for each in progress.running)
    scores = (trial.scores.get(metric) for metric in metrics)
    return {
        "cells": [
            trial.trial,
            steps_text(trial.step, trial.max_steps),
            *("–" if score is None else f"{score:.4f}" for score in scores),
        ],
        "share": trial.step / trial.max_steps if trial.max_steps else None,
        "curve": list(trial.curve),
        "more": [
            "" if trial.left_s is None else duration(trial.left_s),
            *(text(trial.params.get(path)) for path in _params(progress)),
        ],
    }


def _params(progress: Progress) -> dict[str, str]:
    return short_names(keys(trial.params for trial in progress.running))


def _latest(trial: EndedTrial) -> dict[str, object]:
    return {"time": trial.ended, "state": trial.state, "text": ended_text(trial)}


def _baseline_of_chart(progress: Progress) -> float | None:
    """The baseline's score where it is of the metric of the chart."""
    baseline, best = progress.baseline, progress.best
    return baseline.score if baseline and best and baseline.metric == best.metric else None
