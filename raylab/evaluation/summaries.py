"""Scores of many sessions in a few numbers: median, quartiles and their count, never the best."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

Scores = Mapping[str, Mapping[str, float]]  # label: metric: value


def summarised(scores: Sequence[Scores]) -> dict[str, dict[str, dict[str, Any]]]:
    """{label: {metric: {"median", "quartiles": [lower, upper], "n"}}} over those that have the
    score.

    Quartiles are interpolated between values, as numpy's by default; of one value they are that
    value.
    """
    collected: dict[str, dict[str, list[float]]] = {}
    for session in scores:
        for label, metrics in session.items():
            for metric, value in metrics.items():
                collected.setdefault(label, {}).setdefault(metric, []).append(value)
    return {
        label: {metric: _summary(values) for metric, values in of.items()}
        for label, of in collected.items()
    }


def summaries(sessions: Mapping[str, Scores], animals: Mapping[str, str]) -> dict[str, Any]:
    """Summaries over sessions and animals.

    Args:
        sessions: Scores by session.
        animals: The animal of each session, empty where it is unknown; such a session is in no
            animal's summary.

    Returns:
        {"animals": {animal: summary over its sessions}, "summary": {"sessions": over all sessions,
        "animals": over the medians of animals, since sessions of one animal are not independent of
        each other}}; see `summarised`.
    """
    names = dict.fromkeys(animals[session] for session in sessions if animals[session])
    own = {
        name: [scores for session, scores in sessions.items() if animals[session] == name]
        for name in names
    }
    by_animal = {name: summarised(scores) for name, scores in own.items()}
    every = {
        "sessions": summarised(list(sessions.values())),
        "animals": summarised([*map(_medians, by_animal.values())]),
    }
    return {"animals": by_animal, "summary": every}


def _medians(summary: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> dict[str, dict[str, float]]:
    return {
        label: {metric: scores["median"] for metric, scores in metrics.items()}
        for label, metrics in summary.items()
    }


def _summary(values: Sequence[float]) -> dict[str, Any]:
    lower, median, upper = np.percentile(values, [25, 50, 75]).tolist()
    return {"median": median, "quartiles": [lower, upper], "n": len(values)}
