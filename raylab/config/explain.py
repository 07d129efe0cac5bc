"""Validation errors of pydantic in the words of somebody who writes YAML."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from raylab.errors import ConfigError
from raylab.registry import Alternatives


def did_you_mean(word: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f"Did you mean '{close[0]}'?" if close else f"Known: {', '.join(known)}."


# By pydantic's name of an error: the message for somebody who writes YAML.
_NEEDED = {
    "missing": "is missing",
    "model_type": "keys and values are needed",
    "dict_type": "keys and values are needed",
    "model_attributes_type": "keys and values are needed",
    "tuple_type": "a list is needed",
    "list_type": "a list is needed",
    "int_type": "a whole number is needed",
    "int_parsing": "a whole number is needed",
    "int_from_float": "a whole number is needed",
    "float_type": "a number is needed",
    "float_parsing": "a number is needed",
    "bool_type": "true or false is needed",
    "bool_parsing": "true or false is needed",
    "string_type": "text is needed",
}


def _explain(error: ValidationError, model: type[BaseModel], source: str) -> ConfigError:
    # A misspelt required key is both missing and unknown; the second says which word to mend.
    first = min(error.errors(), key=lambda entry: entry["type"] != "extra_forbidden")
    written, holders, union = _walk(model, first["loc"])
    kind, context, given = first["type"], first.get("ctx", {}), first.get("input")
    if kind.startswith("union_tag"):
        written, given = [*written, context["discriminator"].strip("'")], context.get("tag")
    key = ".".join(written)
    if kind == "extra_forbidden":
        known = sorted(
            {
                field.alias or name
                for holder in holders
                for name, field in holder.model_fields.items()
            }
        )
        elsewhere = [
            tag for other in union if written[-1] in other.model_fields for tag in _tags(other)
        ]
        if elsewhere:
            where = f"{'.'.join([*written[:-1], _choice(union[0])])} is {' or '.join(elsewhere)}"
            return ConfigError(f"{source}: unknown key '{key}'", f"It exists where {where}.")
        return ConfigError(f"{source}: unknown key '{key}'", did_you_mean(written[-1], known))
    if kind == "union_tag_not_found":
        tags = ", ".join(tag for other in union for tag in _tags(other))
        return ConfigError(f"{source}: {key} is missing", f"Use one of: {tags}.")
    if kind in ("union_tag_invalid", "literal_error"):
        choices = str(context.get("expected_tags") or context.get("expected")).replace("'", "")
        remedy = f"Use one of: {choices.replace(' or ', ', ')}"
        if kind == "union_tag_invalid":  # packages may add alternatives, not values of a setting
            remedy += "; or install the package that adds it"
        return ConfigError(f"{source}: {key}: {given!r} is not known", f"{remedy}.")
    text = (
        _NEEDED.get(kind, first["msg"])
        .removeprefix("Value error, ")
        .replace("Input should", "it should")
    )
    shown = f" (given: {given!r})" if isinstance(given, (str, int, float, bool)) else ""
    return ConfigError(
        f"{source}: {key}: {text}{shown}" if key else f"{source}: {text}",
        f"Change '{key}'." if key else "",
    )


def _walk(
    model: type[BaseModel], location: Iterable[int | str]
) -> tuple[list[str], list[type[BaseModel]], list[type[BaseModel]]]:
    """The location as users write it, the models that may hold its last part, and the union these
    were chosen from.

    Pydantic puts the tag of a union (`kind`) into the location; users do not write it there.
    """
    written: list[str] = []
    within, holders, union = [model], [model], [model]
    tagged = named = False  # the next part may be a tag; is a name that users gave
    for part in location:
        if tagged and part in {tag for candidate in within for tag in _tags(candidate)}:
            within, union, tagged = (
                [candidate for candidate in within if part in _tags(candidate)],
                within,
                False,
            )
            continue
        written.append(str(part))
        if named:
            tagged, named = all(map(_tags, within)), False
            continue
        fields = [inner for holder in within if (inner := _field(holder, part)) is not None]
        holders, tagged = (
            within,
            any(field.discriminator or _alternatives(field.metadata) for field in fields),
        )
        named = any(get_origin(field.annotation) is dict for field in fields)
        within = [inner for field in fields for inner in _models_of(field)] or within
    return written, holders, within if tagged else union


def _field(model: type[BaseModel], part: int | str) -> FieldInfo | None:
    return next(
        (field for name, field in model.model_fields.items() if part in (name, field.alias)), None
    )


def _alternatives(metadata: Iterable[object]) -> Alternatives[BaseModel] | None:
    return next((entry for entry in metadata if isinstance(entry, Alternatives)), None)


def _models_of(field: FieldInfo) -> list[type[BaseModel]]:
    """The models that a field may hold."""
    alternatives = _alternatives(field.metadata)
    return alternatives.models if alternatives else _models_in(field.annotation)


def _models_in(annotation: object) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    alternatives = _alternatives(getattr(annotation, "__metadata__", ()))
    if alternatives is not None:
        return alternatives.models
    arguments = getattr(annotation, "__args__", ())
    return [model for argument in arguments for model in _models_in(argument)]


def _tags(model: type[BaseModel]) -> tuple[str, ...]:
    """What says that this model of a union is meant."""
    choice = model.model_fields.get(_choice(model))
    return tuple(getattr(choice.annotation, "__args__", ())) if choice is not None else ()


def _choice(model: type[BaseModel]) -> str:
    return "conditional" if "conditional" in model.model_fields else "kind"
