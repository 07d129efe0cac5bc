"""What a study says in a sentence: the winner against its matched baselines, without mercy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from raylab.tracking.records import Mode, TrialRecord, best, front

BASELINE_NAMES = {
    "input": "its own input",
    "raw": "raw activity",
    "smoothed": "smoothed activity",
    "pca": "PCA",
    "chance": "chance",
}
_PRIMARY = ("r2", "balanced_accuracy")  # of labels with values, of labels with classes
_DECODING = "decoding.score"
_PHRASES = {
    "input": "its own input",
    "raw": "raw activity",
    "smoothed": "its own smoothed input",
    "pca": "PCA of the activity",
    "chance": "chance",
}


@dataclass(frozen=True)
class Verdict:
    """The outcome, as `text` for people and `kind` for colours."""

    kind: Literal["wins", "loses", "open"]
    text: str


@dataclass(frozen=True)
class Champion:
    """What a selection over seeds chose, and the sentence that says so."""

    record: TrialRecord
    said: str


def baseline_scores(
    baselines: Mapping[str, Any] | None, *, metric: str, label: str | None
) -> dict[str, float]:
    """Each baseline's score by the objective, on validation; empty where the objective has no
    baseline.

    `decoding.r2` is `r2` of the study's label; `decoding.position.r2` names its label;
    `decoding.score` is the label's primary score.
    """
    parts = metric.split(".")
    if not baselines or parts[0] != "decoding" or len(parts) < 2:
        return {}
    found: dict[str, float] = {}
    for kind, by_label in (baselines.get("valid") or {}).items():
        wanted = (
            ".".join(parts[1:-1]) or label or (next(iter(by_label)) if len(by_label) == 1 else "")
        )
        scores = by_label.get(wanted) or {}
        name = (
            next((each for each in _PRIMARY if each in scores), "")
            if parts[-1] == "score"
            else parts[-1]
        )
        score = scores.get(name)
        if isinstance(score, int | float):
            found[kind] = float(score)
    return {kind: found[kind] for kind in sorted(found, key=_baseline_order)}


def compared_metric(
    winner: TrialRecord | None,
    *,
    metric: str,
    baselines: Mapping[str, Any] | None,
    label: str | None,
) -> str:
    """What the winner and its baselines are compared by: the objective, or decoding where it has no
    baselines.

    A model chosen by its goodness of fit must still be seen to lose where it decodes worse than its
    input.
    """
    has_own = bool(baseline_scores(baselines, metric=metric, label=label))
    return (
        _DECODING if not has_own and winner is not None and _DECODING in winner.metrics else metric
    )


def verdict(
    records: list[TrialRecord],
    *,
    mode: Mode,
    metric: str,
    baselines: Mapping[str, float],
    compared: str | None = None,
    more: Sequence[Mode] = (),
    champion: Champion | None = None,
) -> Verdict:
    """Whether the best trial, or the champion of a selection over seeds, beats what needs no
    training.

    Args:
        metric: The objective; the first of several.
        baselines: Scores by `compared`.
        compared: As `compared_metric` gives it; default: the objective.
        more: Of the objectives after the first.
    """
    winner = champion.record if champion else best(records, mode, *more)
    if winner is None or winner.score is None:
        return Verdict("open", _without_winner(records))
    score, subject = winner.score, "It"
    said = f"Trial {winner.trial} is best: {metric} {score:.3f}."
    if champion:
        said = f"{champion.said} Its champion, {winner.trial}, has {score:.3f}."
    elif more:
        count = len(front(records, mode, *more))
        said = (
            f"Of {count} trials on the Pareto front, {winner.trial} is best by {metric} "
            f"({score:.3f}) and shown here."
        )
    if compared not in (None, metric):
        score, mode = winner.metrics[str(compared)], "max"
        subject = f"By {compared} ({score:.3f}) it"
    if not baselines:
        return Verdict("open", f"{said} There are no matched baselines to compare it with.")
    lost = {
        kind: value
        for kind, value in baselines.items()
        if (value >= score if mode == "max" else value <= score)
    }
    if lost:
        listed = " and to ".join(_phrase(kind, lost) for kind in lost)
        return Verdict(
            "loses", f"{said} {subject} loses to {listed}: it does not earn its training."
        )
    closest = _phrase(
        (max if mode == "max" else min)(baselines, key=lambda kind: baselines[kind]), baselines
    )
    return Verdict(
        "wins", f"{said} {subject} beats every matched baseline; the closest is {closest}."
    )


def _without_winner(records: list[TrialRecord]) -> str:
    if not records:
        return "No trial has started."
    states = [record.state for record in records]
    counts = ", ".join(f"{states.count(state)} {state}" for state in dict.fromkeys(states))
    return f"No trial has completed with a score ({counts})."


def _phrase(kind: str, baselines: Mapping[str, float]) -> str:
    return f"{_PHRASES.get(kind, kind)} ({baselines[kind]:.3f})"


def _baseline_order(kind: str) -> int:
    order = list(BASELINE_NAMES)
    return order.index(kind) if kind in order else len(order)
