"""Reading configs: YAML, overrides, dotted paths, and errors that name the file, the key and the remedy."""

from __future__ import annotations

import copy
import difflib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from raylab.config import FAMILIES, TrialConfig
from raylab.errors import ConfigError

M = TypeVar("M", bound=BaseModel)


def load_yaml(path: Path) -> dict[str, Any]:
    """A YAML mapping by safe_load; ConfigError names the file and line."""
    try:
        value = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not readable ({error})") from None
    except yaml.YAMLError as error:
        text = " ".join(str(error).split())
        raise ConfigError(f"{path}: not valid YAML: {text}") from None
    if not isinstance(value, dict):
        raise ConfigError(f"{path}: expected keys and values, found {type(value).__name__}")
    return value


def parse(model: type[M], value: Mapping[str, Any], source: str) -> M:
    """Validate `value`; a ConfigError names `source`, the key and the remedy."""
    try:
        return model.model_validate(value)
    except ValidationError as error:
        raise _explain(error, model, source) from None


def parse_trial(value: Mapping[str, Any], source: str) -> TrialConfig:
    """A trial config of the family that `task.kind` names."""
    task = value.get("task", {})
    kind = task.get("kind", "contrastive") if isinstance(task, Mapping) else None
    if kind not in FAMILIES:
        raise ConfigError(f"{source}: task.kind '{kind}' is not known", f"Use one of: {', '.join(FAMILIES)}.")
    return parse(FAMILIES[kind], value, source)


def parse_override(text: str) -> tuple[str, Any]:
    """`training.batch_size=512` -> ("training.batch_size", 512); the value is YAML."""
    path, separator, raw = text.partition("=")
    if not separator or not path.strip():
        raise ConfigError(f"--set {text}: not of the form path=value", "For example: --set training.max_steps=50")
    try:
        return path.strip(), yaml.safe_load(raw)
    except yaml.YAMLError:
        raise ConfigError(f"--set {path}: '{raw}' is not a YAML value") from None


def set_path(value: Mapping[str, Any], path: str, leaf: Any) -> dict[str, Any]:
    """A copy of `value` with the dotted `path` set."""
    result = copy.deepcopy(dict(value))
    *parents, last = path.split(".")
    node = result
    for key in parents:
        child = node.get(key)
        node[key] = dict(child) if isinstance(child, Mapping) else {}
        node = node[key]
    node[last] = leaf
    return result


def get_path(value: Any, path: str) -> Any:
    for key in path.split("."):
        value = value[key] if isinstance(value, Mapping) else getattr(value, key)
    return value


def did_you_mean(word: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f"Did you mean '{close[0]}'?" if close else f"Known: {', '.join(known)}."


def _explain(error: ValidationError, model: type[BaseModel], source: str) -> ConfigError:
    # A misspelt required key is both missing and unknown; the second says which word to mend.
    first = min(error.errors(), key=lambda entry: entry["type"] != "extra_forbidden")
    location = [str(part) for part in first["loc"] if not _is_tag(part, model)]
    key = ".".join(location) or "(top level)"
    if first["type"] == "extra_forbidden":
        return ConfigError(f"{source}: unknown key '{key}'", did_you_mean(location[-1], _siblings(model, first["loc"])))
    message = first["msg"].removeprefix("Value error, ")
    given = first.get("input")
    shown = f" (given: {given!r})" if isinstance(given, (str, int, float, bool)) else ""
    return ConfigError(f"{source}: {key}: {message}{shown}", f"Change '{key}'.")


def _is_tag(part: Any, model: type[BaseModel]) -> bool:
    """Pydantic puts the tag of a union into the location; users do not write it."""
    return isinstance(part, str) and part in _tags(model)


def _tags(model: type[BaseModel], seen: frozenset[type] = frozenset()) -> set[str]:
    tags: set[str] = set()
    for inner in _models_in(model):
        if inner in seen:
            continue
        kind = inner.model_fields.get("kind")
        if kind is not None:
            tags |= {str(value) for value in getattr(kind.annotation, "__args__", ())}
        tags |= _tags(inner, seen | {model})
    return tags


def _models_in(model: type[BaseModel]) -> list[type[BaseModel]]:
    found: list[type[BaseModel]] = []

    def walk(annotation: Any) -> None:
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            found.append(annotation)
        for argument in getattr(annotation, "__args__", ()):
            walk(argument)

    for field in model.model_fields.values():
        walk(field.annotation)
    return found


def _siblings(model: type[BaseModel], location: tuple[int | str, ...]) -> list[str]:
    """The keys that exist beside the wrong one."""
    candidates = [model]
    for part in location[:-1]:
        inner = [
            found
            for candidate in candidates
            if part in candidate.model_fields
            for found in _models_in_field(candidate, str(part))
        ]
        candidates = inner or candidates
        tagged = [c for c in candidates if "kind" in c.model_fields and part in _kinds(c)]
        candidates = tagged or candidates
    return sorted({name for candidate in candidates for name in candidate.model_fields})


def _models_in_field(model: type[BaseModel], name: str) -> list[type[BaseModel]]:
    annotation = model.model_fields[name].annotation
    options = (annotation, *getattr(annotation, "__args__", ()))
    return [option for option in options if isinstance(option, type) and issubclass(option, BaseModel)]


def _kinds(model: type[BaseModel]) -> tuple[str, ...]:
    return tuple(getattr(model.model_fields["kind"].annotation, "__args__", ()))
