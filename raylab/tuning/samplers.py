"""Optuna's samplers as a space names them. A new one is made for each draw, so a draw depends on
nothing that a killed driver would take with it: only on the trials there are, the sampler's seed
and the trial's number.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import optuna
from optuna.distributions import BaseDistribution
from optuna.trial import FrozenTrial

from raylab.space.conditions import always_numbers
from raylab.space.parameters import Parameter
from raylab.space.space import Space

QMC_INDEX = "raylab:qmc"
GENERATION = "cma:generation"  # of CMA-ES, as Optuna names it
BRED = optuna.samplers.NSGAIISampler._get_generation_key()
# What samplers note of a trial that a resumed search needs: whole numbers all of them.
NOTED = (QMC_INDEX, GENERATION, BRED)


def make_sampler(
    space: Space, *, seed: int, earlier: Sequence[FrozenTrial] = ()
) -> optuna.samplers.BaseSampler:
    """
    Args:
        seed: Of this draw.
        earlier: Finished trials of earlier studies, for samplers that are told of them apart.
    """
    config, trials = space.sampler, space.budget.trials
    startup = config.startup_trials or max(2, min(10, trials // 3))
    match config.kind:
        case "random":
            return optuna.samplers.RandomSampler(seed=seed)
        case "grid":
            return _Grid(seed=seed)
        case "qmc":
            return _Qmc(
                space, seed=config.seed
            )  # the sequence is one; the place in it is the trials'
        case "gp":
            return _Gp(space, seed=seed, n_startup_trials=startup)
        case "cmaes":
            return _CmaEs(
                space, seed=seed, popsize=config.population, source_trials=list(earlier) or None
            )
        case "nsga2":
            population = config.population or max(4, min(50, trials // 4))
            return optuna.samplers.NSGAIISampler(seed=seed, population_size=population)
    # constant_liar: trials under way count as bad, so that those drawn at one time differ.
    return optuna.samplers.TPESampler(
        seed=seed, n_startup_trials=startup, multivariate=True, group=True, constant_liar=True
    )


def distribution(parameter: Parameter) -> BaseDistribution:
    """A parameter as Optuna has it; the same as `Parameter.suggest` makes."""
    if parameter.float_:
        return optuna.distributions.FloatDistribution(
            *parameter.float_, log=parameter.log, step=parameter.step
        )
    if parameter.int_:
        return optuna.distributions.IntDistribution(
            *parameter.int_, log=parameter.log, step=int(parameter.step or 1)
        )
    return optuna.distributions.CategoricalDistribution(list(parameter.categorical or ()))


class _Grid(optuna.samplers.BruteForceSampler):
    """Every point once, in random order. Unlike Optuna's GridSampler it follows conditions; what
    was visited it reads from the study's own trials, so a resumed grid goes on where it stopped.
    """

    def after_trial(self, *_: Any) -> None:
        """Nothing: the original ends `study.optimize` after the last point; here the budget is the
        grid's size.
        """


class _Qmc(optuna.samplers.QMCSampler):
    """A scrambled Sobol sequence over all paths of a space.

    Optuna's own draws the first trial at random and then only the paths which that one had. Here a
    path has its coordinate whether or not a draw has the path, so those with `when` are as evenly
    spread as the others.
    """

    def __init__(self, space: Space, *, seed: int) -> None:
        super().__init__(scramble=True, seed=seed, warn_independent_sampling=False)
        self._whole = {
            name: distribution(parameter) for name, parameter in sorted(space.search.items())
        }

    def infer_relative_search_space(
        self, study: optuna.Study, trial: FrozenTrial
    ) -> dict[str, BaseDistribution]:
        return self._whole

    def sample_relative(
        self, study: optuna.Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        self._trial = trial
        return super().sample_relative(study, trial, search_space)

    def _find_sample_id(
        self, study: optuna.Study, search_space: dict[str, BaseDistribution]
    ) -> int:
        taken = (
            other.system_attrs.get(QMC_INDEX, -1) for other in study.get_trials(deepcopy=False)
        )
        index = 1 + max(taken, default=-1)
        study._storage.set_trial_system_attr(self._trial._trial_id, QMC_INDEX, index)
        return index


class _Gp(optuna.samplers.GPSampler):
    """Learns of the paths that every draw has; Optuna's own takes those that the trials so far
    happen to share.
    """

    def __init__(self, space: Space, **options: Any) -> None:
        super().__init__(warn_independent_sampling=False, **options)
        modelled = [name for name, parameter in space.search.items() if not parameter.when]
        self._modelled = {name: distribution(space.search[name]) for name in modelled}

    def infer_relative_search_space(
        self, study: optuna.Study, trial: FrozenTrial
    ) -> dict[str, BaseDistribution]:
        return {name: spread for name, spread in self._modelled.items() if not spread.single()}


class _CmaEs(optuna.samplers.CmaEsSampler):
    """CMA-ES whose state is told anew, generation by generation, from the trials.

    Optuna's own keeps it in the study's database as a pickle and unpickles it for the next draw:
    whoever could write the database could run code here.
    """

    def __init__(self, space: Space, **options: Any) -> None:
        super().__init__(warn_independent_sampling=False, **options)
        self._modelled = {name: distribution(space.search[name]) for name in always_numbers(space)}

    def infer_relative_search_space(
        self, study: optuna.Study, trial: FrozenTrial
    ) -> dict[str, BaseDistribution]:
        return {name: spread for name, spread in self._modelled.items() if not spread.single()}

    def _restore_optimizer(self, completed_trials: list[FrozenTrial]) -> None:
        self._told = completed_trials

    def _init_optimizer(self, trans: Any, direction: optuna.study.StudyDirection) -> Any:
        optimizer = super()._init_optimizer(trans, direction)
        sign = 1 if direction == optuna.study.StudyDirection.MINIMIZE else -1
        while True:
            told = self._get_solution_trials(self._told, optimizer.generation)[
                : optimizer.population_size
            ]
            if len(told) < optimizer.population_size:
                # the caller finds no full generation either, and so never writes its pickle
                return optimizer
            optimizer.tell(
                [(trans.transform(one.params), sign * (one.value or 0.0)) for one in told]
            )
