"""All uses of Optuna's private attributes: access to trials by their ids in a storage, and hooks of
samplers that have no public equivalent.

tests/unit/tuning/test_optuna_private.py fails when a new version of Optuna changes one of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import optuna
from optuna.distributions import BaseDistribution
from optuna.trial import FrozenTrial, TrialState

NSGA2_GENERATION = "NSGAIISampler:generation"  # names of system attributes that Optuna's samplers
CMAES_GENERATION = "cma:generation"  # store with a trial
QMC_INDEX = "raylab:qmc"  # ours


def trial_id(trial: FrozenTrial) -> int:
    """The id of a trial in the storage of its study; its number is another one."""
    return trial._trial_id


def trial_id_of(study: optuna.Study, number: int) -> int:
    """The id in the storage of the trial with this number."""
    storage = study._storage
    return storage.get_trial_id_from_study_id_trial_number(study._study_id, number)


def read_trial(study: optuna.Study, identifier: int) -> FrozenTrial:
    """The trial with this id, without reading the others."""
    return study._storage.get_trial(identifier)


def set_intermediate_value(study: optuna.Study, identifier: int, step: int, value: float) -> None:
    study._storage.set_trial_intermediate_value(identifier, step, value)


def set_end(
    study: optuna.Study, identifier: int, state: TrialState, values: Sequence[float] | None
) -> None:
    """Write the final state and values of a trial."""
    study._storage.set_trial_state_values(identifier, state, values)


class SequenceSampler(optuna.samplers.QMCSampler):
    """A quasi-random sequence in which the index of each draw is stored with its trial.

    Optuna stores the index in the study, once per set of parameters. A resumed search could not
    tell which draws were accepted.
    """

    def sample_relative(
        self, study: optuna.Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, object]:
        self._trial = trial
        return super().sample_relative(study, trial, search_space)

    def _find_sample_id(
        self, study: optuna.Study, search_space: dict[str, BaseDistribution]
    ) -> int:
        trials = study.get_trials(deepcopy=False)
        index = 1 + max((trial.system_attrs.get(QMC_INDEX, -1) for trial in trials), default=-1)
        study._storage.set_trial_system_attr(self._trial._trial_id, QMC_INDEX, index)
        return index


class RecomputedCmaEsSampler(optuna.samplers.CmaEsSampler):
    """CMA-ES whose state is computed anew from the trials, generation by generation.

    Optuna's own sampler keeps its state in the study's database as a pickle and loads it for the
    next draw. Anyone who can write to the database could then run code here.
    """

    def _restore_optimizer(self, completed_trials: list[FrozenTrial]) -> None:
        self._completed = completed_trials

    def _init_optimizer(self, trans: Any, direction: optuna.study.StudyDirection) -> Any:
        optimizer = super()._init_optimizer(trans, direction)
        sign = 1 if direction == optuna.study.StudyDirection.MINIMIZE else -1
        size = optimizer.population_size
        while True:
            trials = self._get_solution_trials(self._completed, optimizer.generation)[:size]
            if len(trials) < size:
                # Optuna's caller finds no full generation either, so it never writes its pickle.
                return optimizer
            optimizer.tell(
                [(trans.transform(trial.params), sign * (trial.value or 0.0)) for trial in trials]
            )
