"""Runs the rotations of all folds, in the time that is kept for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from raylab.analysis.answering.planning.folds import deal_rotation
from raylab.analysis.answering.planning.question import Question
from raylab.analysis.answering.refitting.folding import ChosenFold, chosen_folds
from raylab.analysis.answering.refitting.refits import run_missing, seconds_of
from raylab.analysis.answering.rotating.planned import Rotation, plan_rotation
from raylab.analysis.answering.searching.board import Board
from raylab.analysis.answering.searching.trials import Runner
from raylab.data.dataset import Dataset
from raylab.errors import DataError

SHARE = 0.2  # of the budget that rotations may take


@dataclass(frozen=True)
class Rotations:
    """The rotations of an answer, planned from its search.

    Attributes:
        runner: Runs the fits.
    """

    runner: Runner
    board: Board
    question: Question

    def needed_s(self, folds: Sequence[ChosenFold]) -> float:
        """Work in seconds of the rotations, if the search ended now with these choices."""
        trials = [trial for rotation in self._planned(folds) for trial in rotation.trials]
        return seconds_of(trials, self.runner.study.records())

    def run(self) -> None:
        """Deal the datasets, and run the fits that are missing."""
        for rotation in self._planned(self._by_first_part()):
            dealt = {part for part in rotation.valid_folds if self._deal(rotation.fold, part)}
            run_missing(
                self.runner, [trial for trial in rotation.trials if trial.valid_fold in dealt]
            )

    def _by_first_part(self) -> list[ChosenFold]:
        return chosen_folds(self.board, self.question.label, rotated=False)

    def _planned(self, folds: Sequence[ChosenFold]) -> list[Rotation]:
        count = self._count
        if count < 3 or not folds:
            return []
        work_s = SHARE * self.runner.clock.budget_s * self.runner.pool.slots / len(folds)
        rotations = [
            plan_rotation(fold, self.board.study, self.board.families, folds=count, work_s=work_s)
            for fold in folds
        ]
        return [rotation for rotation in rotations if rotation is not None]

    @property
    def _count(self) -> int:
        return len(self.question.folds)

    def _deal(self, fold: int, valid_fold: int) -> bool:
        """Whether there is a dataset in which this part validates."""
        study = self.board.study
        try:
            deal_rotation(
                Dataset(study.description["data"]["path"]),
                study.rotation_path(fold, valid_fold),
                folds=self._count,
                fold=fold,
                valid_fold=valid_fold,
            )
        except DataError:  # a part may be too short for a gap on both of its sides
            return False
        return True
