"""Paired measurement: A B A B in one process, one thread, CPU time. Medians, and ratios with their spread."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

Run = Callable[[int], None]  # performs that many steps


@dataclass(frozen=True)
class Pair:
    """Two ways to do one thing. `block`: ours runs whole multiples of so many steps."""

    ours: Run
    peer: Run
    block: int = 1


@dataclass(frozen=True)
class Result:
    """Milliseconds a step; ratios are peer / ours of one round, so above 1 ours is faster."""

    name: str
    ours_ms: float
    peer_ms: float
    ratio: float
    ratio_min: float
    ratio_max: float


def compare(name: str, pair: Pair, *, rounds: int, seconds: float) -> Result:
    """Alternate rounds of about `seconds` each side, so that a slow spell of the machine hits both."""
    sides = [(pair.ours, pair.block), (pair.peer, 1)]
    steps = [_steps(run, block, seconds) for run, block in sides]
    gc.collect()
    gc.disable()
    try:
        times = [[_per_step(run, n) for (run, _), n in zip(sides, steps)] for _ in range(rounds)]
    finally:
        gc.enable()
    ours, peer = zip(*times)
    ratios = [b / a for a, b in times]
    return Result(
        name=name,
        ours_ms=statistics.median(ours),
        peer_ms=statistics.median(peer),
        ratio=statistics.median(ratios),
        ratio_min=min(ratios),
        ratio_max=max(ratios),
    )


def _steps(run: Run, block: int, seconds: float) -> int:
    """How many steps fill a round; the first call warms caches and allocators and is not used."""
    run(block)
    return block * max(1, round(seconds * 1e3 / (_per_step(run, block) * block)))


def _per_step(run: Run, steps: int) -> float:
    start = time.process_time()
    run(steps)
    return (time.process_time() - start) * 1e3 / steps
