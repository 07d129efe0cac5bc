"""Validated configs from mappings; errors name the file, the key and the remedy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from raylab.config.explain import _explain
from raylab.config.families import DEFAULT_FAMILY, FAMILIES
from raylab.config.trial import TrialConfig
from raylab.config.yaml_files import _loaded
from raylab.errors import ConfigError

M = TypeVar("M", bound=BaseModel)


def parse(model: type[M], value: Mapping[str, object], source: str) -> M:
    """Validate `value`; a ConfigError names `source`, the key and the remedy."""
    try:
        return model.model_validate(value)
    except ValidationError as error:
        raise _explain(error, model, source) from None


def parse_trial(value: Mapping[str, object], source: str) -> TrialConfig:
    """A trial config of the family that `task.kind` names."""
    task = value.get("task", {})
    kind = task.get("kind", DEFAULT_FAMILY) if isinstance(task, Mapping) else None
    model = FAMILIES.model(kind)
    if model is None:
        raise ConfigError(
            f"{source}: task.kind '{kind}' is not known",
            f"Use one of: {', '.join(FAMILIES.names)}.",
        )
    return parse(model, value, source)


def parse_override(text: str) -> tuple[str, object]:
    """`training.batch_size=512` -> ("training.batch_size", 512); the value is YAML."""
    path, separator, raw = text.partition("=")
    if not separator or not all(path.strip().split(".")):
        raise ConfigError(
            f"--set {text}: not of the form path=value", "For example: --set training.max_steps=50"
        )
    try:
        return path.strip(), _loaded(raw)
    except yaml.YAMLError:
        raise ConfigError(
            f"--set {path}: '{raw}' is not a YAML value", "Quote the text, or close its brackets."
        ) from None
