"""What every section of a config is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


def section(value: Any, name: str) -> Mapping[str, Any]:
    """A section of a mapping that is not validated yet; empty where it is none."""
    found = value.get(name) if isinstance(value, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def by_x(value: Any) -> Any:
    """A space's choices are single values: 8x5x5 stands for [8, 5, 5]."""
    written = isinstance(value, str) and re.fullmatch(r"\d+(x\d+)*", value)
    return [int(each) for each in value.split("x")] if written else value
