"""Confusion matrices of a study: files beside its scores, a figure, and the report's section."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.figure import Figure

from raylab.evaluation.confusion import Confusion, confusion, summed
from raylab.evaluation.decoding import Decoded
from raylab.files import atomic_path, safe_name, write_json
from raylab.reporting.plots import literal
from raylab.reporting.score_sections import score_section
from raylab.tracking.study import StudyFolder

NAMED = 30  # classes up to which the axes have names
ANNOTATED = 12  # and the cells numbers
_STEM = "confusion"
_DPI = 150


def keep_confusions(
    study: StudyFolder, decoded: Mapping[str, Mapping[str, Decoded]], *, split: str, trial: str
) -> list[Path]:
    """Write the confusion matrix of every discrete label, summed over sessions, to the study's
    `scores` folder.

    Args:
        decoded: Session -> label -> what was decoded of it.

    Returns:
        The JSON files; beside each lie a CSV of the counts and a figure (PNG).
    """
    written = []
    for label in dict.fromkeys(label for found in decoded.values() for label in found):
        ones = [
            found[label]
            for found in decoded.values()
            if label in found and found[label].kind == "discrete"
        ]
        if ones:
            matrix = summed([confusion(one.truth, one.predicted, one.classes) for one in ones])
            about = {"label": label, "split": split, "trial": trial, "sessions": len(ones)}
            written.append(
                _keep(
                    study.scores_folder / f"{_STEM}-{safe_name(label)}-{split}.json", matrix, about
                )
            )
    return written


def _keep(path: Path, matrix: Confusion, about: Mapping[str, Any]) -> Path:
    with atomic_path(path.with_suffix(".csv")) as temporary:
        matrix.table().to_csv(temporary, index=False)
    title = f"{about['label']}: {about['split']} split, trial {about['trial']}"
    with atomic_path(path.with_suffix(".png")) as temporary:
        confusion_figure(matrix, title=title).savefig(temporary, format="png")
    counted = {"classes": len(matrix.classes), "samples": int(matrix.counts.sum())}
    write_json(path, {**about, **counted, "mistakes": matrix.mistakes()})
    return path


def confusion_figure(matrix: Confusion, *, title: str = "") -> Figure:
    """Fractions of each true class (row); grey rows are classes that were not shown."""
    count, fractions = len(matrix.classes), matrix.fractions
    side = 3.0 + 0.28 * min(count, 16)
    figure = Figure(figsize=(side + 1.1, side), dpi=_DPI, layout="constrained")
    axis = figure.subplots()
    colours = colormaps["viridis"].with_extremes(bad="#c4c9d1")
    shown = axis.imshow(np.ma.masked_invalid(fractions), vmin=0, vmax=1, cmap=colours)
    if count <= NAMED:
        size = 8 if count <= 16 else 6
        names = [literal(name) for name in matrix.classes]
        axis.set_xticks(
            range(count), names, fontsize=size, rotation=45 if max(map(len, names)) > 3 else 0
        )
        axis.set_yticks(range(count), names, fontsize=size)
    else:
        axis.set_xticks([])
        axis.set_yticks([])
    if count <= ANNOTATED:
        for (row, column), value in np.ndenumerate(fractions):
            ink = "white" if value < 0.6 else "black"
            said = "" if np.isnan(value) else f"{value:.2f}"
            axis.text(column, row, said, ha="center", va="center", color=ink, fontsize=7)
    axis.set_xlabel(f"predicted ({count} classes)", fontsize=9)
    axis.set_ylabel("true", fontsize=9)
    axis.set_title(literal(title), fontsize=10)
    figure.colorbar(shown, ax=axis, shrink=0.8).set_label("share of the true class", fontsize=9)
    return figure


def confusion_section(folder: Path) -> str:
    """What the report shows of a study's confusion matrices; nothing where there is none."""
    return score_section(folder, {_STEM: _said})


def _said(found: Mapping[str, Any]) -> str:
    over = f"{found['sessions']} session" + ("s" if found["sessions"] > 1 else "")
    line = f"Trial {found['trial']}, {found['split']} split: {found['samples']} samples of {over}."
    mistakes = [
        f"{one['true']} for {one['predicted']} ({one['fraction']:.0%})" for one in found["mistakes"]
    ]
    more = f" Most often mistaken (true for predicted): {', '.join(mistakes)}." if mistakes else ""
    return f"<p class='soft'>{escape(line + more)}</p>"
