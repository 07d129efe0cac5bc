"""Time, memory and disk of a study, computed from what its probes cost."""

from __future__ import annotations

import math
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from raylab.space.parameters import Scalar
from raylab.space.schedulers import SchedulerConfig
from raylab.space.settings import Budget, Resources
from raylab.tuning.planning.placement import Placement
from raylab.tuning.planning.probe import Probed
from raylab.tuning.planning.results import DiskUse, MemoryUse, Node, ProbeRow, Seconds


def trial_seconds(probe: Probed, share: float = 1.0) -> float:
    """The time of a trial that trains this share of its steps."""
    assert probe.cost is not None
    draw, cost = probe.draw, probe.cost
    worked = draw.steps * cost["step_s"] + draw.validations * cost["validation_s"]
    return cost["start_s"] + share * worked


def trial_time(
    probes: Sequence[Probed], scheduler: SchedulerConfig, *, trials: int
) -> Seconds | None:
    """The time of one trial; None where no draw could run."""
    ran = [probe for probe in probes if probe.cost is not None]
    if not ran:
        return None
    whole = [trial_seconds(probe) for probe in ran]
    short = [trial_seconds(probe, scheduler.least_share(probe.draw.steps, trials)) for probe in ran]
    return Seconds(_mean(ran, whole), min(whole), max(whole), _mean(ran, short))


def study_time(
    probes: Sequence[Probed], trial: Seconds | None, *, trials: int, slots: int, launch_s: float
) -> Seconds | None:
    """The time of a study whose trials run in rounds of `slots`.

    Args:
        launch_s: How long Ray takes to start the first trial.
    """
    if trial is None:
        return None
    ran = [probe for probe in probes if probe.cost is not None]
    once = launch_s + _mean(ran, [probe.cost["warm_up_s"] for probe in ran if probe.cost])
    rounds = math.ceil(trials / slots)
    values = (trial.estimate, trial.low, trial.high, trial.least)
    return Seconds(*(once + rounds * value for value in values))


def _mean(probes: Sequence[Probed], values: Sequence[float]) -> float:
    total = sum(probe.draw.weight for probe in probes)
    return sum(probe.draw.weight * value for probe, value in zip(probes, values)) / total


def memory_use(
    probes: Sequence[Probed],
    placement: Placement,
    resources: Resources,
    nodes: Sequence[Mapping[str, float]],
) -> MemoryUse | None:
    """The memory that trials need; None where no draw could run."""
    costs = [probe.cost for probe in probes if probe.cost is not None]
    if not costs:
        return None
    worker, gpu = (max(cost[name] for cost in costs) for name in ("peak_bytes", "gpu_bytes"))
    sharing = min(placement.beside, int(1 / resources.gpus)) if 0 < resources.gpus < 1 else 1
    free = [node["memory"] for node in nodes if node.get("CPU") and "memory" in node]
    return MemoryUse(
        worker=worker,
        above_idle=max(cost["peak_bytes"] - cost["idle_bytes"] for cost in costs),
        node=worker * placement.beside,
        free=min(free, default=math.inf),
        gpu=gpu * sharing,
        gpu_free=max(cost["gpu_total_bytes"] for cost in costs),
    )


def disk_use(probes: Sequence[Probed], trials: int, out: Path) -> DiskUse | None:
    """The disk space that a study at `out` needs; None where no draw could run."""
    written = [probe.cost["disk_bytes"] for probe in probes if probe.cost is not None]
    if not written:
        return None
    place = out.absolute()
    while not place.exists():
        place = place.parent
    largest = max(written)
    return DiskUse(largest, largest * trials, shutil.disk_usage(place).free)


def warnings(
    rows: Sequence[ProbeRow],
    memory: MemoryUse | None,
    disk: DiskUse | None,
    *,
    reserved_gb: float | None,
) -> list[str]:
    """What would go wrong, one sentence each.

    Args:
        reserved_gb: `resources.memory_gb` of the space.
    """
    failing = [
        f"a draw cannot run: {row.error} ({_assignments(row.params)})" for row in rows if row.error
    ]
    return [
        *failing,
        *(_memory_warnings(memory, reserved_gb) if memory else ()),
        *(_disk_warnings(disk) if disk else ()),
    ]


def _memory_warnings(memory: MemoryUse, reserved_gb: float | None) -> Iterator[str]:
    if memory.node > memory.free:
        yield (
            f"memory: trials on one node may hold {_gb(memory.node)} at once, Ray counts "
            f"{_gb(memory.free)}; set resources.concurrent or resources.memory_gb"
        )
    if reserved_gb and memory.worker > reserved_gb * 1e9:
        yield (
            f"memory: a worker held {_gb(memory.worker)}, more than resources.memory_gb "
            f"{reserved_gb:g}"
        )
    if memory.gpu_free and memory.gpu > memory.gpu_free:
        yield (
            f"GPU memory: workers that share a GPU may hold {_gb(memory.gpu)}, it has "
            f"{_gb(memory.gpu_free)}; raise resources.gpus"
        )


def _disk_warnings(disk: DiskUse) -> Iterator[str]:
    if disk.study > disk.free:
        yield f"disk: the study may need {_gb(disk.study)}, there are {_gb(disk.free)} free"


def probe_row(probe: Probed) -> ProbeRow:
    """A probe as it is reported."""
    draw, cost = probe.draw, probe.cost
    seconds = None if cost is None else trial_seconds(probe)
    return ProbeRow(draw.params, draw.steps, draw.validations, probe.error, seconds, cost)


def node_of(resources: Mapping[str, float]) -> Node:
    """A node as Ray describes it; what Ray does not name is 0."""
    return Node(*(resources.get(name, 0.0) for name in ("CPU", "GPU", "memory")))


def budget_notes(budget: Budget) -> list[str]:
    """What may end a search before all of its trials were drawn."""
    limits = {"hours": budget.hours, "target": budget.target, "plateau": budget.plateau}
    return [
        f"budget.{name} {value:g} may end it with fewer trials"
        for name, value in limits.items()
        if value is not None
    ]


def _assignments(params: Mapping[str, Scalar]) -> str:
    return ", ".join(
        f"{path}={value:.3g}" if isinstance(value, float) else f"{path}={value}"
        for path, value in params.items()
    )


def _gb(amount: float) -> str:
    return f"{amount / 1e9:.1f} GB"
