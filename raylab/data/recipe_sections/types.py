"""Types and units that several sections share."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StrictInt, StringConstraints

NanRule = Literal["error", "drop_units", "interpolate", "zero"]
Count = Annotated[int, Field(gt=0, le=10**9)]
UnitRow = Annotated[StrictInt, Field(ge=0)]
Take = Literal["first", "last"] | tuple[int, int]  # samples; [start, stop) counts from 0
Template = Annotated[str, StringConstraints(pattern=r"^\{\w+\}$")]  # a variable of `sessions`
Column = Annotated[int, Field(ge=0)] | Annotated[str, Field(min_length=1)]
Missing = int | float | str
TimeUnit = Literal["s", "ms", "us", "ns", "min"]
SECONDS = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9, "min": 60.0}
