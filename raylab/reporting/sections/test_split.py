"""The scores on the test split, and how often it was read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from raylab.reporting.baselines import BASELINE_NAMES
from raylab.reporting.facts import Evaluation, StudyFacts
from raylab.reporting.markup import render
from raylab.reporting.reads_of_test import reads_text


@dataclass(frozen=True)
class Row:
    """A score of the winner with its 95 % interval, and the same score of each baseline."""

    label: str
    metric: str
    score: float | None
    interval: Sequence[float] | None
    baselines: Sequence[float | None]


def test_split(facts: StudyFacts) -> Markup:
    """A row per label and metric, where the study was evaluated on the test split."""
    reads, evaluation = facts.test_reads, facts.evaluation
    if not evaluation:
        text = reads_text(reads) if reads else "Not read: it is untouched."
        return render("note.html", style="soft", text=text)
    kinds = [kind for kind in BASELINE_NAMES if kind in (evaluation.get("baselines") or {})]
    names = [BASELINE_NAMES[kind] for kind in kinds]
    return render(
        "test_split.html",
        style="warning" if len(reads) > 1 else "soft",
        reads=reads_text(reads),
        heads=["label", "metric", f"trial {evaluation.get('trial')}", "95 % interval", *names],
        rows=[
            _row(evaluation, label, metric, kinds)
            for label, scores in (evaluation.get("scores") or {}).items()
            for metric in scores
        ],
    )


def _row(evaluation: Evaluation, label: str, metric: str, kinds: Sequence[str]) -> Row:
    intervals, baselines = evaluation.get("intervals") or {}, evaluation.get("baselines") or {}
    return Row(
        label=label,
        metric=metric,
        score=evaluation["scores"][label][metric],
        interval=(intervals.get(label) or {}).get(metric),
        baselines=[((baselines.get(kind) or {}).get(label) or {}).get(metric) for kind in kinds],
    )
