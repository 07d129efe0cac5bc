"""An answer from its first trial to its report: searches, chooses, fits again, concludes."""

from __future__ import annotations

from collections.abc import Callable

from raylab.analysis.answering.conclusion import Conclusion
from raylab.analysis.answering.fitting import fit
from raylab.analysis.answering.planning.question import Question
from raylab.analysis.answering.refitting.finishing import Finishing
from raylab.analysis.answering.refitting.folding import chosen_folds
from raylab.analysis.answering.results import Answer
from raylab.analysis.answering.rotating.rotations import Rotations
from raylab.analysis.answering.searching.board import Board
from raylab.analysis.answering.searching.clock import Clock
from raylab.analysis.answering.searching.reserve import Reserve
from raylab.analysis.answering.searching.search import Search
from raylab.analysis.answering.searching.trials import Fit, Runner, Say, warm_up
from raylab.data.dataset import Dataset
from raylab.space.settings import Resources
from raylab.tracking.events import SearchStopped
from raylab.tracking.extensions import is_stopped
from raylab.tracking.study import StudyFolder
from raylab.tuning.driver import open_trials_recorded
from raylab.tuning.planning.study_plan import connect_for
from raylab.tuning.pool import OnLost, Pool, RayPool
from raylab.tuning.run import run_recorded
from raylab.tuning.study_report import report

MakePool = Callable[[OnLost], Pool]
MANY = 1_000_000  # trials that there may be: as many run at once as fit on the machines


def run_answer(
    study: StudyFolder, clock: Clock, say: Say, *, pool: MakePool | None = None, function: Fit = fit
) -> Answer:
    """Run what is missing of an answer, and conclude it.

    Args:
        clock: What is left of the budget.
        pool: Makes the pool of processes; default: of Ray actors.
        function: What fits a trial.

    Raises:
        KeyboardInterrupt: The answer was stopped. What validation says until then is in
            answer.json, and `raylab.resume` finishes it.
    """
    question = Question.of(study)
    folds = question.fold_paths(study)
    entrants, _ = question.entrants(Dataset(folds[0]), study.path)
    board = Board(study, folds, entrants)
    conclusion = Conclusion(study, question, board, clock)
    make_pool = pool or pool_of_actors(question.reserved)
    for note in question.notes:
        say(f"note: {note}")

    def run(on_end: Callable[[], None]) -> None:
        runner = Runner(
            study=study,
            label=question.label,
            pool=make_pool(lambda trial, reason: runner.lost(trial, reason)),
            clock=clock,
            resources=question.reserved,
            say=say,
            on_end=on_end,
            function=function,
        )
        with runner.pool, open_trials_recorded(study):
            _run(runner, board, question, conclusion)

    try:
        run_recorded(study, say, run)
    except KeyboardInterrupt:
        sentence = conclusion.write(interrupted=True).sentence
        report(study.path)
        say(sentence)
        raise
    answer = conclusion.write()
    report(study.path)
    return answer


def pool_of_actors(resources: Resources) -> MakePool:
    """Connects to Ray; the pool has as many processes as fit on its machines."""
    slots = connect_for(resources, MANY)
    return lambda on_lost: RayPool(slots, resources, on_lost, warm_up)


def _run(runner: Runner, board: Board, question: Question, conclusion: Conclusion) -> None:
    """Search, unless what follows has begun; then fit what was chosen again."""
    board.restore(runner.study.records())
    reserve = Reserve(board, runner.clock.budget_s, runner.pool.slots, question.seeds)
    finishing = Finishing(runner, board, question, reserve)
    rotations = Rotations(runner, board, question)
    if not finishing.has_begun:
        if not is_stopped(runner.study.ledger.read()):
            search = Search(board, runner, reserve)
            # What is chosen mostly costs less than what may be chosen: the search gets the rest.
            while search.run():
                folds = chosen_folds(board, question.label)
                reserve.known_s = finishing.needed_s(folds) + rotations.needed_s(folds)
            reason = f"the search's share of {question.minutes:g} minutes is used"
            runner.study.ledger.append(SearchStopped(reason=reason))
        rotations.run()
    finishing.run()
