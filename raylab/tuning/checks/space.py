"""Checks of a search space against the config and a dataset, before anything starts."""

from __future__ import annotations

from functools import partial

from raylab.config.parse import parse_trial
from raylab.config.trial import TrialConfig
from raylab.errors import ConfigError
from raylab.space.conditions import stand_in, without_fixed
from raylab.space.grid import with_grid_budget
from raylab.space.schedulers import PbtConfig, StoppingConfig
from raylab.space.space import Space
from raylab.space.units import in_milliseconds
from raylab.tuning.checks.configs import Sessions, config_error
from raylab.tuning.checks.draws import check_draws, check_names, check_sampler
from raylab.tuning.checks.objectives import check_objectives
from raylab.tuning.checks.overruled import without_overruled
from raylab.tuning.checks.paths import check_path, for_dataset
from raylab.tuning.checks.points import check_points, with_usable_points
from raylab.tuning.checks.repeats import different_points
from raylab.tuning.drawing.exploring import check_population, mutable_paths


def check_space(
    space: Space, sessions: Sessions, *, source: str = "space", begun: bool = False
) -> tuple[Space, list[str]]:
    """Check every path, type and bound of a space.

    Args:
        sessions: The sessions of the dataset, by name.
        source: What errors call the space.
        begun: Whether the study has begun: what its trials draw does not change any more, and its
            objectives are not questioned.

    Returns:
        The space as it will run, and notes of what was changed, one sentence each. Values in
        samples are converted to milliseconds. Choices that no trial on this dataset could use are
        left out, for example a conditional that has no meaning for the label. A path is drawn only
        with choices that do not overrule it.

    Raises:
        ConfigError: Names the path and what to do.
    """
    space = in_milliseconds(space, (spec.rate_hz for spec in sessions.values()))
    ordered = space.ordered()
    _check_fixed_part(space, sessions, source)
    check_names(space, source)
    space = without_fixed(space, source)
    for path in ordered:
        check_path(space, path, source)
    check_points(space, source)
    notes: list[str] = []
    for path in ordered:  # a parent's choices before what depends on them
        space = for_dataset(space, path, sessions, source, notes)
    if not begun:
        space = without_overruled(space, source, notes)
    space = with_usable_points(space, notes)
    base = parse_trial(stand_in(space), source)
    check_objectives(space, base, sessions, source, begun=begun)
    check_draws(space, lambda value: config_error(value, sessions, source), source)
    notes += _check_scheduler(space, base, source)
    different = partial(different_points, sessions=sessions)
    if space.sampler.visits_grid:
        space, grid_notes = with_grid_budget(space, source, different)
        notes += grid_notes
    return space, notes + check_sampler(space, source, different)


def _check_fixed_part(space: Space, sessions: Sessions, source: str) -> None:
    """Raise the error of the fixed part of a space. Else the first searched path, which is tried
    together with the fixed part, would be blamed for it.
    """
    alone = config_error(space.fixed(), sessions, source)
    with_first = config_error(stand_in(space), sessions, source) if space.search else alone
    if alone is not None and with_first is not None and alone.what == with_first.what:
        raise alone


def _check_scheduler(space: Space, base: TrialConfig, source: str) -> list[str]:
    """Notes about the scheduler; ConfigError where it cannot work with this space."""
    scheduler, max_steps = space.scheduler, base.training.max_steps
    if scheduler.is_population:
        check_population(space, source)
    if isinstance(scheduler, PbtConfig):
        mutable_paths(space, scheduler, source)
    if scheduler.compares_trials and "training.max_steps" in space.searched:
        raise ConfigError(
            f"{source}: training.max_steps cannot be searched with a scheduler: rungs would differ",
            "Remove it from `search`, or set scheduler.kind: none.",
        )
    if isinstance(scheduler, StoppingConfig) and not scheduler.can_stop(max_steps):
        return [
            f"scheduler: grace_steps {scheduler.grace_steps} is not below training.max_steps "
            f"{max_steps}: no trial will be stopped early"
        ]
    return []
