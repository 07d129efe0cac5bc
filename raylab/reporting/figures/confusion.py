"""A confusion matrix as a figure, and the files of a study's confusion matrices."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from raylab.evaluation.confusion import Confusion, confusion, summed
from raylab.evaluation.decoding import Decoded
from raylab.files import atomic_path, safe_name, write_json
from raylab.reporting.canvas import Axes, Figure, colormaps, plain
from raylab.reporting.figures.files import save_figure
from raylab.reporting.style import GREY, literal
from raylab.tracking.study import StudyFolder

NAMED = 30  # names that an axis holds
ANNOTATED = 12  # classes up to which the cells have numbers
_DPI = 150


def keep_confusions(
    study: StudyFolder, decoded: Mapping[str, Mapping[str, Decoded]], *, split: str, trial: str
) -> list[Path]:
    """Write the confusion matrix of every discrete label, summed over sessions, to the study's
    folder `scores`.

    Args:
        decoded: Session -> label -> the decoded labels.

    Returns:
        The JSON files; beside each lie a CSV of the counts and a figure (PNG).
    """
    paths = []
    for label in dict.fromkeys(label for labels in decoded.values() for label in labels):
        discrete = [
            labels[label]
            for labels in decoded.values()
            if label in labels and labels[label].kind == "discrete"
        ]
        if discrete:
            matrix = summed(
                [confusion(each.truth, each.predicted, each.classes) for each in discrete]
            )
            path = study.scores_folder / f"confusion-{safe_name(label)}-{split}.json"
            about = {"label": label, "split": split, "trial": trial, "sessions": len(discrete)}
            counts = {"classes": len(matrix.classes), "samples": int(matrix.counts.sum())}
            write_json(path, {**about, **counts, "mistakes": matrix.mistakes()})
            with atomic_path(path.with_suffix(".csv")) as temporary:
                matrix.table().to_csv(temporary, index=False)
            figure = confusion_figure(matrix, title=f"{label}: {split} split, trial {trial}")
            save_figure(path.with_suffix(".png"), figure)
            paths.append(path)
    return paths


@plain
def confusion_figure(matrix: Confusion, *, title: str = "") -> Figure:
    """The counts at the left; at the right the share of each predicted class per true class (row).
    A row is grey where no sample has that class.
    """
    count = len(matrix.classes)
    side = 3.0 + 0.28 * min(count, 24)
    figure = Figure(figsize=(2 * side + 1.4, side), dpi=_DPI, layout="constrained")
    figure.suptitle(literal(title), fontsize=10)
    for panel, shares in zip(figure.subplots(1, 2), (False, True)):
        _draw(panel, matrix, shares=shares)
    return figure


def _draw(panel: Axes, matrix: Confusion, *, shares: bool) -> None:
    count, fractions = len(matrix.classes), matrix.fractions
    values = fractions if shares else np.where(np.isnan(fractions), np.nan, matrix.counts)
    colours = colormaps["viridis"].with_extremes(bad=GREY)
    most = 1.0 if shares else max(float(matrix.counts.max(initial=0)), 1.0)
    panel.imshow(np.ma.masked_invalid(values), vmin=0, vmax=most, cmap=colours)
    _name_classes(panel, [literal(name) for name in matrix.classes])
    if count <= ANNOTATED:
        _write(panel, values, most=most, form=".2f" if shares else ".0f", size=7)
    panel.set_xlabel(f"predicted ({count} classes)", fontsize=9)
    panel.set_ylabel("true", fontsize=9)
    panel.set_title("share of the true class" if shares else "counts", fontsize=9)


def annotate(axis: Axes, fractions: np.ndarray, *, size: float | None = None) -> None:
    """Write the values of a matrix of shares into its cells, in an ink that its colour shows."""
    _write(axis, fractions, most=1.0, form=".2f", size=size)


def _write(
    axis: Axes, values: np.ndarray, *, most: float, form: str, size: float | None = None
) -> None:
    for (row, column), value in np.ndenumerate(values):
        text = "" if np.isnan(value) else f"{value:{form}}"
        ink = "white" if value < 0.6 * most else "black"
        axis.text(column, row, text, ha="center", va="center", color=ink, fontsize=size)


def _name_classes(axis: Axes, names: list[str]) -> None:
    """Names on both axes; of many classes every second, third ... one."""
    count = len(names)
    places = range(0, count, -(-count // NAMED) or 1)
    size = 8 if count <= 16 else 6
    shown = [names[place] for place in places]
    rotation = 90 if count > 16 else 45 if max(map(len, names), default=0) > 3 else 0
    axis.set_xticks(places, shown, fontsize=size, rotation=rotation)
    axis.set_yticks(places, shown, fontsize=size)
