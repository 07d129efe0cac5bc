"""What a study says in a sentence: the winner against its matched baselines, without mercy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from raylab.tracking.records import Mode, TrialRecord, best

BASELINE_NAMES = {
    "raw": "raw activity",
    "smoothed": "smoothed activity",
    "pca": "PCA",
    "chance": "chance",
}
_PHRASES = {
    "raw": "its own input, the raw activity",
    "smoothed": "its own smoothed input",
    "pca": "PCA of its input",
    "chance": "chance",
}


@dataclass(frozen=True)
class Verdict:
    """The outcome, as `text` for people and `kind` for colours."""

    kind: Literal["wins", "loses", "open"]
    text: str


def baseline_scores(baselines: Mapping[str, Any] | None, *, metric: str, label: str | None) -> dict[str, float]:
    """Each baseline's score by the objective, on validation; empty where the objective has no baseline.

    `decoding.r2` is `r2` of the study's label; `decoding.position.r2` names its label.
    """
    parts = metric.split(".")
    if not baselines or parts[0] != "decoding" or len(parts) < 2:
        return {}
    found: dict[str, float] = {}
    for kind, by_label in (baselines.get("valid") or {}).items():
        wanted = ".".join(parts[1:-1]) or label or (next(iter(by_label)) if len(by_label) == 1 else "")
        score = (by_label.get(wanted) or {}).get(parts[-1])
        if isinstance(score, int | float):
            found[kind] = float(score)
    return {kind: found[kind] for kind in sorted(found, key=_baseline_order)}


def verdict(records: list[TrialRecord], *, mode: Mode, metric: str, baselines: Mapping[str, float]) -> Verdict:
    """Whether the best trial beats what needs no training."""
    winner = best(records, mode)
    if winner is None or winner.score is None:
        return Verdict("open", _without_winner(records))
    score = winner.score
    said = f"Trial {winner.trial} is best: {metric} {score:.3f}."
    if not baselines:
        return Verdict("open", f"{said} There are no matched baselines to compare it with.")
    lost = {kind: value for kind, value in baselines.items() if (value >= score if mode == "max" else value <= score)}
    if not lost:
        closest = (max if mode == "max" else min)(baselines, key=lambda kind: baselines[kind])
        return Verdict("wins", f"{said} It beats every matched baseline; the closest is {_phrase(closest, baselines)}.")
    listed = " and to ".join(_phrase(kind, lost) for kind in lost)
    return Verdict("loses", f"{said} It loses to {listed}: no model here earns its training.")


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
