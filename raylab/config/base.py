"""The base class of all sections of a config."""

from __future__ import annotations

import re
from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator


class Strict(BaseModel):
    """Refuses unknown keys, and `true` in place of a number, which pydantic would read as 1."""

    # Built on first use: by then everything is imported that packages with choices may import.
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, defer_build=True)

    @model_validator(mode="before")
    @classmethod
    def _true_is_no_number(cls, value: object) -> object:
        if isinstance(value, Mapping) and any(
            isinstance(entry, bool | list | tuple) for entry in value.values()
        ):
            for name, field in cls.model_fields.items():
                given = value.get(field.alias or name, value.get(name))
                inside = given if isinstance(given, list | tuple) else (given,)
                if any(isinstance(entry, bool) for entry in inside) and not _may_be_bool(
                    field.annotation
                ):
                    kind = "int_type" if _mentions(field.annotation, int) else "float_type"
                    wrong = {"type": kind, "loc": (field.alias or name,), "input": given}
                    raise ValidationError.from_exception_data(cls.__name__, [wrong])  # type: ignore[list-item]
        return value


def defaults(section: BaseModel, *names: str) -> dict[str, object]:
    """The defaults of some fields of a section, by name."""
    fields = type(section).model_fields
    return {name: fields[name].get_default(call_default_factory=True) for name in names}


def _may_be_bool(annotation: object) -> bool:
    """Whether a field may hold a bool. Only fields of int and float would accept one by mistake."""
    return _mentions(annotation, bool) or not (
        _mentions(annotation, int) or _mentions(annotation, float)
    )


def _mentions(annotation: object, kind: type) -> bool:
    return annotation is kind or any(
        _mentions(argument, kind) for argument in getattr(annotation, "__args__", ())
    )


def section(value: object, name: str) -> Mapping[str, object]:
    """A section of a mapping that is not validated yet; empty where it is not a mapping."""
    part = value.get(name) if isinstance(value, Mapping) else None
    return part if isinstance(part, Mapping) else {}


def by_x(value: object) -> object:
    """Read 8x5x5 as [8, 5, 5], because a search can choose single values only."""
    if isinstance(value, str) and re.fullmatch(r"\d+(x\d+)*", value):
        return [int(each) for each in value.split("x")]
    return value
