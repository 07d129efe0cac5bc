"""What a space misspells, found without the model families: those import torch, which takes longer
than everything else that a check does.
"""

from __future__ import annotations

from collections.abc import Mapping

from raylab.config.explain import did_you_mean
from raylab.config.families import FAMILIES
from raylab.config.parse import parse_trial
from raylab.data.dataset import SessionSpec
from raylab.errors import ConfigError
from raylab.evaluation.metrics import find, table
from raylab.space.conditions import stand_in
from raylab.space.space import Space

TIME = "time"  # a label that `view.normalized_time` adds


def check_typos(space: Space, sessions: Mapping[str, SessionSpec], source: str) -> None:
    """Check the keys and values of the fixed part of a space, and that its metrics and its label
    exist at all. `check_space` does so, too, and says whether they exist for this label.

    Args:
        sessions: The sessions of the dataset, by name.
        source: What errors call the space.

    Raises:
        ConfigError: Names the key and what to do.
    """
    alone, with_first = _error(space.fixed(), source), _error(stand_in(space), source)
    if alone is not None and with_first is not None and alone.what == with_first.what:
        raise alone
    _check_label(space.fixed()["task"].get("label"), sessions, source)
    family = FAMILIES.find(space.fixed()["task"].get("kind"))
    if family is not None and not family.package:  # that of a package may measure others
        _check_metrics(space, source)


def _error(value: Mapping[str, object], source: str) -> ConfigError | None:
    try:
        parse_trial(value, source)
    except ConfigError as error:
        return error
    return None


def _check_label(label: object, sessions: Mapping[str, SessionSpec], source: str) -> None:
    """Raise ConfigError where no session has the label."""
    if not label or label == TIME or any(label in spec.labels for spec in sessions.values()):
        return
    first = next(iter(sessions.values()))
    raise ConfigError(
        f"{source}: task.label: session '{first.id}' has no label '{label}'",
        f"Its labels: {', '.join(first.labels) or 'none'}.",
    )


def _check_metrics(space: Space, source: str) -> None:
    several = len(space.objectives) > 1
    named = {
        f"objective.{number}.metric" if several else "objective.metric": objective.metric
        for number, objective in enumerate(space.objectives)
    }
    if space.scheduler.compares_trials and space.scheduler.metric is not None:
        named["scheduler.metric"] = space.scheduler.metric
    for key, metric in named.items():
        if find(metric) is None:
            known = [entry.name for entry in table() if entry.objective]
            raise ConfigError(
                f"{source}: {key} '{metric}' does not exist here", did_you_mean(metric, known)
            )
