"""The outcome of a study in a sentence: whether the winner beats its matched baselines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from raylab.config.readouts import READOUTS
from raylab.tracking.records import Mode, TrialRecord, best, front

_PHRASES = {
    "input": "its own input",
    "raw": "raw activity",
    "smoothed": "smoothed activity",
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
    """The champion of a selection over seeds.

    Attributes:
        record: The repetition that is used.
        choice: The sentence that says how its config was chosen.
    """

    record: TrialRecord
    choice: str


def verdict(
    records: list[TrialRecord],
    *,
    mode: Mode,
    metric: str,
    baselines: Mapping[str, float],
    compared: str | None = None,
    more: Sequence[Mode] = (),
    champion: Champion | None = None,
    label: str | None = None,
) -> Verdict:
    """Whether the best trial, or the champion of a selection over seeds, beats its baselines.

    Args:
        label: What is decoded; it is named where there is one objective, a score of decoding.
        metric: The objective; the first of several.
        baselines: Scores by `compared`.
        compared: The metric that `compared_metric` gives; default: the objective.
        more: Modes of the objectives after the first.
    """
    winner = champion.record if champion else best(records, mode, *more)
    if winner is None or winner.score is None:
        return Verdict("open", _without_winner(records))
    names_label = label and not more and metric.startswith("decoding.")
    objective = f"{metric} of {label}" if names_label else metric
    choice = _choice(records, winner, mode=mode, metric=objective, more=more, champion=champion)
    score, subject = winner.score, "It"
    if compared not in (None, metric):
        score, mode = winner.metrics[str(compared)], "max"
        subject = f"By {compared} ({score:.3f}) it"
    if not baselines:
        return Verdict("open", f"{choice} There are no matched baselines to compare it with.")
    better = {
        kind: value
        for kind, value in baselines.items()
        if (value >= score if mode == "max" else value <= score)
    }
    if better:
        listed = " and to ".join(_phrase(kind, better) for kind in better)
        text = f"{choice} {subject} loses to {listed}{_consequence(winner)}."
        return Verdict("loses", text)
    pick = max if mode == "max" else min
    closest = _phrase(pick(baselines, key=lambda kind: baselines[kind]), baselines)
    text = f"{choice} {subject} beats every matched baseline; the closest is {closest}."
    return Verdict("wins", text)


def _consequence(winner: TrialRecord) -> str:
    """Whether training was worth its effort; of a readout, which is fitted at once, nothing."""
    model = winner.config.get("model") or {}
    readout = READOUTS.find(model.get("kind")) is not None
    return "" if readout else ": it does not earn its training"


def _choice(
    records: list[TrialRecord],
    winner: TrialRecord,
    *,
    mode: Mode,
    metric: str,
    more: Sequence[Mode],
    champion: Champion | None,
) -> str:
    """Which trial is held against the baselines, and why.

    Args:
        metric: With the label that it is of.
    """
    score = float(winner.score or 0.0)
    if champion:
        return f"{champion.choice} Its champion, {winner.trial}, has {score:.3f}."
    if not more:
        return f"Trial {winner.trial} is best: {metric} {score:.3f}."
    count = len(front(records, mode, *more))
    return (
        f"Of {count} trials on the Pareto front, {winner.trial} is best by {metric} ({score:.3f}) "
        "and shown here."
    )


def _without_winner(records: list[TrialRecord]) -> str:
    if not records:
        return "No trial has started."
    return f"No trial has completed with a score ({count_states(records)})."


def count_states(records: Sequence[TrialRecord]) -> str:
    """`5 completed, 2 pruned`"""
    states = [record.state for record in records]
    return ", ".join(f"{states.count(state)} {state}" for state in dict.fromkeys(states))


def _phrase(kind: str, baselines: Mapping[str, float]) -> str:
    return f"{_PHRASES.get(kind, kind)} ({baselines[kind]:.3f})"
