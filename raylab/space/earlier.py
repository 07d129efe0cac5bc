"""`warm_start`: earlier studies whose trials inform the sampler."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from raylab.config.base import Strict
from raylab.space.parameters import Scalar


class EarlierTrial(Strict):
    """A finished trial of an earlier study, with the parameters of the new space.

    `curve` holds (step, score) of a pruned trial.
    """

    trial: str
    state: Literal["completed", "pruned"]
    params: dict[str, Scalar]
    scores: tuple[float, ...]
    curve: tuple[tuple[int, float], ...] = ()


class Earlier(Strict):
    """An earlier study. Its trials are filled in before the search begins, so that a resumed search
    does not read the study again.
    """

    study: str
    trials: tuple[EarlierTrial, ...] | None = None


def as_earlier(value: object) -> object:
    """The entries of `warm_start`, which may be a study, a list of studies or a recorded list."""
    several = value if isinstance(value, list | tuple) else [value]
    return [{"study": str(entry)} if isinstance(entry, str | Path) else entry for entry in several]
