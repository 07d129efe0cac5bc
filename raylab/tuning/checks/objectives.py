"""Whether the objectives are measured on a dataset, and can compare the trials of a space."""

from __future__ import annotations

from raylab.config.parse import parse_trial
from raylab.config.trial import TrialConfig
from raylab.errors import ConfigError
from raylab.evaluation.metrics import find, is_objective
from raylab.space.conditions import stand_in
from raylab.space.space import Space
from raylab.tasks.families import get_task
from raylab.tracking.records import Mode
from raylab.tuning.checks.configs import Sessions


def modes(space: Space, sessions: Sessions) -> dict[str, Mode]:
    """Whether larger ("max") or smaller ("min") values are better, for the metric of each objective
    and of the scheduler.
    """
    config = parse_trial(stand_in(space), "space")
    known = get_task(config).metrics(config, sessions)
    metrics = (*space.metrics, space.rung)
    return {metric: "max" if known[metric] == "max" else "min" for metric in metrics}


def check_objectives(
    space: Space, base: TrialConfig, sessions: Sessions, source: str, *, begun: bool = False
) -> None:
    """Check the metrics that trials are chosen by and stopped by.

    Args:
        base: A config that stands for all draws of the space.
        begun: Whether the study has begun: studies of earlier versions, which compared more trials,
            go on.

    Raises:
        ConfigError: A metric is not measured here, or does not mean the same in every trial.
    """
    several = len(space.objectives) > 1
    for number, objective in enumerate(space.objectives):
        key = f"objective.{number}" if several else "objective"
        _check_metric(space, f"{key}.metric", objective.metric, base, sessions, source)
        if not begun:
            _check_comparable(space, key, objective.metric, source)
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
            f"{source}: scheduler.metric is missing: with several objectives, no objective alone "
            "decides which trials to stop",
            f"Name a validation metric, for example {space.metrics[0]}, or set scheduler.kind: "
            "none.",
        )
    _check_metric(space, "scheduler.metric", space.rung, base, sessions, source)
    if not begun:
        _check_comparable(space, "scheduler", space.rung, source)


def _check_metric(
    space: Space, key: str, metric: str, base: TrialConfig, sessions: Sessions, source: str
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


def _check_comparable(space: Space, key: str, metric: str, source: str) -> None:
    """Raise ConfigError where the space searches what makes values of the metric incomparable."""
    entry = find(metric)
    limits = entry.incomparable if entry is not None else None
    # The number of negatives in training does not change the fixed batches that trials are scored
    # on.
    searched = [path for path in space.searched if path != "sampling.negatives"]
    changing = [path for path in searched if limits and path.startswith(limits.paths)]
    if limits and changing:
        raise ConfigError(
            f"{source}: {key} {metric} cannot compare trials that differ in "
            f"{', '.join(changing)}: {limits.why}",
            limits.remedy,
        )
