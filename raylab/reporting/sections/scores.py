"""The scores in a study's folder `scores`: a summary, a table and a figure of each."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup

from raylab.errors import DataError
from raylab.files import read_json, safe_name
from raylab.reporting.facts import StudyFacts
from raylab.reporting.markup import image, render
from raylab.reporting.sections.predictions import saved_predictions
from raylab.reporting.sections.score_kinds import (
    CONFUSIONS,
    EMBEDDINGS_COMPARED,
    Kinds,
    Summary,
)


@dataclass(frozen=True)
class Score:
    """A file of the folder; `summary` is None where it cannot be read."""

    name: str
    file: str
    summary: Summary | None
    image: Markup


def embeddings_compared(facts: StudyFacts) -> Markup | None:
    """Consistency, topology, other methods, shuffled labels and alternatives."""
    return scores(facts.scores, EMBEDDINGS_COMPARED)


def confusion_matrices(facts: StudyFacts) -> Markup | None:
    """Which classes decoders mistake for which; those that the section of predictions has are left
    out.
    """
    return scores(facts.scores, CONFUSIONS, without=_drawn(facts))


def _drawn(facts: StudyFacts) -> str:
    """The file whose matrix the section of predictions has; empty for none."""
    try:
        shown = saved_predictions(facts)
    except DataError:
        return ""
    return f"confusion-{safe_name(shown.label)}-{shown.split}.json" if shown else ""


def scores(folder: Path, kinds: Kinds, *, without: str = "") -> Markup | None:
    """What a folder holds of some kinds of scores; None where it holds none of them.

    Args:
        without: The name of a file that is left out.
    """
    listed = [
        _score(path, kinds)
        for path in sorted(folder.glob("*.json"))
        if path.stem.split("-")[0] in kinds and path.name != without
    ]
    return render("scores.html", scores=listed) if listed else None


def _score(path: Path, kinds: Kinds) -> Score:
    try:
        summary = kinds[path.stem.split("-")[0]](read_json(path))
    except (DataError, KeyError, TypeError, ValueError):
        summary = None
    picture = path.with_suffix(".png")
    drawing = image(picture, path.stem) if picture.is_file() else Markup("")
    return Score(path.stem, path.name, summary, drawing)
