"""Figures and scores as files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from raylab.files import atomic_path, write_json
from raylab.reporting.canvas import Figure
from raylab.tracking.study import StudyFolder


def save_figure(path: Path, figure: Figure) -> None:
    """Write a figure as PNG; the file appears whole or not at all."""
    with atomic_path(path) as temporary:
        figure.savefig(temporary, format="png")


def keep_score(study: StudyFolder, name: str, result: Mapping[str, Any], figure: Figure) -> None:
    """Write a result and its figure to the study's folder `scores`, where the report finds them.

    Args:
        name: Of the files; its part before the first hyphen is the kind of score by which the
            report chooses what to show of it.
        result: What the JSON file gets.
    """
    write_json(study.scores_folder / f"{name}.json", result)
    save_figure(study.scores_folder / f"{name}.png", figure)
