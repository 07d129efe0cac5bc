"""The searcher of a study, which hands trials to Ray Tune and records them in Optuna's database.

Ray's own OptunaSearch records trials that a scheduler stopped as complete, with their early score.
It leaves trials with NaN results running for ever, and stores no link between its trials and
Optuna's. Here the id of a trial is its Optuna number.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import optuna
import optuna.exceptions
from optuna.trial import TrialState
from ray.tune.search import Searcher

from raylab.space.parameters import Scalar
from raylab.space.space import Space
from raylab.tracking.extensions import Addition
from raylab.tracking.records import Mode, TrialRecord
from raylab.tuning.control import Requested
from raylab.tuning.drawing.trial_draws import Drawing, Same, trial_name
from raylab.tuning.job import TrialSetup
from raylab.tuning.outcome import Deaths, Outcome, RoundResult, outcome

_STATES = {"completed": TrialState.COMPLETE, "pruned": TrialState.PRUNED, "failed": TrialState.FAIL}
STUDY_NAME = "raylab"


Added = tuple[Addition, Mapping[str, Scalar]]  # with the searched values of the origin


class MakeSetup(Protocol):
    """Makes the setup of a trial from its id and its searched values; see `trial_setup`. A trial
    that an extension added has the config of its origin.
    """

    def __call__(
        self,
        trial: str,
        params: Mapping[str, Scalar],
        *,
        until: int | None = None,
        piece: int = 0,
        addition: Addition | None = None,
    ) -> TrialSetup: ...


@dataclass(frozen=True)
class SearchSetup:
    """What a searcher needs besides the space.

    Attributes:
        modes: "max" or "min" for each objective.
        storage: SQLAlchemy URL of the study's Optuna database.
        setup: Makes the setup of a trial.
        draws: How many trials may be drawn that the ledger does not know.
        additions: Trials that extensions added and the ledger does not know, with their values.
        enough: Whether no further trial is to be drawn (see `stopping.py`).
        no_room: Whether the study's disk is full. A process that dies then has not failed.
        requested: What users asked of the driver.
        same: Tells which draws are the same trial; default: those with the same values.
    """

    modes: Sequence[Mode]
    storage: str
    setup: MakeSetup
    draws: int
    additions: Sequence[Added] = ()
    enough: Callable[[], bool] = lambda: False
    no_room: Callable[[], bool] = lambda: False
    requested: Requested = field(default_factory=Requested)
    same: Same | None = None


class StudySearch(Searcher):
    """Hands out trials of a study: first those that were interrupted, then those that extensions
    added, then new draws.

    Args:
        space: The checked space.
    """

    def __init__(self, space: Space, search: SearchSetup) -> None:
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        warnings.filterwarnings("ignore", category=optuna.exceptions.ExperimentalWarning)
        modes, several = search.modes, len(search.modes) > 1
        super().__init__(
            metric=list(space.metrics) if several else "score",
            mode=list(modes) if several else modes[0],
        )
        self._optuna = optuna.create_study(
            storage=optuna.storages.RDBStorage(search.storage),
            study_name=STUDY_NAME,
            directions=["maximize" if mode == "max" else "minimize" for mode in modes],
            load_if_exists=True,
        )
        self._optuna.set_metric_names(list(space.metrics))  # what optuna-dashboard calls them
        self._drawing, self._objective = Drawing(space, self._optuna, search.same), space.metrics[0]
        self._keeps_curves = (
            not several
        )  # Optuna has intermediate values of one objective only; the ledger has all
        self._make_setup, self._draws = search.setup, search.draws
        self._waiting = list(search.additions)
        self._additions: dict[str, Addition] = {}  # of the trials that were added
        self._enough, self._no_room = search.enough, search.no_room
        self._requested = search.requested
        self._deaths, self._halted = Deaths(), False
        self._pending: list[tuple[int, Mapping[str, Scalar]]] = []
        self._running: dict[str, TrialSetup] = {}
        self._last_steps: dict[
            str, int
        ] = {}  # the last step of each trial that the ledger, and Optuna, know of

    def suggest(self, trial_id: str) -> dict[str, object] | str | None:
        if self._halted:
            return Searcher.FINISHED
        if self._requested.paused or not (self._pending or self._waiting or self._may_draw):
            # While trials run, one whose process dies comes back, and a user may extend the study.
            return None if self._running else Searcher.FINISHED
        number, params = self._next()
        name = trial_name(number)
        setup = self._setup(name, params)
        setup["since"] = self._last_steps.get(name, 0)
        self._running[trial_id] = setup
        return dict(setup)

    def _next(self) -> tuple[int, Mapping[str, Scalar]]:
        """The number and the values of the next trial."""
        if self._pending:
            return self._pending.pop(0)
        if self._waiting:
            addition, params = self._waiting.pop(0)
            number = self._drawing.add(params, addition)
            self._additions[trial_name(number)] = addition
            return number, params
        self._draws -= 1
        return self._drawing.draw()

    @property
    def _may_draw(self) -> bool:
        return self._draws > 0 and not self._enough()

    def _setup(self, trial: str, params: Mapping[str, Scalar]) -> TrialSetup:
        return self._make_setup(trial, params, addition=self._additions.get(trial))

    def extend(self, draws: int, additions: Sequence[Added]) -> None:
        """Hand out more trials."""
        self._draws += draws
        self._waiting += additions

    @property
    def at_work(self) -> bool:
        """Whether a trial that was begun, or added, has not ended."""
        return bool(self._pending or self._waiting or self._running)

    def on_trial_result(self, trial_id: str, result: RoundResult) -> None:
        if "score" in result and trial_id in self._running:
            name = self._running[trial_id]["job"]["trial"]
            self._last_steps[name] = result["steps"]
            self._report(name, *result.get("earlier", ()), result)

    def on_trial_complete(
        self, trial_id: str, result: RoundResult | None = None, error: bool = False
    ) -> None:
        config = self._running.pop(trial_id, None)
        if config is None:
            return
        name = config["job"]["trial"]
        if (result or {}).get("halted") or (error and self._no_room()):
            self._halted = True
        elif self._deaths.again(name) if error else name in self._requested.aside:
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

    def _report(self, trial: str, *validations: RoundResult) -> None:
        """Record intermediate values. Optuna keeps them for studies of one objective only."""
        for validation in validations if self._keeps_curves else ():
            self._drawing.report(int(trial), validation["steps"], validation["score"])

    def tell(self, trial: str, ended: Outcome) -> None:
        if ended.score is not None:
            # Tune gives a trial's last result here only, never to `on_trial_result`.
            self._report(trial, {"score": ended.score, "steps": ended.step})
        values = (ended.scores or ended.score) if ended.state == "completed" else None
        self._drawing.tell(int(trial), _STATES[ended.state], values)

    def requeue(self, known: Mapping[str, TrialRecord]) -> None:
        """Continue where a killed driver stopped. Trials without an end in the ledger run again,
        with the values that they have.

        The ledger decides. A trial that Optuna drew and that never started, according to the
        ledger, runs as if it had just been drawn. A trial that ended only according to Optuna
        continues from its last checkpoint. Values, ends and trials that only the ledger has are
        written to Optuna's database.
        """
        for name in sorted(known, key=int)[len(self._optuna.get_trials(deepcopy=False)) :]:
            self._drawing.keep(int(name), known[name].params, Addition.of(known[name]))
        for held in self._optuna.get_trials(deepcopy=False):
            record = known.get(trial_name(held.number))
            ended = record is not None and record.state in _STATES
            addition = self._drawing.addition_of(held)
            if addition is not None:
                self._additions[trial_name(held.number)] = addition
            if record is not None:
                self._last_steps[record.trial] = record.step
                self._report(record.trial, *_scored(record, self._objective))
            if record is not None and ended and not held.state.is_finished():
                ending = Outcome(record.state, record.score, record.step, scores=record.scores)  # type: ignore[arg-type]
                self.tell(record.trial, ending)
            elif not ended and (record is not None or not held.state.is_finished()):
                # Earlier versions lost the start of a trial whose first process never came up.
                params = record.params if record and record.params else dict(held.params)
                self._pending.append((held.number, params))
                if record is None:
                    self._begun(addition)

    def _begun(self, addition: Addition | None) -> None:
        """Count a trial that Optuna's database has and the ledger does not know."""
        if addition is None:
            self._draws -= 1
        else:
            waiting = [entry for entry, _ in self._waiting]
            del self._waiting[waiting.index(addition)]

    def __getstate__(self) -> dict[str, object]:
        """Nothing: Tune pickles the searcher for snapshots, which raylab never restores."""
        return {}

    def save(self, checkpoint_path: str) -> None:
        """Do nothing: a study is resumed from its ledger and Optuna's database."""

    def restore(self, checkpoint_path: str) -> None:
        raise AssertionError("a study is resumed from its ledger, not from Tune's snapshot")


def _scored(record: TrialRecord, metric: str) -> Iterator[RoundResult]:
    """The validations of a trial in the ledger, in the form that `_report` takes."""
    return (
        {"steps": step, "score": metrics[metric]}
        for _, step, metrics in record.history
        if metric in metrics
    )
