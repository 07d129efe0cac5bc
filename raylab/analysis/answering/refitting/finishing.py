"""What follows the search of an answer: the choices of each fold are fitted again and predict the
fold's test part; then what is chosen over all folds is fitted on all samples.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from raylab.analysis.answering.overall import Overall, overall
from raylab.analysis.answering.planning.question import Question
from raylab.analysis.answering.refitting.final import final_choice
from raylab.analysis.answering.refitting.folding import ChosenFold, chosen_folds, facts_of
from raylab.analysis.answering.refitting.refits import Refit, Refits, run_missing, seconds_of
from raylab.analysis.answering.searching.board import Board
from raylab.analysis.answering.searching.reserve import Reserve
from raylab.analysis.answering.searching.trials import Runner, Trial
from raylab.data.dataset import Dataset
from raylab.files import read_json, write_json
from raylab.tracking.events import TestRead
from raylab.tracking.records import reads_of_test
from raylab.training.predicting.keeping import keep_entrant

PURPOSE = "answer"
PLAN = "refits.json"
ENTRANTS = "entrants"


@dataclass(frozen=True)
class RefitPlan:
    """What is fitted again, decided once: a resumed answer goes on with it.

    Attributes:
        seeds: How many fits of a model with random numbers are averaged.
        best: Whether the entrants of the best mean are fitted again as well; the recommended ones
            and the best baselines always are.
        final: The entrant that is recommended over all folds, and the first trial of its fit on all
            samples; None before it is kept.
    """

    seeds: int
    best: bool = True
    final: Sequence[str] | None = None


class Finishing:
    """The refits and final fits of an answer."""

    def __init__(self, runner: Runner, board: Board, question: Question, reserve: Reserve) -> None:
        self._runner, self._board = runner, board
        self._question, self._reserve = question, reserve

    @property
    def has_begun(self) -> bool:
        """Whether the choices are made, so that no further trial may change them."""
        return plan_path(self._runner.study.path).is_file()

    def needed_s(self, folds: Sequence[ChosenFold]) -> float:
        """Work in seconds of the refits, if the search ended now with these choices."""
        if not folds:
            return 0.0
        work_s = self._work_s(folds, RefitPlan(self._question.seeds))
        return work_s if self._reserve.affords(work_s) else self._work_s(folds, RefitPlan(1))

    def run(self) -> None:
        """Run what is missing."""
        folds = chosen_folds(self._board, self._question.label)
        together = overall([fold.outcome for fold in folds], facts_of(self._board, folds))
        if together is None:
            return
        plan = self._plan(folds)
        refits = Refits(self._runner.study.records(), self._board.families, plan.seeds)
        self._test(folds, refits, plan)
        self._final(folds, refits, together, plan)

    def _plan(self, folds: Sequence[ChosenFold]) -> RefitPlan:
        path = plan_path(self._runner.study.path)
        if not path.is_file():
            plan = self._affordable(folds)
            write_json(path, asdict(plan))
        return read_plan(self._runner.study.path)

    def _affordable(self, folds: Sequence[ChosenFold]) -> RefitPlan:
        """As many refits as fit into the time that is left."""
        time_s = (self._runner.clock.left_s - self._reserve.report_s) * self._runner.pool.slots
        seeds = self._question.seeds
        for plan in (RefitPlan(seeds), RefitPlan(1), RefitPlan(1, best=False)):
            if self._work_s(folds, plan) <= time_s:
                return plan
        return plan

    def _work_s(self, folds: Sequence[ChosenFold], plan: RefitPlan) -> float:
        """Work in seconds of the refits, and of the final fits, which are as many as of a fold."""
        records = self._runner.study.records()
        refits = Refits(records, self._board.families, plan.seeds)
        each = [
            seconds_of(_trials(of_fold(fold, refits, plan).values()), records) for fold in folds
        ]
        return sum(each) + max(each)

    def _test(self, folds: Sequence[ChosenFold], refits: Refits, plan: RefitPlan) -> None:
        """Fit the choices of each fold again; its test part is read once, before the first."""
        read = {event.trial for event in reads_of_test(self._runner.study.ledger.read())}
        firsts: dict[int, str] = {}
        trials = list[Trial]()
        for fold in folds:
            own = list(_trials(of_fold(fold, refits, plan).values()))
            firsts[fold.board.number] = own[0].name
            trials += own

        def note_reading(trial: Trial) -> None:
            assert trial.fold is not None
            first = firsts[trial.fold]
            if first not in read:
                self._runner.study.ledger.append(TestRead(trial=first, purpose=PURPOSE))
                read.add(first)

        run_missing(self._runner, trials, note_reading)

    def _final(
        self, folds: Sequence[ChosenFold], refits: Refits, together: Overall, plan: RefitPlan
    ) -> None:
        """Fit what is chosen over all folds on all samples, and keep it for `raylab.load`."""
        data = folds[0].board.data
        names = [together.recommended, together.baseline, *([together.best] if plan.best else [])]
        for name in dict.fromkeys(name for name in names if name is not None):
            own = refits.final(final_choice(self._board, folds, name), data)
            run_missing(self._runner, _trials([own]))
            kept = self._keep(name, own, data)
            if kept and name == together.recommended:
                done = replace(plan, final=(name, own[0].trials[0].name))
                write_json(plan_path(self._runner.study.path), asdict(done))

    def _keep(self, name: str, refits: Sequence[Refit], data: Path) -> bool:
        """Keep an entrant for `raylab.load`; False where no fit of it completed."""
        study = self._runner.study
        completed = {record.trial for record in study.records() if record.state == "completed"}
        members, weights = list[Path](), list[float]()
        for refit in refits:
            done = [trial for trial in refit.trials if trial.name in completed]
            members += [study.trial_folder(trial.name) for trial in done]
            weights += [refit.weight / len(done)] * len(done)
        if members:
            keep_entrant(
                study.path / ENTRANTS / name,
                members,
                label=self._question.label,
                entrant=name,
                family=self._board.family(name),
                dataset=Dataset(data),
                weights=weights,
            )
        return bool(members)


def of_fold(fold: ChosenFold, refits: Refits, plan: RefitPlan) -> dict[str, list[Refit]]:
    """Entrant -> its refits, of those that a fold chose; the recommended entrant first."""
    choice = fold.choice
    chosen = [choice.recommended, choice.baseline, choice.best if plan.best else None]
    return {
        each.entrant: refits.of_fold(each, fold.board.number, fold.board.data)
        for each in chosen
        if each is not None
    }


def plan_path(study: Path) -> Path:
    return study / PLAN


def read_plan(study: Path) -> RefitPlan:
    """What is fitted again, as it was decided."""
    return RefitPlan(**read_json(plan_path(study)))


def _trials(refits: Iterable[Sequence[Refit]]) -> Iterator[Trial]:
    for own in refits:
        for refit in own:
            yield from refit.trials
