"""Progress of searches that are made up."""

from __future__ import annotations

from typing import Any

from raylab.reporting.progress.results import Progress, RunningTrial, Standing

PARAMS = {
    "model.encoder.kind": "offset10",
    "optimizer.learning_rate": 0.00123,
    "sampling.conditional": "time_delta",
    "view.smoothing_ms": 123.4,
}


def running(number: int, **changes: Any) -> RunningTrial:
    values: dict[str, Any] = {
        "trial": f"{number:04d}",
        "step": 50 + number,
        "max_steps": 600,
        "scores": {"decoding.r2": 0.5 + number / 100},
        "curve": (0.1, 0.3, 0.2, 0.5),
        "seconds": 12.0,
        "left_s": 20.0,
        "params": PARAMS,
    }
    return RunningTrial(**{**values, **changes})


def search(trials: int, **changes: Any) -> Progress:
    values: dict[str, Any] = {
        "study": "rat",
        "kind": "search",
        "state": "running",
        "phase": "search",
        "running": [running(number) for number in range(trials)],
        "best": Standing(name="0001", metric="decoding.r2", score=0.7512),
        "baseline": Standing(name="smoothed", metric="decoding.r2", score=0.61),
        "done": 3,
        "total": 16,
        "counts": {"completed": 2, "pruned": 1, "running": trials},
        "elapsed_s": 133,
        "left_s": 260,
        "left_from": "3 trials of 12 s, 2 at a time",
    }
    return Progress(**{**values, **changes})
