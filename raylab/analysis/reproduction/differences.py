"""How a rebuilt trial differs from its record: in score, weights and environment."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from raylab.errors import StudyError
from raylab.files import map_tensors
from raylab.results import Result
from raylab.space.settings import Resources
from raylab.tracking.environment import code_state, packages

Weights = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class WeightDifference(Result):
    """How two models' weights differ.

    Attributes:
        equal: To the bit.
        largest_difference: Largest absolute difference of a weight; infinite for models of
            different shapes.
        relative_difference: The same, divided by the largest absolute weight.
    """

    equal: bool
    largest_difference: float
    relative_difference: float


def read_weights(folder: Path) -> dict[str, np.ndarray]:
    """Copies of a model's weights, which stay valid when the folder is removed.

    Raises:
        StudyError: The folder has no weights.
    """
    path = folder / "model.safetensors"
    if not path.is_file():
        raise StudyError(
            f"{path}: no such file, so there are no weights to compare",
            "Restore it from a copy of the study.",
        )
    return {name: np.array(value) for name, value in map_tensors(path).items()}


def compare_weights(then: Weights, now: Weights) -> WeightDifference:
    """The difference of recorded and rebuilt weights."""
    shapes = [{name: value.shape for name, value in weights.items()} for weights in (then, now)]
    if shapes[0] != shapes[1]:
        return WeightDifference(False, math.inf, math.inf)
    equal = all(value.tobytes() == now[name].tobytes() for name, value in then.items())
    pairs = [
        (value.astype(np.float64), now[name].astype(np.float64))
        for name, value in then.items()
        if value.size
    ]
    largest = max((float(np.abs(old - new).max()) for old, new in pairs), default=0.0)
    scale = max((float(np.abs(old).max()) for old, _ in pairs), default=0.0)
    relative = largest / scale if scale else math.inf if largest else 0.0
    return WeightDifference(equal, largest, relative)


def close(then: float | None, now: float | None, tolerance: float) -> bool:
    """Whether two scores are equal within a share of the first.

    NaN equals NaN, and None equals None.
    """
    if then is None or now is None:
        return then is now
    return (math.isnan(then) and math.isnan(now)) or abs(then - now) <= tolerance * abs(then)


def different_metrics(
    then: Mapping[str, float], now: Mapping[str, float], tolerance: float
) -> dict[str, tuple[float | None, float | None]]:
    """Metric -> (recorded, rebuilt), of those that differ."""
    pairs = {name: (then.get(name), now.get(name)) for name in {**then, **now}}
    return {name: pair for name, pair in pairs.items() if not close(*pair, tolerance)}


def environment(
    description: Mapping[str, Any], resources: Resources
) -> dict[str, tuple[object, object]]:
    """Name -> (then, now) of what differs between the study's environment and this one.

    The kind of CPU or GPU is not recorded, so it is not compared.

    Args:
        description: Of the study: its packages and the commit of raylab.
        resources: Of the study, for the number of threads.
    """
    then: dict[str, object] = dict(description.get("packages") or {})
    now: dict[str, object] = dict(packages())
    for values, git in ((then, description.get("git")), (now, code_state())):
        values |= {f"git {name}": value for name, value in (git or {}).items()}
    then["threads"] = resources.cpus
    now["threads"] = min(resources.cpus, os.cpu_count() or resources.cpus)
    return {
        name: (then.get(name), now.get(name))
        for name in {**then, **now}
        if then.get(name) != now.get(name)
    }
