"""Suggestions: a searcher that tells Optuna the truth. See also `drawing.py`, which draws.

Ray's own OptunaSearch tells trials that a scheduler stopped as complete with their early score,
leaves NaN results running for ever, and stores no link between its trials and Optuna's. Here a
trial's id is its Optuna number.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import optuna
import optuna.exceptions
from optuna.trial import TrialState
from ray.tune.search import Searcher

from raylab.space.space import Space
from raylab.tracking.records import TrialRecord
from raylab.tuning.drawing.trial_draws import Drawing, trial_name
from raylab.tuning.outcome import Deaths, Outcome, outcome

_STATES = {"completed": TrialState.COMPLETE, "pruned": TrialState.PRUNED, "failed": TrialState.FAIL}
STUDY_NAME = "raylab"


class StudySearch(Searcher):
    """Hands out trials of a study: first those that were interrupted, then new draws.

    Args:
        space: The checked space.
        modes: max or min, for each objective.
        storage: SQLAlchemy URL of the study's Optuna database.
        job: Tune config of a trial, from its id and its drawn parameters.
        draws: How many trials may be drawn that the ledger does not know.
        enough: Whether no further trial is to be drawn (see `stopping.py`).
        no_room: Whether the study's disk is full: a process that dies then has not failed.
    """

    def __init__(
        self,
        space: Space,
        *,
        modes: Sequence[str],
        storage: str,
        job: Callable[[str, dict[str, Any]], dict[str, Any]],
        draws: int,
        enough: Callable[[], bool] = lambda: False,
        no_room: Callable[[], bool] = lambda: False,
    ) -> None:
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        warnings.filterwarnings("ignore", category=optuna.exceptions.ExperimentalWarning)
        several = len(modes) > 1
        super().__init__(
            metric=list(space.metrics) if several else "score",
            mode=list(modes) if several else modes[0],
        )
        self._optuna = optuna.create_study(
            storage=optuna.storages.RDBStorage(storage),
            study_name=STUDY_NAME,
            directions=["maximize" if mode == "max" else "minimize" for mode in modes],
            load_if_exists=True,
        )
        self._optuna.set_metric_names(list(space.metrics))  # what optuna-dashboard calls them
        self._drawing, self._objective = Drawing(space, self._optuna), space.metrics[0]
        self._keeps_curves = (
            not several
        )  # Optuna has intermediate values of one objective only; the ledger has all
        self._job, self._enough, self._draws = job, enough, draws
        self._deaths, self._halted, self._no_room = Deaths(), False, no_room
        self._pending: list[tuple[int, dict[str, Any]]] = []
        self._running: dict[str, dict[str, Any]] = {}
        self._heard: dict[
            str, int
        ] = {}  # the last step of each trial that the ledger, and Optuna, know of

    def suggest(self, trial_id: str) -> dict[str, Any] | str | None:
        if self._halted:
            return Searcher.FINISHED
        if not self._pending:
            if self._draws <= 0 or self._enough():
                return (
                    None if self._running else Searcher.FINISHED
                )  # one whose process dies comes back
            self._draws -= 1
        number, params = self._pending.pop(0) if self._pending else self._drawing.draw()
        name = trial_name(number)
        self._running[trial_id] = {**self._job(name, params), "since": self._heard.get(name, 0)}
        return self._running[trial_id]

    @property
    def at_work(self) -> bool:
        """Whether a trial that was begun has not ended."""
        return bool(self._pending or self._running)

    def on_trial_result(self, trial_id: str, result: dict[str, Any]) -> None:
        if "score" in result and trial_id in self._running:
            name = self._running[trial_id]["job"]["trial"]
            self._heard[name] = result["steps"]
            self._report(name, *result.get("earlier", ()), result)

    def on_trial_complete(
        self, trial_id: str, result: dict[str, Any] | None = None, error: bool = False
    ) -> None:
        config = self._running.pop(trial_id, None)
        if config is None:
            return
        name = config["job"]["trial"]
        if (result or {}).get("halted") or (error and self._no_room()):
            self._halted = True
        elif error and self._deaths.again(name):
            self._pending.append((int(name), config["params"]))
        else:
            self._report(name, *(result or {}).get("earlier", ()))
            self.tell(
                name,
                outcome(
                    result,
                    max_steps=config["max_steps"],
                    crash="the process died" if error else None,
                ),
            )

    def comes_back(self, trial: str) -> bool:
        """Whether a trial waits to be run again."""
        return any(trial_name(number) == trial for number, _ in self._pending)

    def _report(self, trial: str, *told: Mapping[str, Any]) -> None:
        """Intermediate values, where Optuna keeps them."""
        for one in told if self._keeps_curves else ():
            self._drawing.report(int(trial), one["steps"], one["score"])

    def tell(self, trial: str, ended: Outcome) -> None:
        if ended.score is not None:
            # Tune gives a trial's last result here only, never to `on_trial_result`.
            self._report(trial, {"score": ended.score, "steps": ended.step})
        values = (ended.scores or ended.score) if ended.state == "completed" else None
        self._drawing.tell(int(trial), _STATES[ended.state], values)

    def requeue(self, known: Mapping[str, TrialRecord]) -> None:
        """Take up where a killed driver stopped: what has no end in the ledger is run again, with
        the values it has.

        The ledger decides. A trial that Optuna drew and the ledger never saw start is run as if
        just drawn; one whose end only Optuna was told has its end once more, from its last
        checkpoint; what Optuna does not know (a value, an end, or, of a database that was lost, the
        trial) it is told.
        """
        for name in sorted(known, key=int)[len(self._optuna.get_trials(deepcopy=False)) :]:
            self._drawing.keep(int(name), known[name].params)
        for held in self._optuna.get_trials(deepcopy=False):
            record = known.get(trial_name(held.number))
            ended = record is not None and record.state in _STATES
            if record is not None:
                self._heard[record.trial] = record.step
                self._report(record.trial, *_scored(record, self._objective))
            if record is not None and ended and not held.state.is_finished():
                told = Outcome(record.state, record.score, record.step, scores=record.scores)  # type: ignore[arg-type]
                self.tell(record.trial, told)
            elif not ended and (record is not None or not held.state.is_finished()):
                self._pending.append((held.number, record.params if record else dict(held.params)))
                self._draws -= record is None

    def __getstate__(self) -> dict[str, Any]:
        """Nothing, likewise: Tune pickles its whole set-up at the start, and again at every
        snapshot.
        """
        return {}

    def save(self, checkpoint_path: str) -> None:
        """Nothing: a study is resumed from its ledger and Optuna's database, never from a pickle."""

    def restore(self, checkpoint_path: str) -> None:
        raise AssertionError("a study is resumed from its ledger, not from Tune's snapshot")


def _scored(record: TrialRecord, metric: str) -> Iterator[dict[str, Any]]:
    """What the ledger has of a trial's validations, as `_report` takes it."""
    return (
        {"steps": step, "score": told[metric]} for _, step, told in record.history if metric in told
    )
