"""Paired measurement: A B A B, each side in a process of its own, one thread, CPU time. Medians,
and ratios with their spread.

Two processes, because a side may set what the whole process lives with: raylab's loop tunes the
allocator, from which a peer beside it gains up to half its time.
"""

from __future__ import annotations

import gc
import multiprocessing
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection

import torch
from threadpoolctl import threadpool_limits

Run = Callable[[int], None]  # performs that many steps
Make = Callable[
    [], Run
]  # prepares one side; to be pickled, so a function of a module or a partial of one


@dataclass(frozen=True)
class Pair:
    """Two ways to do one thing.

    Attributes:
        block: Ours runs whole multiples of so many steps.
        megabytes: What one step works through, where a throughput is of interest.
    """

    ours: Make
    peer: Make
    block: int = 1
    megabytes: float | None = None


@dataclass(frozen=True)
class Result:
    """Milliseconds a step; ratios are peer / ours of one round, so above 1 ours is faster."""

    name: str
    ours_ms: float
    peer_ms: float
    ratio: float
    ratio_min: float
    ratio_max: float
    ours_mb_per_s: float | None = None


def compare(name: str, pair: Pair, *, rounds: int, seconds: float) -> Result:
    """Alternate rounds of about `seconds` per side, so that a slow spell of the machine hits both
    sides.
    """
    sides = [_Side(pair.ours, pair.block, seconds), _Side(pair.peer, 1, seconds)]
    try:
        times = [[side.round() for side in sides] for _ in range(rounds)]
    finally:
        for side in sides:
            side.close()
    ours, peer = zip(*times)
    ratios = [b / a for a, b in times]
    return Result(
        name=name,
        ours_ms=statistics.median(ours),
        peer_ms=statistics.median(peer),
        ratio=statistics.median(ratios),
        ratio_min=min(ratios),
        ratio_max=max(ratios),
        ours_mb_per_s=pair.megabytes / statistics.median(ours) * 1e3 if pair.megabytes else None,
    )


class _Side:
    """One side and its process. The first call warms caches and allocators and is not used."""

    def __init__(self, make: Make, block: int, seconds: float) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, make), daemon=True)
        self._process.start()
        theirs.close()  # so that a process that died is seen as a closed pipe
        self._milliseconds(block)
        self._steps = block * max(1, round(seconds * 1e3 / (self._milliseconds(block) * block)))

    def round(self) -> float:
        """Milliseconds a step."""
        return self._milliseconds(self._steps)

    def close(self) -> None:
        self._pipe.close()
        self._process.join()

    def _milliseconds(self, steps: int) -> float:
        self._pipe.send(steps)
        return self._pipe.recv() * 1e3 / steps


def _serve(pipe: Connection, make: Make) -> None:
    """CPU seconds of every number of steps asked for, until the other end closes."""
    torch.set_num_threads(1)
    run = make()
    threadpool_limits(
        1
    )  # numpy's and scipy's, of which torch knows nothing; after everything is imported
    gc.collect()
    gc.disable()
    while True:
        try:
            steps = pipe.recv()
        except EOFError:
            return
        start = time.process_time()
        run(steps)
        pipe.send(time.process_time() - start)
