"""The scores in a study's folder `scores`: a summary, a table and a figure of each."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup

from raylab.errors import DataError
from raylab.files import read_json
from raylab.reporting.facts import StudyFacts
from raylab.reporting.markup import image, render
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
    """Which classes decoders mistake for which."""
    return scores(facts.scores, CONFUSIONS)


def scores(folder: Path, kinds: Kinds) -> Markup | None:
    """What a folder holds of some kinds of scores; None where it holds none of them."""
    listed = [
        _score(path, kinds)
        for path in sorted(folder.glob("*.json"))
        if path.stem.split("-")[0] in kinds
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
