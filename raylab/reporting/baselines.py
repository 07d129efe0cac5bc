"""The scores of matched baselines: what needs no training and still predicts the labels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypedDict

from raylab.evaluation.metrics import SCORE, primary_among
from raylab.tracking.records import TrialRecord

BASELINE_NAMES = {
    "input": "its own input",
    "raw": "raw activity",
    "smoothed": "smoothed activity",
    "pca": "PCA",
    "chance": "chance",
}


class Baselines(TypedDict, total=False):
    """The content of `baselines.json`.

    Attributes:
        valid: Baseline -> label -> metric -> score on the validation split.
        settings: Baseline -> the settings of its decoder, or label -> session -> settings.
        sessions: Baseline -> label -> session -> metric -> score on the validation split; studies
            of earlier versions lack it.
    """

    valid: dict[str, dict[str, dict[str, float]]]
    settings: dict[str, dict[str, Any]]
    sessions: dict[str, dict[str, dict[str, dict[str, float]]]]


def baseline_scores(
    baselines: Baselines | None, *, metric: str, label: str | None
) -> dict[str, float]:
    """The score of each baseline by the objective, on validation; empty where the objective has no
    baseline.

    `decoding.r2` is `r2` of the study's label; `decoding.position.r2` names its label;
    `decoding.score` is the primary score of the label.
    """
    parts = metric.split(".")
    if not baselines or parts[0] != "decoding" or len(parts) < 2:
        return {}
    matched: dict[str, float] = {}
    for kind, by_label in (baselines.get("valid") or {}).items():
        only = next(iter(by_label)) if len(by_label) == 1 else ""
        scores = by_label.get(".".join(parts[1:-1]) or label or only) or {}
        primary = primary_among(scores)
        score = scores.get(primary if parts[-1] == "score" else parts[-1])
        if isinstance(score, int | float):
            matched[kind] = float(score)
    return {kind: matched[kind] for kind in sorted(matched, key=_order)}


def compared_metric(
    winner: TrialRecord | None,
    *,
    metric: str,
    baselines: Baselines | None,
    label: str | None,
) -> str:
    """The metric by which the winner and its baselines are compared: the objective, or the decoding
    score where the objective has no baselines.

    A model chosen by its goodness of fit must still be seen to lose where it decodes worse than its
    input.
    """
    matched = bool(baseline_scores(baselines, metric=metric, label=label))
    decodes = winner is not None and SCORE in winner.metrics
    return SCORE if not matched and decodes else metric


def decoder_settings(
    baselines: Baselines | None, kind: str, label: str | None
) -> tuple[Mapping[str, object], int]:
    """The settings of a baseline's decoder and 0; no settings and the number of sessions where they
    were chosen for each session apart.
    """
    settings: Mapping[str, Any] = ((baselines or {}).get("settings") or {}).get(kind) or {}
    settings = settings.get(label or "", settings)
    sessions = [each for each in settings.values() if isinstance(each, Mapping)]
    if len(sessions) > 1 and any(each != sessions[0] for each in sessions):
        return {}, len(sessions)
    return (sessions[0] if sessions else settings), 0


def _order(kind: str) -> int:
    order = list(BASELINE_NAMES)
    return order.index(kind) if kind in order else len(order)
