"""Makes what a page runs small, because a page shows the numbers that readers should use.

The functions of `raylab` are replaced for the time of a page, so the commands and the Python of the
page become small alike. What is asked for stays as it is; there is only less of it. `make pages
RUN=takes` runs pages in the sizes that they state.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from inspect import signature
from typing import Any

import pytest

import raylab

STEPS = {"training.max_steps": 6, "training.validate_every": 3, "scheduler.kind": "none"}
# Of a function: the largest values of its arguments, and the overrides that make trials short.
LARGEST: dict[str, dict[str, float]] = {
    "synth": {"samples": 3000},
    "search": {"trials": 2},
    "extend": {"trials": 1},
    "answer": {"minutes": 0.1, "folds": 3, "seeds": 1},
    "select": {"top": 2, "seeds": 2, "shuffles": 1},
    "compare": {"seeds": 1},
    "scale": {"seeds": 1},
    "shuffle_labels": {"shuffles": 1},
    "topology": {"shuffles": 5},
    "compare_embeddings": {"samples": 100},
    "plan": {"probe_seconds": 0.2},
}
SHORT = {
    "search": STEPS,
    "compare": STEPS,
    "scale": STEPS,
    "train": {"training.max_steps": 6, "training.validate_every": 3},
    "adapt": {"training.max_steps": 6, "training.validate_every": 3},
}


def make_small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Replace the functions of `raylab` until the test ends."""
    for name in {*LARGEST, *SHORT}:
        monkeypatch.setattr(raylab, name, _small(name), raising=False)


def _small(name: str) -> Callable[..., Any]:
    function = getattr(raylab, name)
    arguments = signature(function)

    @wraps(function)
    def small(*values: Any, **named: Any) -> Any:
        bound = arguments.bind(*values, **named)
        for argument, largest in LARGEST.get(name, {}).items():
            if argument in arguments.parameters:
                asked = bound.arguments.get(argument, arguments.parameters[argument].default)
                bound.arguments[argument] = largest if asked is None else min(asked, largest)
        if name in SHORT:
            asked = bound.arguments.get("overrides") or {}
            bound.arguments["overrides"] = {**asked, **SHORT[name]}
        return function(*bound.args, **bound.kwargs)

    return small
