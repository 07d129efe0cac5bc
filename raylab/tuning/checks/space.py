"""Checks of a search space against the config and a dataset: every path, type and bound, before
anything starts.
"""

from __future__ import annotations

import contextlib
import random
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from raylab.config.dotted import get_path
from raylab.config.parse import parse_trial
from raylab.config.trial import TrialConfig
from raylab.data.dataset import SessionSpec
from raylab.errors import ConfigError
from raylab.evaluation.metrics import find, is_objective
from raylab.space.conditions import (
    parents_met,
    possible,
    stand_in,
    when_met,
    with_search,
    without_fixed,
)
from raylab.space.draws import allowed_draw
from raylab.space.grid import with_grid_budget
from raylab.space.schedulers import PbtConfig, StoppingConfig
from raylab.space.space import Parameter, Scalar, Space
from raylab.tasks.families import get_task
from raylab.tracking.records import Mode
from raylab.training.keeping import monitor_of
from raylab.tuning.checks.draws import check_draws, check_names, check_points, check_sampler
from raylab.tuning.drawing.exploring import check_population, mutable_paths


def check_space(
    space: Space, sessions: Mapping[str, SessionSpec], *, source: str = "space"
) -> tuple[Space, list[str]]:
    """Check every path, type and bound against the config and the dataset.

    Returns:
        The space as it will run and notes: choices of a categorical that no trial on this dataset
        could use (a conditional that its label has no meaning for) are left out, and said.

    Raises:
        ConfigError: names the path and what to do.
    """
    ordered = space.ordered()
    _check_base(space, sessions, source)
    check_names(space, source)
    space = without_fixed(space, source)
    for path in ordered:
        _check_path(space, path, source)
    notes: list[str] = []
    for path in ordered:  # a parent's choices before what depends on them
        space = _for_dataset(space, path, sessions, source, notes)
    base = parse_trial(stand_in(space), source)
    _check_objectives(space, base, sessions, source)
    check_points(space, source)
    check_draws(space, lambda value: _problem(value, sessions, source), source)
    if space.scheduler.is_population:
        check_population(space, source)
    if isinstance(space.scheduler, PbtConfig):
        mutable_paths(space, space.scheduler, source)
    if space.scheduler.compares_trials and "training.max_steps" in space.searched:
        raise ConfigError(
            f"{source}: training.max_steps cannot be searched with a scheduler: rungs would differ",
            "Remove it from `search`, or set scheduler.kind: none.",
        )
    stopping = space.scheduler
    if isinstance(stopping, StoppingConfig) and not stopping.can_stop(base.training.max_steps):
        notes.append(
            f"scheduler: grace_steps {stopping.grace_steps} is not below training.max_steps "
            f"{base.training.max_steps}: no trial will be stopped early"
        )
    if space.sampler.visits_grid:
        space, said = with_grid_budget(space, source)
        notes += said
    return space, notes + check_sampler(space, source)


def _check_base(space: Space, sessions: Mapping[str, SessionSpec], source: str) -> None:
    """What is wrong whatever is drawn is said of itself, not of the first searched path that is
    tried on it.
    """
    alone = _problem(space.fixed(), sessions, source)
    with_first = _problem(stand_in(space), sessions, source) if space.search else alone
    if alone is not None and with_first is not None and alone.what == with_first.what:
        raise alone


def _problem(
    value: Mapping[str, Any], sessions: Mapping[str, SessionSpec], source: str
) -> ConfigError | None:
    """Why a config is not valid or cannot run on these sessions; None where it can."""
    try:
        config = parse_trial(value, source)
    except ConfigError as error:
        return error
    try:
        _check_on(config, sessions)
    except ConfigError as error:
        return ConfigError(f"{source}: {error.what}", error.remedy)
    return None


def _check_on(config: TrialConfig, sessions: Mapping[str, SessionSpec]) -> None:
    """Raise ConfigError where a config cannot run on these sessions."""
    task = get_task(config)
    task.check(config, sessions)
    monitor_of(config.training, task.metrics(config, sessions))


