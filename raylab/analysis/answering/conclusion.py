"""The answer of a study, from what is in its folder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from raylab.analysis.answering.outcomes import Circumstances, FoldOutcome
from raylab.analysis.answering.planning.question import Question
from raylab.analysis.answering.refitting.finishing import (
    of_fold,
    plan_path,
    read_plan,
)
from raylab.analysis.answering.refitting.folding import ChosenFold, chosen_folds, facts_of, tested
from raylab.analysis.answering.refitting.predictions import write_test_predictions
from raylab.analysis.answering.refitting.refits import Refits
from raylab.analysis.answering.results import Answer
from raylab.analysis.answering.searching.board import Board
from raylab.analysis.answering.searching.clock import Clock
from raylab.analysis.answering.verdict import conclude
from raylab.analysis.models.kept import kept_entrants
from raylab.evaluation.metrics import primary
from raylab.files import write_json
from raylab.tracking.records import reads_of_test
from raylab.tracking.study import StudyFolder


@dataclass(frozen=True)
class Conclusion:
    """Concludes the answer of a study."""

    study: StudyFolder
    question: Question
    board: Board
    clock: Clock

    def write(self, *, interrupted: bool = False) -> Answer:
        """Conclude the answer from what there is, and write answer.json."""
        folds = chosen_folds(self.board, self.question.label)
        outcomes = self.outcomes(folds)
        answer = conclude(
            outcomes, facts_of(self.board, folds), self._circumstances(folds, interrupted)
        )
        write_json(self.study.answer_path, answer.to_dict())
        if any(outcome.is_tested for outcome in outcomes):
            write_test_predictions(self.board, folds, self.question.label)
        return answer

    def outcomes(self, folds: Sequence[ChosenFold]) -> list[FoldOutcome]:
        """What the folds came to, with their test parts where these were read."""
        if not plan_path(self.study.path).is_file():
            return [fold.outcome for fold in folds]
        plan = read_plan(self.study.path)
        refits = Refits(self.study.records(), self.board.families, plan.seeds)
        return [
            tested(fold, self.board, of_fold(fold, refits, plan), self.question.label)
            for fold in folds
        ]

    def _circumstances(self, folds: Sequence[ChosenFold], interrupted: bool) -> Circumstances:
        clock, spec = self.clock, self.board.dataset.labels[self.question.label]
        begun = plan_path(self.study.path).is_file()
        return Circumstances(
            label=self.question.label,
            metric=primary(spec.kind),
            unit_kind=folds[0].unit_kind if folds else "block",
            reads_of_test=len(reads_of_test(self.study.ledger.read())),
            seeds=read_plan(self.study.path).seeds if begun else self.question.seeds,
            budget_minutes=self.question.minutes,
            used_minutes=(clock.budget_s - clock.left_s) / 60,
            interrupted=interrupted,
            held_out=_held_out(self.board.dataset.manifest["splits"].get("kind")),
            kept=kept_entrants(self.study),
            final=self._final(),
            folder=str(self.study.path),
            notes=self._notes(folds),
            left_out=self.question.left_out,
        )

    def _final(self) -> str | None:
        """The fit of the recommended entrant on all samples, once the entrant is kept."""
        final = read_plan(self.study.path).final if plan_path(self.study.path).is_file() else None
        return final[1] if final else None

    def _notes(self, folds: Sequence[ChosenFold]) -> list[str]:
        notes = list(self.question.notes)
        if plan_path(self.study.path).is_file():
            plan = read_plan(self.study.path)
            if plan.seeds < self.question.seeds:
                notes.append(
                    f"models with random numbers were fitted again with {plan.seeds} seed instead "
                    f"of {self.question.seeds}, to keep the budget"
                )
            if not plan.best and any(_is_best_unread(fold) for fold in folds):
                notes.append(
                    "the entrants of the best mean were not fitted again, to keep the budget"
                )
        untried = [
            name
            for name in self.board.families
            if not any(fold.standings[name].begun for fold in self.board.folds)
        ]
        if untried:
            notes.append(f"no time to try {', '.join(untried)}: give more minutes")
        return notes


def _is_best_unread(fold: ChosenFold) -> bool:
    """Whether the entrant of the best mean is neither the recommended one nor the baseline."""
    outcome = fold.outcome
    return outcome.best not in (outcome.recommended, outcome.baseline)


def _held_out(kind: object) -> str | None:
    """What is held out whole, by the kind of the splits."""
    return {"sessions": "session", "animals": "animal"}.get(str(kind))
