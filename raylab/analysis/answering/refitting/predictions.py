"""What the recommended entrants and the best baselines predicted on the test parts of all folds."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from raylab.analysis.answering.averaged import averaged
from raylab.analysis.answering.refitting.finishing import of_fold, read_plan
from raylab.analysis.answering.refitting.folding import ChosenFold, tables_of
from raylab.analysis.answering.refitting.refits import Refits
from raylab.analysis.answering.searching.board import Board
from raylab.config.parse import parse_trial
from raylab.config.training import EvaluationConfig
from raylab.config.view import ViewConfig
from raylab.data.dataset import Dataset
from raylab.data.examples import examples_of
from raylab.data.views.view import make_timeline
from raylab.evaluation.certainty.held_out import HeldOut
from raylab.files import write_tensors
from raylab.tasks.predictions import Places, predictions_of

Role = Literal["recommended", "baseline"]
ROLES: tuple[Role, ...] = ("recommended", "baseline")


@dataclass(frozen=True, eq=False)
class FoldPredictions:
    """The predictions of one entrant on the test part of one fold.

    Attributes:
        predicted: (n,) or (n, D) as `HeldOut.losses` takes them.
        places: Of each session of `held_out`.
    """

    held_out: HeldOut
    predicted: np.ndarray
    places: list[Places | None]


def write_test_predictions(board: Board, folds: Sequence[ChosenFold], label: str) -> None:
    """Write the predictions of both roles, pooled over the folds whose test part was read.

    Args:
        label: The label that is decoded.
    """
    study = board.study
    refits = Refits(study.records(), board.families, read_plan(study.path).seeds)
    for role in ROLES:
        pooled = [
            each
            for fold in folds
            if (each := _of_fold(board, fold, refits, role, label)) is not None
        ]
        if not pooled:
            continue
        spec = board.dataset.labels[label]
        about = {"label": label, "unit": spec.unit, "split": "test"}
        about["per"] = _evaluation(board, folds[0]).per
        names = {str(getattr(fold.outcome, role)) for fold in folds}
        joined = pooled_folds(pooled)
        arrays, metadata = predictions_of(joined.held_out, joined.predicted, joined.places, about)
        if arrays:
            more = {**metadata, "entrants": json.dumps(sorted(names))}
            write_tensors(study.predictions_path(role), arrays, more)


def pooled_folds(folds: Sequence[FoldPredictions]) -> FoldPredictions:
    """The predictions of several folds, session by session, with one numbering of the classes."""
    first = folds[0].held_out
    classes = tuple(dict.fromkeys(name for each in folds for name in each.held_out.classes))
    sessions = tuple(dict.fromkeys(name for each in folds for name in each.held_out.sessions))
    parts: list[tuple[int, np.ndarray, np.ndarray, Places | None]] = []
    for number, fold in enumerate(folds):
        for place, name in enumerate(fold.held_out.sessions):
            at = fold.held_out.session == place
            truth = _numbered(fold.held_out, fold.held_out.truth[at], classes)
            predicted = _numbered(fold.held_out, fold.predicted[at], classes)
            places = _in_fold(fold.places[place], number)
            parts.append((sessions.index(name), truth, predicted, places))
    parts.sort(key=lambda part: part[0])  # stable: the folds of a session stay in their order
    sizes = [len(part[1]) for part in parts]
    session = np.repeat([part[0] for part in parts], sizes)
    # Units and weights are of the first fold alone; nothing that is written needs them.
    together = replace(
        first,
        classes=classes,
        truth=np.concatenate([part[1] for part in parts]),
        sessions=sessions,
        session=session,
    )
    joined = [
        _joined([part[3] for part in parts if part[0] == number]) for number in range(len(sessions))
    ]
    return FoldPredictions(together, np.concatenate([part[2] for part in parts]), joined)


def _of_fold(
    board: Board, fold: ChosenFold, refits: Refits, role: Role, label: str
) -> FoldPredictions | None:
    """None where the fold has no such entrant, or none of its refits predicted the test part."""
    entrant = getattr(fold.outcome, role)
    own = of_fold(fold, refits, read_plan(board.study.path)).get(entrant, [])
    tables = tables_of(board, own)
    if not tables:
        return None
    held_out = tables[0][0].held_out
    places = _places(board, fold, held_out, label)
    return FoldPredictions(held_out, averaged(tables), places)


def _places(board: Board, fold: ChosenFold, held_out: HeldOut, label: str) -> list[Places | None]:
    """When the test examples of each session were recorded."""
    dataset, config = Dataset(fold.board.data), _evaluation(board, fold)
    places: list[Places | None] = []
    for name in held_out.sessions:
        recording = dataset.open(name)
        timeline = make_timeline(recording, ViewConfig())
        every = examples_of(timeline, label, per=config.per)
        examples = every.labelled(("test",), config.max_samples)
        assert examples.samples is not None
        seconds = np.asarray(recording.time[examples.samples], np.float64)
        part = np.searchsorted(recording.parts[:, 0], examples.samples, side="right")
        places.append(Places(seconds, part))
    return places


def _evaluation(board: Board, fold: ChosenFold) -> EvaluationConfig:
    """How the entrants of a fold are scored, all in the same way."""
    trial = next(iter(fold.board.ended.values()))[0]
    config = json.loads(board.study.config_path(trial).read_text(encoding="utf-8"))
    return parse_trial(config, trial).evaluation


def _numbered(held_out: HeldOut, values: np.ndarray, classes: tuple[str, ...]) -> np.ndarray:
    """Codes into the common classes; other values as they are."""
    if held_out.kind != "discrete":
        return values
    place = np.array([classes.index(name) for name in held_out.classes], np.int64)
    return np.asarray(place[values])


def _in_fold(places: Places | None, fold: int) -> Places | None:
    """Parts of different folds are different parts."""
    return None if places is None else Places(places.seconds, places.part + fold * 1_000_000)


def _joined(places: Sequence[Places | None]) -> Places | None:
    known = [each for each in places if each is not None]
    if len(known) < len(places):
        return None
    seconds = np.concatenate([each.seconds for each in known])
    return Places(seconds, np.concatenate([each.part for each in known]))