def _for_dataset(
    space: Space, path: str, sessions: Mapping[str, SessionSpec], source: str, notes: list[str]
) -> Space:
    """The space with those choices of `path` that the dataset can use; without it, where its parent
    lost them all.
    """
    parameter = space.search[path]
    for parent, wanted in parameter.when.items():
        if parent not in space.search or not possible(parent, wanted, space):
            notes.append(f"{path}: left out, as is its {parent}")
            return with_search(
                space, {name: entry for name, entry in space.search.items() if name != path}
            )
    usable, reasons = _usable(space, path, parameter, sessions, source)
    if _without_effect(space, path, parameter, source):
        notes.append(f"{path}: left out, the rest of the config decides it")
        return with_search(
            space, {name: entry for name, entry in space.search.items() if name != path}
        )
    if parameter.categorical is None or len(usable) == len(parameter.categorical):
        return space
    notes.append(
        f"{path}: {', '.join(map(str, reasons))} left out ({next(iter(reasons.values()))})"
    )
    fewer = parameter.model_copy(update={"categorical": tuple(usable)})
    return with_search(space, {**space.search, path: fewer})


T = TypeVar("T")
OTHERS = (
    20  # draws with a value that are tried where constraints keep it from standing among defaults
)


def _tried(
    space: Space, path: str, value: Scalar, check: Callable[[dict[str, Any]], T]
) -> T | None:
    """What `check` says of a config with this value: among defaults, or as a draw where constraints
    tie it to others. None where the constraints rule the value out.
    """
    try:
        return check(space.setting(when_met(space, path), path, value))
    except ConfigError:
        if not space.constraints:
            raise
        for seed in range(OTHERS):
            params = allowed_draw(
                space, random.Random(seed), {**parents_met(space, path), path: value}
            )
            if params is None:
                return None
            with contextlib.suppress(ConfigError):
                return check(space.drawn(params))
        raise


def _without_effect(space: Space, path: str, parameter: Parameter, source: str) -> bool:
    """Whether every value becomes the same, as `input.window` where whole trials are decoded."""
    values = parameter.extremes()
    found = [
        _tried(space, path, value, lambda candidate: parse_trial(candidate, source))
        for value in values
    ]
    configs = [config for config in found if config is not None]
    shown = {str([get_path(config, one) for one in space.paths(path)]) for config in configs}
    return len(configs) > 1 and len(shown) == 1


def modes(space: Space, sessions: Mapping[str, SessionSpec]) -> dict[str, Mode]:
    """Whether each objective, and the scheduler's metric, grows or falls as models get better."""
    known = get_task(config := parse_trial(stand_in(space), "space")).metrics(config, sessions)
    found: dict[str, Mode] = {}
    for metric in (*space.metrics, space.rung):
        found[metric] = "max" if known[metric] == "max" else "min"
    return found


def _check_objectives(
    space: Space, base: TrialConfig, sessions: Mapping[str, SessionSpec], source: str
) -> None:
    """What trials are chosen by and stopped by: measured here, and the same thing in every trial."""
    several = len(space.objectives) > 1
    for number, objective in enumerate(space.objectives):
        key = f"objective.{number}" if several else "objective"
        _check_metric(space, f"{key}.metric", objective.metric, base, sessions, source)
        known = get_task(base).metrics(base, sessions)[objective.metric]
        if objective.mode not in (None, known):
            raise ConfigError(
                f"{source}: {key}.mode '{objective.mode}' contradicts {objective.metric}, which "
                f"is better when {'higher' if known == 'max' else 'lower'}",
                f"Leave {key}.mode out.",
            )
    if not space.scheduler.compares_trials:
        return
    if several and space.scheduler.metric is None:
        raise ConfigError(
            f"{source}: scheduler.metric is missing: of several objectives none says alone which "
            "trials to stop",
            f"Name a validation metric, for example {space.metrics[0]}, or set scheduler.kind: "
            "none.",
        )
    _check_metric(space, "scheduler.metric", space.rung, base, sessions, source)


