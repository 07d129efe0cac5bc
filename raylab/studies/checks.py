"""Checks of a search space against the config and a dataset: every path, type and bound, before anything starts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from raylab.config import FAMILIES, TrialConfig
from raylab.data.dataset import SessionSpec
from raylab.errors import ConfigError
from raylab.parsing import did_you_mean, get_path, parse_trial, set_path
from raylab.studies.space import Parameter, Scalar, Space, get, leaves
from raylab.tasks import get_task


def check_space(space: Space, sessions: Mapping[str, SessionSpec], *, source: str = "space") -> tuple[Space, list[str]]:
    """Check every path, type and bound against the config and the dataset.

    Returns:
        The space as it will run and notes: choices of a categorical that no trial on this dataset could use
        (a conditional that its label has no meaning for) are left out, and said.

    Raises:
        ConfigError: names the path and what to do.
    """
    family = FAMILIES.get(space.task.get("kind", "contrastive"))
    if family is None:
        parse_trial({"task": space.task}, source)
    for path in space.search:
        _check_path(space, path, source)
    base = parse_trial(_defaults(space), source)
    kept, notes = {}, []
    for path, parameter in space.search.items():
        usable, reasons = _usable(space, path, parameter, sessions, source)
        if parameter.categorical is not None and len(usable) < len(parameter.categorical):
            notes.append(f"{path}: {', '.join(map(str, reasons))} left out ({next(iter(reasons.values()))})")
            parameter = parameter.model_copy(update={"categorical": tuple(usable)})
        kept[path] = parameter
    space = space.model_copy(update={"search": kept})
    _check_objective(space, base, sessions, source)
    if space.scheduler.kind != "none" and "training.max_steps" in space.search:
        raise ConfigError(
            f"{source}: training.max_steps cannot be searched with a scheduler: rungs would differ",
            "Remove it from `search`, or set scheduler.kind: none.",
        )
    if space.scheduler.kind == "asha" and space.scheduler.grace_steps >= base.training.max_steps:
        notes.append(
            f"scheduler: grace_steps {space.scheduler.grace_steps} is not below training.max_steps "
            f"{base.training.max_steps}: no trial will be stopped early"
        )
    return space, notes


def direction(space: Space, sessions: Mapping[str, SessionSpec]) -> Literal["max", "min"]:
    """Whether the objective grows or falls as models get better."""
    config = parse_trial(_defaults(space), "space")
    known = get_task(config).metrics(config, sessions)[space.objective.metric]
    return space.objective.mode or ("max" if known == "max" else "min")


# What goodness of fit in bits depends on besides the model: InfoNCE falls when inputs blur or positives get closer,
# whether or not the embedding got better, so such settings are never chosen by it.
_CHANGES_BITS = (
    "view.",
    "sampling.",
    "model.encoder.kind",
    "model.encoder.receptive_field",
    "loss.similarity",
    "evaluation.",
    "task.",
)


def _check_objective(space: Space, base: TrialConfig, sessions: Mapping[str, SessionSpec], source: str) -> None:
    metric = space.objective.metric
    known = get_task(base).metrics(base, sessions)
    if metric not in known:
        raise ConfigError(
            f"{source}: objective.metric '{metric}' does not exist here", f"Use one of: {', '.join(known)}."
        )
    if metric == "loss":
        raise ConfigError(
            f"{source}: objective.metric 'loss' depends on batch size and temperature: it cannot compare trials",
            "Use decoding.score or goodness_of_fit.",
        )
    if space.objective.mode not in (None, known[metric]):
        raise ConfigError(
            f"{source}: objective.mode '{space.objective.mode}' contradicts {metric}, which is better when "
            f"{'higher' if known[metric] == 'max' else 'lower'}",
            "Leave objective.mode out.",
        )
    if metric == "goodness_of_fit":
        changing = [path for path in space.search if path.startswith(_CHANGES_BITS)]
        if changing:
            raise ConfigError(
                f"{source}: objective goodness_of_fit cannot compare trials that differ in {', '.join(changing)}: "
                "they change the positive pairs or the input",
                "Use decoding.score, or remove these from `search`.",
            )


def _check_path(space: Space, path: str, source: str) -> None:
    parameter = space.search[path]
    for parent in parameter.when:
        if parent not in space.search and get(_defaults(space), parent) is None and not _exists(space, parent):
            raise ConfigError(
                f"{source}: search.{path}.when: '{parent}' is not a config path", did_you_mean(parent, space.search)
            )
    for value in parameter.extremes():
        candidate = set_path(_when_met(space, path), path, value)
        try:
            parse_trial(candidate, source)
        except ConfigError as error:
            what = error.what.removeprefix(f"{source}: ")
            raise ConfigError(f"{source}: search.{path}: value {value!r} is not valid: {what}", error.remedy) from None
        resolved = parse_trial(candidate, source)
        if isinstance(value, (int, float)) and not isinstance(value, bool) and parameter.int_ is None:
            kept = get_path(resolved, path)
            if isinstance(kept, int) and not isinstance(kept, bool) and parameter.float_ is not None:
                raise ConfigError(f"{source}: search.{path}: a whole number is needed", "Use int: [low, high].")


def _usable(
    space: Space, path: str, parameter: Parameter, sessions: Mapping[str, SessionSpec], source: str
) -> tuple[list[Scalar], dict[Scalar, str]]:
    """The extremes that can run on these sessions, and why others cannot. A range must be usable whole."""
    usable: list[Scalar] = []
    reasons: dict[Scalar, str] = {}
    error: ConfigError | None = None
    for value in parameter.extremes():
        config = parse_trial(set_path(_when_met(space, path), path, value), source)
        try:
            get_task(config).check(config, sessions)
            usable.append(value)
        except ConfigError as problem:
            error = problem
            reasons[value] = problem.what
    if error is not None and (parameter.categorical is None or not usable):
        raise ConfigError(f"{source}: search.{path}: {error.what}", error.remedy)
    return usable, reasons


def _when_met(space: Space, path: str) -> dict[str, Any]:
    """Defaults of the space with the conditions of `path`, and theirs, satisfied."""
    value = _defaults(space)
    for parent, wanted in space.search[path].when.items():
        chosen = wanted[0] if isinstance(wanted, list) else wanted
        if parent in space.search:
            for grand, leaf in leaves(_when_met(space, parent)):
                value = set_path(value, grand, leaf)
        value = set_path(value, parent, chosen)
    return value


def _defaults(space: Space) -> dict[str, Any]:
    """Fixed values, and the first value of every unconditional parameter: a config that stands for the space.

    A conditional's choices are tried one by one elsewhere; here `time`, which every dataset supports, stands for them
    where it is among the choices.
    """
    value = space.fixed()
    for path, parameter in space.search.items():
        if not parameter.when:
            choices = parameter.extremes()
            value = set_path(value, path, "time" if "time" in choices else choices[0])
    return value


def _exists(space: Space, path: str) -> bool:
    try:
        get_path(parse_trial(space.fixed(), "space"), path)
    except (AttributeError, KeyError, ConfigError):
        return False
    return True
