"""The `sampler` section of a space: one config class per sampler.

A config class holds the keys of its sampler and states, as class attributes, what the sampler can
do. Its builder is in raylab/tuning/drawing/samplers.py, so that reading a space imports no Optuna.
"""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from raylab.config.base import Strict
from raylab.registry import Registry
from raylab.space.parameters import Parameter

MOST_POINTS = 10_000  # a grid of more points needs a budget
MOST_TRIES = 1000  # a space is refused if this many random draws all break its constraints


class SamplerConfig(Strict):
    """What all samplers have in common; `kind` selects the sampler.

    Attributes:
        learns_from_trials: Whether a draw depends on the scores of earlier trials. Only such a
            sampler can use `warm_start`.
        learns_from_pruned: Whether trials that a scheduler stopped inform it, too.
        several_objectives: Whether it can search with more than one objective.
        visits_grid: Whether it visits every point of a grid once. The number of points is then
            the default of `budget.trials`.
        learnable: In words, the parameters for which `learns` is true.
        attempts: How often it is asked again after a draw that repeats a trial or breaks a
            constraint. After that, draws are random.
        trial_notes: Names of the whole numbers that it stores with each trial as Optuna system
            attributes, and needs when a search is resumed.
    """

    kind: str
    seed: int = Field(0, ge=0)

    learns_from_trials: ClassVar[bool] = False
    learns_from_pruned: ClassVar[bool] = False
    several_objectives: ClassVar[bool] = True
    visits_grid: ClassVar[bool] = False
    learnable: ClassVar[str] = "all parameters"
    attempts: ClassVar[int] = 20
    trial_notes: ClassVar[tuple[str, ...]] = ()

    def learns(self, parameter: Parameter) -> bool:
        """Whether the sampler models a parameter. Other parameters are drawn at random."""
        return True


SAMPLERS = Registry("raylab.samplers", SamplerConfig)


class TpeConfig(SamplerConfig):
    """Tree-structured Parzen estimator."""

    kind: Literal["tpe"] = "tpe"
    startup_trials: int | None = Field(
        None,
        ge=1,
        description="random trials before the model is used; default a third, at most 10",
    )

    learns_from_trials = True
    learns_from_pruned = True


class GpConfig(SamplerConfig):
    """Gaussian process."""

    kind: Literal["gp"]
    startup_trials: int | None = Field(
        None,
        ge=1,
        description="random trials before the model is used; default a third, at most 10",
    )

    learns_from_trials = True
    learnable = "parameters without `when`"

    def learns(self, parameter: Parameter) -> bool:
        return not parameter.when


class CmaEsConfig(SamplerConfig):
    """Covariance matrix adaptation evolution strategy."""

    kind: Literal["cmaes"]
    population: int | None = Field(
        None, ge=2, description="trials per generation; default: depends on the number of paths"
    )

    learns_from_trials = True
    several_objectives = False
    learnable = "numbers that every trial has (no `when`)"
    trial_notes = ("cma:generation",)

    def learns(self, parameter: Parameter) -> bool:
        return parameter.categorical is None and not parameter.when


class Nsga2Config(SamplerConfig):
    """Non-dominated sorting genetic algorithm II."""

    kind: Literal["nsga2"]
    population: int | None = Field(
        None, ge=2, description="trials per generation; default: a quarter of all trials"
    )

    learns_from_trials = True
    learnable = "parameters without `when`"
    trial_notes = ("NSGAIISampler:generation",)

    def learns(self, parameter: Parameter) -> bool:
        return not parameter.when


class RandomConfig(SamplerConfig):
    """Independent random draws."""

    kind: Literal["random"]


class QmcConfig(SamplerConfig):
    """Quasi-random draws: a scrambled Sobol sequence, which covers a space more evenly."""

    kind: Literal["qmc"]

    attempts = MOST_TRIES
    trial_notes = ("raylab:qmc",)


class GridConfig(SamplerConfig):
    """Every combination of values once, in random order."""

    kind: Literal["grid"]

    visits_grid = True
    attempts = MOST_POINTS


SAMPLERS.add(TpeConfig, "raylab.tuning.drawing.samplers:tpe")
SAMPLERS.add(GpConfig, "raylab.tuning.drawing.samplers:gaussian_process")
SAMPLERS.add(CmaEsConfig, "raylab.tuning.drawing.samplers:cma_es")
SAMPLERS.add(Nsga2Config, "raylab.tuning.drawing.samplers:nsga2")
SAMPLERS.add(RandomConfig, "raylab.tuning.drawing.samplers:random_draws")
SAMPLERS.add(QmcConfig, "raylab.tuning.drawing.samplers:quasi_random")
SAMPLERS.add(GridConfig, "raylab.tuning.drawing.samplers:grid")


def samplers_that(attribute: str) -> str:
    """The kinds of samplers for which a class attribute is true, such as "tpe, gp, nsga2"."""
    capable = (model for model in SAMPLERS.models if getattr(model, attribute))
    return ", ".join(tag for model in capable for tag in SAMPLERS.tags(model))