def _check_metric(
    space: Space,
    key: str,
    metric: str,
    base: TrialConfig,
    sessions: Mapping[str, SessionSpec],
    source: str,
) -> None:
    known = get_task(base).metrics(base, sessions)
    if metric not in known:
        choices = ", ".join(name for name in known if is_objective(name))
        why = "" if any(spec.labels for spec in sessions.values()) else "The dataset has no label. "
        raise ConfigError(
            f"{source}: {key} '{metric}' does not exist here", f"{why}Use one of: {choices}."
        )
    entry = find(metric)
    limits = entry.incomparable if entry is not None else None
    if not is_objective(metric):
        why = f" {limits.why}" if limits else " is no objective"
        remedy = limits.remedy if limits else "Use another metric."
        raise ConfigError(f"{source}: {key} '{metric}'{why}", remedy)
    # The number of negatives in training does not change the fixed batches that trials are scored
    # on.
    searched = [path for path in space.searched if path != "sampling.negatives"]
    changing = [path for path in searched if limits and path.startswith(limits.paths)]
    if limits and changing:
        key = key.removesuffix(".metric")
        raise ConfigError(
            f"{source}: {key} {metric} cannot compare trials that differ in "
            f"{', '.join(changing)}: {limits.why}",
            limits.remedy,
        )


def _check_path(space: Space, path: str, source: str) -> None:
    parameter = space.search[path]
    if any(one.startswith(("evaluation.", "task.")) for one in space.paths(path)):
        raise ConfigError(
            f"{source}: search.{path}: it decides how trials are scored, so trials that differ in "
            "it do not compare",
            f"Set it in `base`, or with --set {path}=...",
        )
    if "sessions.combine" in space.paths(path) and "first" in (parameter.categorical or ()):
        raise ConfigError(
            f"{source}: search.{path}: 'first' leaves sessions out, so trials with it do not "
            "compare with others",
            "Search separate and padded, or set --set sessions.combine=first.",
        )
    for parent, wanted in parameter.when.items():
        if parent in space.search and not possible(parent, wanted, space):
            raise ConfigError(
                f"{source}: search.{path}.when: {parent} is never {wanted!r}",
                f"Its choices: {', '.join(map(str, space.search[parent].categorical or ()))}.",
            )
    for value in parameter.extremes():
        try:
            resolved = _tried(space, path, value, lambda candidate: parse_trial(candidate, source))
        except ConfigError as error:
            what = error.what.removeprefix(f"{source}: ")
            raise ConfigError(
                f"{source}: search.{path}: value {value!r} is not valid: {what}", error.remedy
            ) from None
        if resolved is None:
            continue
        if (
            isinstance(value, (int, float))
            and not isinstance(value, bool)
            and parameter.int_ is None
        ):
            kept = [get_path(resolved, one) for one in space.paths(path)]
            whole = any(isinstance(one, int) and not isinstance(one, bool) for one in kept)
            if whole and parameter.float_ is not None:
                raise ConfigError(
                    f"{source}: search.{path}: a whole number is needed", "Use int: [low, high]."
                )


def _usable(
    space: Space, path: str, parameter: Parameter, sessions: Mapping[str, SessionSpec], source: str
) -> tuple[list[Scalar], dict[Scalar, str]]:
    """The extremes that can run on these sessions, and why others cannot. A range must be usable
    whole.
    """
    usable: list[Scalar] = []
    reasons: dict[Scalar, str] = {}
    error: ConfigError | None = None
    for value in parameter.extremes():
        try:
            _tried(
                space,
                path,
                value,
                lambda candidate: _check_on(parse_trial(candidate, source), sessions),
            )
            usable.append(value)
        except ConfigError as problem:
            error = problem
            reasons[value] = problem.what
    if error is not None and (parameter.categorical is None or not usable):
        raise ConfigError(f"{source}: search.{path}: {error.what}", error.remedy)
    return usable, reasons
