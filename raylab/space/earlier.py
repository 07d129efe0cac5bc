"""earlier: to be described."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from raylab.config.base import Strict
from raylab.space.parameters import Scalar

if TYPE_CHECKING:
    pass


class EarlierTrial(Strict):
    """A finished trial, in the terms of the new space; `curve` holds a pruned one's score by step."""

    trial: str
    state: Literal["completed", "pruned"]
    params: dict[str, Scalar]
    scores: tuple[float, ...]
    curve: tuple[tuple[int, float], ...] = ()


class Earlier(Strict):
    """An earlier study. Its trials are filled in before the search begins: a resumed search does
    not read it again.
    """

    study: str
    trials: tuple[EarlierTrial, ...] | None = None


def as_earlier(value: Any) -> Any:
    """`warm_start: STUDY`, a list of them, or what a study recorded."""
    several = value if isinstance(value, list | tuple) else [value]
    return [{"study": str(one)} if isinstance(one, str | Path) else one for one in several]
