"""Which configs of an entrant are fitted on all samples: those that are best over all folds."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from statistics import mean
from typing import Any

from raylab.analysis.answering.choosing import Chosen, Part
from raylab.analysis.answering.refitting.folding import ChosenFold
from raylab.analysis.answering.searching.board import Board

ENSEMBLE = "ensemble"


def final_choice(board: Board, folds: Sequence[ChosenFold], entrant: str) -> Chosen:
    """The config of an entrant with the lowest mean loss over folds, among those that most folds
    have tried. The members of an ensemble are those of all folds' ensembles.

    Args:
        folds: With their choices.
    """
    if board.family(entrant) != ENSEMBLE:
        return Chosen(entrant, (_best(board, entrant),), 0)
    weights: dict[str, float] = defaultdict(float)
    for fold in folds:
        ensemble = fold.choice.ensemble
        for part in ensemble.parts if ensemble else ():
            weights[_entrant_of(board, part.trial)] += part.weight
    most = max(len(fold.choice.ensemble.parts) for fold in folds if fold.choice.ensemble)
    leading = sorted(weights, key=lambda name: -weights[name])[:most]
    return Chosen(entrant, tuple(_best(board, name, weight=weights[name]) for name in leading), 0)


def _best(board: Board, entrant: str, *, weight: float = 1.0) -> Part:
    """The candidate of an entrant that is best over all folds."""
    losses: dict[tuple[int, str], list[float]] = defaultdict(list)
    parts: dict[tuple[int, str], Part] = {}
    for trial, number, overrides, loss in _candidates(board, entrant):
        key = number, json.dumps(overrides, sort_keys=True)
        losses[key].append(loss)
        parts.setdefault(key, Part(trial, overrides, weight))
    return parts[min(losses, key=lambda key: (-len(losses[key]), mean(losses[key])))]


def _candidates(board: Board, entrant: str) -> Iterator[tuple[str, int, dict[str, Any], float]]:
    """(trial, number of its config, overrides, mean loss) of all candidates of an entrant."""
    for fold in board.folds:
        for trial in fold.ended.get(entrant, ()):
            table = board.table(trial)
            for overrides, losses in zip(table.overrides, table.losses, strict=True):
                yield trial, int(trial.rsplit("-", 1)[-1]), overrides, float(losses.mean())


def _entrant_of(board: Board, trial: str) -> str:
    return next(
        entrant for fold in board.folds for entrant, trials in fold.ended.items() if trial in trials
    )
