"""What a recipe or a companion of the format `phy` may state."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from raylab.config.base import Strict

ALL = "all"


def _as_list(value: object) -> object:
    return [value] if isinstance(value, str) and value != ALL else value


Groups = Annotated[
    Literal["all"] | Annotated[tuple[str, ...], Field(min_length=1)], BeforeValidator(_as_list)
]


class PhyOptions(Strict):
    clusters: Groups = Field(
        ("good",), description="the groups of clusters that are units, or `all`"
    )
