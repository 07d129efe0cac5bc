"""The result of a check of `raylab doctor`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from raylab.results import Result

Level = Literal["ok", "warning", "problem"]


@dataclass(frozen=True)
class Finding(Result):
    """The result of one check.

    Attributes:
        check: The name of the check.
        level: A `problem` makes results wrong, lost or open to others; a `warning` may.
        what: What is the case, in one sentence.
        remedy: What to do about it; empty where nothing needs to be done.
    """

    check: str
    level: Level
    what: str
    remedy: str = ""
