"""What a check found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Level = Literal["ok", "warning", "problem"]


@dataclass(frozen=True)
class Finding:
    """What one check found.

    Attributes:
        check: Its name.
        level: A `problem` makes results wrong, lost or open to others; a `warning` may.
        what: In one sentence.
        remedy: What to do about it; empty where nothing need be done.
    """

    check: str
    level: Level
    what: str
    remedy: str = ""
