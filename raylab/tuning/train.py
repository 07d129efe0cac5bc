"""The verb `train`: a new study of one config."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from raylab.config.families import DEFAULT_FAMILY
from raylab.config.yaml_files import load_yaml
from raylab.data.dataset import Dataset
from raylab.errors import ConfigError
from raylab.paths import AnyPath
from raylab.reporting.study import Study
from raylab.space.space import Space
from raylab.tuning.planning.study_plan import Plan, make_plan, refuse_existing
from raylab.tuning.say import Say


def train(
    config: str | Path | Mapping[str, object],
    *,
    data: AnyPath,
    out: str | Path,
    overrides: Mapping[str, object] | None = None,
    say: Say | None = None,
) -> Study:
    """Train one config, as a study of one trial.

    Args:
        config: A YAML file or a mapping.
        data: The folder of the prepared dataset.
        out: The folder of the study; must not exist.
        overrides: Values by dotted path: of the config, or `resources.*`.
        say: Receives lines of progress. Default: in a notebook a view that follows the study,
            elsewhere `print`.

    Returns:
        The study.

    Raises:
        ConfigError, DataError, StudyError: Something does not fit; nothing was started or written.
        KeyboardInterrupt: The training was stopped. The study is closed, and `resume` finishes it.

    Example:
        >>> config = {"training": {"max_steps": 20, "batch_size": 64, "device": "cpu"}}
        >>> study = raylab.train(config, data="dataset", out="trained", say=lambda line: None)
        >>> [(record.trial, record.state) for record in study.records()]
        [('0000', 'completed')]
    """
    value = dict(config) if isinstance(config, Mapping) else load_yaml(Path(config))
    stray = sorted(set(value) & (set(Space.model_fields) - {"task"}))
    if stray:
        raise ConfigError(
            f"{config}: '{stray[0]}' belongs to a search space, not to a trial config",
            "Use `raylab search` with this file.",
        )
    for path in overrides or {}:
        if path.split(".")[0] in set(Space.model_fields) - {"task", "resources"}:
            raise ConfigError(
                f"--set {path}: a training has no such setting", "Use config paths, or resources.*."
            )
    source = "config" if isinstance(config, Mapping) else str(config)
    refuse_existing(Path(out))
    plan = plan_of_config(value, data, overrides, source)
    from raylab.tuning.run import begin  # imports Ray Tune, while Ray starts

    return begin(plan, Path(out), "train", say)


def plan_of_config(
    config: Mapping[str, object],
    data: AnyPath,
    overrides: Mapping[str, object] | None,
    source: str,
) -> Plan:
    """The plan of a study of one trial, which runs at once.

    Args:
        source: What errors call the config.
    """
    base = dict(config)
    task = base.pop("task", {"kind": DEFAULT_FAMILY})
    metric = "decoding.score" if Dataset(data).labels else "goodness_of_fit"
    space = {"task": task, "base": base, "objective": {"metric": metric}, "budget": {"trials": 1}}
    return make_plan(space, data, overrides=overrides, source=source, runs=True)
