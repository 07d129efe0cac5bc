"""Suggestions: OptunaSearch that tells Optuna the truth. The only Optuna import besides `importance.py`.

Ray's own OptunaSearch tells trials that a scheduler stopped as complete with their early score, leaves NaN results
running for ever, and stores no link between its trials and Optuna's. Here a trial's id is its Optuna number.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import optuna
import optuna.exceptions
from optuna.trial import TrialState
from ray.tune.search.optuna import OptunaSearch

from raylab.studies.outcome import Outcome, outcome
from raylab.studies.space import Sampler, Space
from raylab.tracking.records import TrialRecord

_STATES = {"completed": TrialState.COMPLETE, "pruned": TrialState.PRUNED, "failed": TrialState.FAIL}
STUDY_NAME = "raylab"


class StudySearch(OptunaSearch):
    """Hands out trials of a study: first those that were interrupted, then new draws.

    Args:
        space: The checked space.
        modes: max or min, for each objective.
        storage: SQLAlchemy URL of the study's Optuna database.
        job: Tune config of a trial, from its id and its drawn parameters.
        seen: Trials drawn so far; the sampler's stream continues from there.
    """

    def __init__(
        self,
        space: Space,
        *,
        modes: Sequence[str],
        storage: str,
        job: Callable[[str, dict[str, Any]], dict[str, Any]],
        seen: int = 0,
    ) -> None:
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        warnings.filterwarnings("ignore", category=optuna.exceptions.ExperimentalWarning)
        several = len(modes) > 1
        super().__init__(
            space=space.define(),
            metric=list(space.metrics) if several else "score",
            mode=list(modes) if several else modes[0],
            study_name=STUDY_NAME,
            storage=optuna.storages.RDBStorage(storage),
            sampler=make_sampler(space.sampler, trials=space.budget.trials, seen=seen),
        )
        if several:
            self._ot_study.set_metric_names(list(space.metrics))
        self._keeps_curves = not several  # Optuna has intermediate values of one objective only; the ledger has all
        self._job = job
        self._pending: list[int] = []
        self._running: dict[str, dict[str, Any]] = {}

    def suggest(self, trial_id: str) -> dict[str, Any] | None:
        if self._pending:
            number = self._pending.pop(0)
            held = next(t for t in self._ot_study.get_trials(deepcopy=False) if t.number == number)
            self._ot_trials[trial_id] = optuna.Trial(self._ot_study, held._trial_id)
        params = super().suggest(trial_id)  # a trial that is asked again keeps the values it has
        drawn = self._ot_trials[trial_id]
        name = f"{drawn.number:04d}"
        drawn.set_user_attr("raylab_trial", name)
        self._running[trial_id] = self._job(name, params)
        return self._running[trial_id]

    def on_trial_result(self, trial_id: str, result: dict[str, Any]) -> None:
        if self._keeps_curves and "error" not in result and trial_id in self._running:
            self._ot_trials[trial_id].report(result["score"], result["steps"])

    def on_trial_complete(self, trial_id: str, result: dict[str, Any] | None = None, error: bool = False) -> None:
        config = self._running.pop(trial_id, None)
        if config is not None:
            ended = outcome(result, max_steps=config["max_steps"], crash="the process died" if error else None)
            self.tell(self._ot_trials[trial_id], ended)

    def tell(self, trial: optuna.Trial, ended: Outcome) -> None:
        if self._keeps_curves and ended.score is not None:
            # Tune gives a trial's last result here only, never to `on_trial_result`.
            trial.report(ended.score, ended.step)
        values = (ended.scores or ended.score) if ended.state == "completed" else None
        self._ot_study.tell(trial.number, values, state=_STATES[ended.state], skip_if_finished=True)

    def requeue(self, known: Mapping[str, TrialRecord]) -> None:
        """Take up where a killed driver stopped: what Optuna holds as running is either run again or told its end.

        The ledger decides. A trial that Optuna drew and the ledger never saw start is run as if just drawn.
        """
        for held in self._ot_study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
            record = known.get(f"{held.number:04d}")
            if record is not None and record.state in _STATES:
                trial = optuna.Trial(self._ot_study, held._trial_id)
                ended = Outcome(record.state, record.score, record.step, scores=record.scores)  # type: ignore[arg-type]
                self.tell(trial, ended)
            else:
                self._pending.append(held.number)

    def __getstate__(self) -> dict[str, Any]:
        """Nothing, likewise: Tune pickles its whole set-up at the start, and again at every snapshot."""
        return {}

    def save(self, checkpoint_path: str) -> None:
        """Nothing: a study is resumed from its ledger and Optuna's database, never from a pickle."""

    def restore(self, checkpoint_path: str) -> None:
        raise AssertionError("a study is resumed from its ledger, not from Tune's snapshot")


def make_sampler(config: Sampler, *, trials: int, seen: int) -> optuna.samplers.BaseSampler:
    """`seen` moves the seed: a resumed search must not draw the same random trials again."""
    seed = config.seed + 1_000_003 * seen
    if config.kind == "random":
        return optuna.samplers.RandomSampler(seed=seed)
    if config.kind == "grid":
        return _Grid(seed=seed)
    if config.kind == "nsga2":
        population = config.population or max(4, min(50, trials // 4))
        return optuna.samplers.NSGAIISampler(seed=seed, population_size=population)
    startup = config.startup_trials or max(2, min(10, trials // 3))
    # constant_liar: trials under way count as bad, so that those drawn at one time differ.
    return optuna.samplers.TPESampler(
        seed=seed, n_startup_trials=startup, multivariate=True, group=True, constant_liar=True
    )


class _Grid(optuna.samplers.BruteForceSampler):
    """Every point once, in random order. Unlike Optuna's GridSampler it follows conditions; what was visited it reads
    from the study's own trials, so a resumed grid goes on where it stopped."""

    def after_trial(self, *_: Any) -> None:
        """Nothing: the original ends `study.optimize` after the last point; here the budget is the grid's size."""
