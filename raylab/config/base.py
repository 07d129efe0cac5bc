"""What every section of a config is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator


class Strict(BaseModel):
    """Unknown keys are refused, and `true` where a number is meant, which pydantic would read as 1."""

    # Built on first use: by then everything is imported that packages with choices may import.
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, defer_build=True)

    @model_validator(mode="before")
    @classmethod
    def _true_is_no_number(cls, value: Any) -> Any:
        if isinstance(value, Mapping) and any(
            isinstance(one, bool | list | tuple) for one in value.values()
        ):
            for name, field in cls.model_fields.items():
                given = value.get(field.alias or name, value.get(name))
                inside = given if isinstance(given, list | tuple) else (given,)
                if any(isinstance(one, bool) for one in inside) and not _may_be_bool(
                    field.annotation
                ):
                    kind = "int_type" if _mentions(field.annotation, int) else "float_type"
                    wrong = {"type": kind, "loc": (field.alias or name,), "input": given}
                    raise ValidationError.from_exception_data(cls.__name__, [wrong])  # type: ignore[list-item]
        return value


def _may_be_bool(annotation: Any) -> bool:
    """Whether a bool is meant by a field, or decided by what is inside it: only int and float take
    one unasked.
    """
    return _mentions(annotation, bool) or not (
        _mentions(annotation, int) or _mentions(annotation, float)
    )


def _mentions(annotation: Any, kind: type) -> bool:
    return annotation is kind or any(
        _mentions(one, kind) for one in getattr(annotation, "__args__", ())
    )


def section(value: Any, name: str) -> Mapping[str, Any]:
    """A section of a mapping that is not validated yet; empty where it is none."""
    found = value.get(name) if isinstance(value, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def by_x(value: Any) -> Any:
    """A space's choices are single values: 8x5x5 stands for [8, 5, 5]."""
    written = isinstance(value, str) and re.fullmatch(r"\d+(x\d+)*", value)
    return [int(each) for each in value.split("x")] if written else value
