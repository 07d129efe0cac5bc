"""Whether one config is valid and can run on a dataset."""

from __future__ import annotations

from collections.abc import Mapping

from raylab.config.parse import parse_trial
from raylab.config.trial import TrialConfig
from raylab.data.datasets.specs import SessionSpec
from raylab.errors import ConfigError
from raylab.tasks.families import get_task
from raylab.training.keeping import monitor_of

Sessions = Mapping[str, SessionSpec]


def config_error(
    value: Mapping[str, object], sessions: Sessions, source: str
) -> ConfigError | None:
    """Why a config is not valid or cannot run on these sessions; None where it can."""
    try:
        config = parse_trial(value, source)
    except ConfigError as error:
        return error
    try:
        check_on_sessions(config, sessions)
    except ConfigError as error:
        return ConfigError(f"{source}: {error.what}", error.remedy)
    return None


def check_on_sessions(config: TrialConfig, sessions: Sessions) -> None:
    """Raise ConfigError where a config cannot run on these sessions, or leaves no sample to score
    it by.
    """
    if not config.sessions.validates:
        raise ConfigError(
            f"sessions.train_on '{config.sessions.train_on}' trains on the validation samples, by "
            "which trials are scored",
            "Leave it out; `raylab answer` fits what it has chosen again on more samples.",
        )
    task = get_task(config)
    task.check(config, sessions)
    monitor_of(config.training, task.metrics(config, sessions))
