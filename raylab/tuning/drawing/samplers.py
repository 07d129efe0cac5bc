"""The builders of samplers: each makes an Optuna sampler from its section of a space.

A new sampler is made for each draw. A draw therefore depends only on the trials so far, the seed
and the number of the trial, and on nothing that is lost when a driver is killed.
"""

from __future__ import annotations

from collections.abc import Sequence

import optuna
from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler
from optuna.trial import FrozenTrial

from raylab.space.parameters import Parameter
from raylab.space.samplers import (
    SAMPLERS,
    CmaEsConfig,
    GpConfig,
    GridConfig,
    Nsga2Config,
    QmcConfig,
    RandomConfig,
    TpeConfig,
)
from raylab.space.space import Space
from raylab.tuning.drawing.optuna_private import RecomputedCmaEsSampler, SequenceSampler


def make_sampler(space: Space, *, seed: int, earlier: Sequence[FrozenTrial] = ()) -> BaseSampler:
    """The sampler of one draw.

    Args:
        seed: The seed of this draw.
        earlier: Finished trials of the studies in `warm_start`. The sampler also sees them as
            trials of the study; here they are for samplers that need them separately.
    """
    sampler = SAMPLERS.builder(space.sampler)(space.sampler, space, seed=seed, earlier=earlier)
    assert isinstance(sampler, BaseSampler), f"{space.sampler.kind} does not build a sampler"
    return sampler


def tpe(
    config: TpeConfig, space: Space, *, seed: int, earlier: Sequence[FrozenTrial]
) -> BaseSampler:
    """Tree-structured Parzen estimator over all parameters together."""
    return optuna.samplers.TPESampler(
        seed=seed,
        n_startup_trials=_startup(config, space),
        multivariate=True,
        group=True,
        constant_liar=True,  # running trials count as bad, so that simultaneous draws differ
    )


def gaussian_process(
    config: GpConfig, space: Space, *, seed: int, earlier: Sequence[FrozenTrial]
) -> BaseSampler:
    return _GpSampler(space, seed=seed, n_startup_trials=_startup(config, space))


def cma_es(
    config: CmaEsConfig, space: Space, *, seed: int, earlier: Sequence[FrozenTrial]
) -> BaseSampler:
    return _CmaEsSampler(
        space, seed=seed, popsize=config.population, source_trials=list(earlier) or None
    )


def nsga2(
    config: Nsga2Config, space: Space, *, seed: int, earlier: Sequence[FrozenTrial]
) -> BaseSampler:
    population = config.population or max(4, min(50, space.budget.trials // 4))
    return optuna.samplers.NSGAIISampler(seed=seed, population_size=population)


def random_draws(
    config: RandomConfig, space: Space, *, seed: int, earlier: Sequence[FrozenTrial]
) -> BaseSampler:
    return optuna.samplers.RandomSampler(seed=seed)


def quasi_random(
    config: QmcConfig, space: Space, *, seed: int, earlier: Sequence[FrozenTrial]
) -> BaseSampler:
    """The sequence follows from the sampler's seed, the place in it from the trials so far."""
    return _QmcSampler(space, seed=config.seed)


def grid(
    config: GridConfig, space: Space, *, seed: int, earlier: Sequence[FrozenTrial]
) -> BaseSampler:
    return _GridSampler(seed=seed)


def _startup(config: TpeConfig | GpConfig, space: Space) -> int:
    return config.startup_trials or max(2, min(10, space.budget.trials // 3))


def distribution(parameter: Parameter) -> BaseDistribution:
    """A parameter as Optuna's distribution, the same that `Parameter.suggest` makes."""
    if parameter.float_:
        return optuna.distributions.FloatDistribution(
            *parameter.float_, log=parameter.log, step=parameter.step
        )
    if parameter.int_:
        return optuna.distributions.IntDistribution(
            *parameter.int_, log=parameter.log, step=int(parameter.step or 1)
        )
    return optuna.distributions.CategoricalDistribution(list(parameter.categorical or ()))


def learnt(space: Space) -> dict[str, BaseDistribution]:
    """The distributions of the parameters that the sampler of a space models.

    Optuna's samplers take the parameters that the trials so far happen to share instead.
    """
    spreads = {
        name: distribution(parameter)
        for name, parameter in space.search.items()
        if space.sampler.learns(parameter)
    }
    return {name: spread for name, spread in spreads.items() if not spread.single()}


class _GridSampler(optuna.samplers.BruteForceSampler):
    """Visits every point once, in random order.

    Unlike Optuna's GridSampler it follows conditions, and it reads from the study's trials which
    points were visited, so that a resumed grid continues where it stopped.
    """

    def after_trial(self, *_: object) -> None:
        """Do nothing. Optuna's method ends `study.optimize` after the last point; here the budget
        equals the size of the grid.
        """


class _QmcSampler(SequenceSampler):
    """A scrambled Sobol sequence over all parameters of a space.

    Optuna's own sampler draws the first trial at random, and later only the parameters which that
    trial had. Here every parameter has its coordinate in every draw, so that parameters with
    `when` are spread as evenly as the others.
    """

    def __init__(self, space: Space, *, seed: int) -> None:
        super().__init__(scramble=True, seed=seed, warn_independent_sampling=False)
        self._parameters = {
            name: distribution(parameter) for name, parameter in sorted(space.search.items())
        }

    def infer_relative_search_space(
        self, study: optuna.Study, trial: FrozenTrial
    ) -> dict[str, BaseDistribution]:
        return self._parameters


class _GpSampler(optuna.samplers.GPSampler):
    def __init__(self, space: Space, *, seed: int, n_startup_trials: int) -> None:
        super().__init__(
            seed=seed, n_startup_trials=n_startup_trials, warn_independent_sampling=False
        )
        self._learnt = learnt(space)

    def infer_relative_search_space(
        self, study: optuna.Study, trial: FrozenTrial
    ) -> dict[str, BaseDistribution]:
        return self._learnt


class _CmaEsSampler(RecomputedCmaEsSampler):
    def __init__(
        self,
        space: Space,
        *,
        seed: int,
        popsize: int | None,
        source_trials: list[FrozenTrial] | None,
    ) -> None:
        super().__init__(
            seed=seed,
            popsize=popsize,
            source_trials=source_trials,
            warn_independent_sampling=False,
        )
        self._learnt = learnt(space)

    def infer_relative_search_space(
        self, study: optuna.Study, trial: FrozenTrial
    ) -> dict[str, BaseDistribution]:
        return self._learnt
