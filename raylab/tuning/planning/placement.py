"""How many trials run at once on the nodes there are: pure arithmetic, the same for `plan` and for
`search`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from raylab.errors import StudyError
from raylab.space.settings import Resources

WAITING_CPU = (
    0.1  # of the trial that waits for its workers, taken from theirs, so that whole machines fit
)
_UNITS = 10_000  # Ray counts a resource in ten-thousandths
_NAMES = {"CPU": "resources.cpus", "GPU": "resources.gpus", "memory": "resources.memory_gb"}
_REMEDY = (
    "Lower resources.workers, cpus, gpus or memory_gb (--set resources.cpus=1); for a cluster "
    "that grows when asked, set resources.concurrent."
)

Node = Mapping[str, float]  # what Ray says of a node: "CPU", "GPU", "memory" in bytes


@dataclass(frozen=True)
class Placement:
    """
    Attributes:
        slots: Trials at once.
        bound: What allows no more: "CPU", "GPU", "memory", "resources.concurrent" or "trials".
        beside: Workers that one node holds at once, at the most.
    """

    slots: int
    bound: str
    beside: int


def of_worker(resources: Resources) -> dict[str, float]:
    """What Ray is asked for, for one worker of a trial.

    Raises:
        StudyError: a share of a GPU and whole ones together, which Ray does not give.
    """
    if resources.gpus > 1 and resources.gpus != int(resources.gpus):
        raise StudyError(
            f"resources.gpus {resources.gpus:g}: a worker uses a share of one GPU, or a whole "
            "number of GPUs",
            f"Use {int(resources.gpus)}, {int(resources.gpus) + 1}, or a share below 1.",
        )
    waits = WAITING_CPU / resources.workers if resources.workers > 1 else 0.0
    # Rounded down: three thirds of a CPU, each rounded up, do not fit one.
    cpus = math.floor((resources.cpus - waits) * _UNITS) / _UNITS
    wanted = {"CPU": cpus, "GPU": resources.gpus, "memory": (resources.memory_gb or 0) * 1e9}
    return {name: amount for name, amount in wanted.items() if amount}


def place(resources: Resources, nodes: Sequence[Node], trials: int) -> Placement:
    """How many of `trials` run at once. A worker is on one node; the workers of a trial may be on
    several.

    Any number up to the slots can be placed, and however Ray distributes the processes that wait
    for the workers, at least one trial gets all of its workers: no study stands still.

    Raises:
        StudyError: one trial does not fit: waiting for it would never end.
    """
    worker = of_worker(resources)
    held = [_workers_on(node, worker) for node in nodes]
    if sum(held) < resources.workers:
        raise _too_large(resources, worker, nodes)
    fitting = sum(held) // resources.workers
    if resources.workers > 1:
        fitting = next(
            (n for n in range(fitting, 0, -1) if _runs(n, resources.workers, nodes, worker)), 0
        )
        if not fitting:
            raise StudyError(
                f"one trial of {resources.workers} workers does not fit: the process that "
                f"waits for the workers needs {WAITING_CPU:g} CPU on one node, which leaves "
                "too little for one of the workers",
                _REMEDY,
            )
    slots = min(fitting, trials, resources.concurrent or fitting)
    bound = (
        "trials"
        if slots == trials
        else "resources.concurrent"
        if slots < fitting
        else _bound(worker, nodes, held)
    )
    return Placement(slots, bound, min(slots * resources.workers, max(held)))


def place_as_named(resources: Resources, trials: int) -> Placement:
    """On a joined cluster that may grow: who names resources.concurrent vouches for it."""
    of_worker(resources)
    slots = min(resources.concurrent or 1, trials)
    return Placement(
        slots, "trials" if slots == trials else "resources.concurrent", slots * resources.workers
    )


def _workers_on(node: Node, worker: Mapping[str, float]) -> int:
    """How many workers a node holds at once."""
    return min(_times(name, node.get(name, 0.0), amount) for name, amount in worker.items())


def _times(name: str, has: float, needs: float) -> int:
    """Shares of a GPU are of one GPU each: two GPUs hold two workers of 0.6, not three."""
    if name == "GPU" and needs < 1:
        return int(has) * (_UNITS // _units(needs))
    return _units(has) // _units(needs)


def _units(amount: float) -> int:
    return round(amount * _UNITS)


def _runs(count: int, workers: int, nodes: Sequence[Node], worker: Mapping[str, float]) -> bool:
    """Whether so many trials of several workers can be placed, and one of them wherever the waiting
    processes are.
    """
    rooms = [_room(node, worker) for node in nodes]
    whole = sum(room.workers for room in rooms)
    return (
        whole - _lost_at_best(count, rooms) >= count * workers
        and whole - _lost_at_worst(count, rooms) >= workers
    )


@dataclass(frozen=True)
class _Room:
    """Of a node: its workers; waiting processes that fit beside all of them, and in the place of
    each further one.
    """

    workers: int
    beside: int
    instead: int


def _room(node: Node, worker: Mapping[str, float]) -> _Room:
    workers, waiting, cpu = _workers_on(node, worker), _units(WAITING_CPU), _units(worker["CPU"])
    return _Room(workers, (_units(node.get("CPU", 0.0)) - workers * cpu) // waiting, cpu // waiting)


def _lost_at_best(waiting: int, rooms: Sequence[_Room]) -> int:
    """Workers whose place the waiting processes need, where they go beside workers first."""
    left = waiting - sum(room.beside for room in rooms)
    return max(0, -(-left // rooms[0].instead))


def _lost_at_worst(waiting: int, rooms: Sequence[_Room]) -> int:
    """The same where they go to the node that it takes fewest on to displace a worker: at least as
    many as Ray can.
    """
    prices = [room.beside + 1 for room in rooms if room.workers]
    prices += [room.instead for room in rooms for _ in range(room.workers - 1)]
    total, lost = 0, 0
    for price in sorted(prices):
        total += price
        lost += total <= waiting
    return lost


def _bound(worker: Mapping[str, float], nodes: Sequence[Node], held: Sequence[int]) -> str:
    """The resource that is used up first, on the node that holds the most."""
    node = nodes[max(range(len(nodes)), key=lambda index: held[index])]
    return min(worker, key=lambda name: _times(name, node.get(name, 0.0), worker[name]))


def _too_large(
    resources: Resources, worker: Mapping[str, float], nodes: Sequence[Node]
) -> StudyError:
    whole = {
        "CPU": float(resources.cpus),
        "GPU": resources.gpus,
        "memory": worker.get("memory", 0.0),
    }
    for name in worker:
        amount, has = whole[name] * resources.workers, sum(node.get(name, 0.0) for node in nodes)
        if amount > has:
            return StudyError(
                f"one trial needs {amount:g} {name}, the whole cluster has {has:g}", _REMEDY
            )
    needs = ", ".join(f"{whole[name]:g} {name} ({_NAMES[name]})" for name in worker)
    has_most = ", ".join(
        f"{max((node.get(name, 0.0) for node in nodes), default=0.0):g} {name}" for name in worker
    )
    return StudyError(
        f"one trial needs {resources.workers} x {needs}, and each worker must fit on one "
        f"node; too few of the cluster's {len(nodes)} nodes have this much (the most on one "
        f"node: {has_most})",
        _REMEDY,
    )
