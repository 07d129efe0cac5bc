"""What each fold came to: its validation losses and choices, and the losses of its test part."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import mean

import numpy as np

from raylab.analysis.answering.averaged import averaged
from raylab.analysis.answering.choosing import FoldChoice, choose
from raylab.analysis.answering.further_parts import RotatedTables
from raylab.analysis.answering.outcomes import EntrantFacts, FoldOutcome
from raylab.analysis.answering.refitting.chance import chance_losses
from raylab.analysis.answering.refitting.refits import Refit
from raylab.analysis.answering.rotating.rotated import rotated_tables
from raylab.analysis.answering.searching.board import Board, FoldBoard
from raylab.config.parse import parse_trial
from raylab.data.dataset import Dataset
from raylab.evaluation.certainty.held_out import HeldOut
from raylab.training.candidates import CandidateTable


@dataclass(frozen=True)
class ChosenFold:
    """A fold with what its validation part chose.

    Attributes:
        outcome: Without the test part.
        unit_kind: What its units are.
    """

    board: FoldBoard
    choice: FoldChoice
    outcome: FoldOutcome
    unit_kind: str


def chosen_folds(board: Board, label: str, *, rotated: bool = True) -> list[ChosenFold]:
    """The choices of the folds that have a result.

    Args:
        rotated: Whether the further validation parts count, as far as their fits are there.
    """
    further = rotated_tables(board) if rotated else {}
    return [
        _choose_in(board, fold, label, further.get(fold.number, ()))
        for fold in board.folds
        if fold.ended
    ]


def _choose_in(board: Board, fold: FoldBoard, label: str, rotated: RotatedTables) -> ChosenFold:
    tables = board.tables(fold)
    choice = choose(tables, board.families, rotated)
    held_out = next(iter(next(iter(tables.values())).values())).held_out
    outcome = FoldOutcome(
        fold=fold.number,
        valid=choice.losses,
        valid_chance=_chance(board, fold, held_out, label, ("train",)),
        members=choice.members,
        recommended=choice.recommended.entrant,
        baseline=choice.baseline.entrant if choice.baseline else None,
        best=choice.best.entrant,
        parts=choice.parts,
    )
    return ChosenFold(fold, choice, outcome, held_out.unit_kind)


def tested(
    chosen: ChosenFold, board: Board, refits: Mapping[str, Sequence[Refit]], label: str
) -> FoldOutcome:
    """The outcome of a fold with its test part.

    Args:
        refits: Of each entrant that the fold chose. An entrant without any predictions is left out.
    """
    losses: dict[str, np.ndarray] = {}
    held_out: HeldOut | None = None
    for entrant, own in refits.items():
        tables = tables_of(board, own)
        if tables:
            held_out = tables[0][0].held_out
            losses[entrant] = held_out.unit_losses(averaged(tables))
    if held_out is None:
        return chosen.outcome
    chance = _chance(board, chosen.board, held_out, label, ("train", "valid"))
    return replace(chosen.outcome, test=losses, test_chance=chance)


def tables_of(board: Board, refits: Sequence[Refit]) -> list[tuple[CandidateTable, float]]:
    """What the refits of an entrant predicted, each with its weight."""
    return [
        (board.table(trial.name), refit.weight / len(refit.trials))
        for refit in refits
        for trial in refit.trials
        if board.has_table(trial.name)
    ]


def _chance(
    board: Board, fold: FoldBoard, held_out: HeldOut, label: str, fit: Sequence[str]
) -> np.ndarray:
    trial = next(iter(fold.ended.values()))[0]
    config = json.loads(board.study.config_path(trial).read_text(encoding="utf-8"))
    return chance_losses(held_out, parse_trial(config, trial), Dataset(fold.data), label, fit)


def facts_of(board: Board, folds: Sequence[ChosenFold]) -> dict[str, EntrantFacts]:
    """What is known of every entrant that has losses; of an ensemble only what it is made of."""
    facts = board.facts()
    ensembles = [fold.choice.ensemble for fold in folds if fold.choice.ensemble]
    if ensembles:
        learnt = round(mean(each.learnt for each in ensembles))
        facts[ensembles[0].entrant] = EntrantFacts("ensemble", learnt=learnt)
    return facts
