"""Alternatives as a table: which metrics are shown, and all of them as CSV."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import cast

from raylab.evaluation.metrics import shown_in
from raylab.files import atomic_path
from raylab.reporting.score_files.common import ScoreJson
from raylab.reporting.score_files.embeddings import AlternativesScore

_HEADS = ("alternative", "learnt", "completed", "failed", "metric", "mean", "low", "high")


def shown_metrics(
    result: ScoreJson | AlternativesScore, objectives: Sequence[str] = ()
) -> list[str]:
    """The metrics to show, objectives first, of those that any alternative has."""
    score = cast(AlternativesScore, result)
    known = {name for each in score["alternatives"].values() for name in each["metrics"]}
    return [
        name for name in dict.fromkeys((*objectives, *shown_in("alternatives"))) if name in known
    ]


def write_table(path: Path, result: ScoreJson) -> None:
    """Write a CSV file with one row per alternative and metric."""
    score = cast(AlternativesScore, result)
    with atomic_path(path) as temporary, temporary.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(_HEADS)
        for name, alternative in score["alternatives"].items():
            counts = (alternative["learnt"], alternative["completed"], alternative["failed"])
            for metric, spread in alternative["metrics"].items():
                low, high = spread["interval"] or ("", "")
                rows.writerow([name, *counts, metric, spread["mean"], low, high])
