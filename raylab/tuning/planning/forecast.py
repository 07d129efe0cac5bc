"""`raylab plan`: what a search would be, before it starts: trials, what runs at once, time, memory,
disk.
"""

from __future__ import annotations

import math
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from raylab.space.schedulers import SchedulerConfig
from raylab.space.settings import Budget, Resources
from raylab.tuning.planning.placement import Placement
from raylab.tuning.planning.probe import Probed, choose_draws, probe
from raylab.tuning.planning.study_plan import Plan


def _probe(planned: Plan, placement: Placement, seconds: float) -> tuple[list[Probed], float]:
    draws = choose_draws(planned.space, planned.dataset.sessions)
    return probe(planned, draws, slots=placement.slots, seconds=seconds)


def trial_seconds(one: Probed, share: float = 1.0) -> float:
    """Of a whole trial, or of one that is stopped after this share of its steps."""
    assert one.cost is not None
    worked = one.draw.steps * one.cost["step_s"] + one.draw.validations * one.cost["validation_s"]
    return one.cost["start_s"] + share * worked


def times(
    found: Sequence[Probed], scheduler: SchedulerConfig, *, trials: int, slots: int, launch_s: float
) -> dict[str, dict[str, float] | None]:
    """Seconds of a trial and of the study: {"trial_s", "study_s"}, each {"estimate", "low", "high",
    "least"}.

    The estimate is the weighted mean over the draws; low and high are the cheapest and the dearest
    draw, all trials being like it. `least` is where the scheduler stops all that it can as soon as
    it can.
    """
    ran = [one for one in found if one.cost is not None]
    if not ran:
        return {"trial_s": None, "study_s": None}
    whole, total = [trial_seconds(one) for one in ran], sum(one.draw.weight for one in ran)
    short = [trial_seconds(one, scheduler.least_share(one.draw.steps, trials)) for one in ran]
    mean, least = (
        sum(o.draw.weight * s for o, s in zip(ran, values)) / total for values in (whole, short)
    )
    trial = {"estimate": mean, "low": min(whole), "high": max(whole), "least": least}
    once = (
        launch_s + sum(one.draw.weight * one.cost["warm_up_s"] for one in ran if one.cost) / total
    )
    rounds = math.ceil(trials / slots)
    return {
        "trial_s": trial,
        "study_s": {name: once + rounds * value for name, value in trial.items()},
    }


def memory(
    found: Sequence[Probed],
    placement: Placement,
    resources: Resources,
    nodes: Sequence[Mapping[str, float]],
) -> dict[str, float] | None:
    """Bytes: "worker" (the most a probe held), "node" (all workers that one node holds at once),
    "free" (what the smallest node that runs any has for them, as Ray counts it), "gpu" and
    "gpu_free" of one GPU.
    """
    ran = [one.cost for one in found if one.cost is not None]
    if not ran:
        return None
    worker, gpu = max(cost["peak_bytes"] for cost in ran), max(cost["gpu_bytes"] for cost in ran)
    sharing = min(placement.beside, int(1 / resources.gpus)) if 0 < resources.gpus < 1 else 1
    return {
        "worker": worker,
        "above_idle": max(cost["peak_bytes"] - cost["idle_bytes"] for cost in ran),
        "node": worker * placement.beside,
        "free": min(
            (node["memory"] for node in nodes if node.get("CPU") and "memory" in node),
            default=math.inf,
        ),
        "gpu": gpu * sharing,
        "gpu_free": max(cost["gpu_total_bytes"] for cost in ran),
    }


def disk(found: Sequence[Probed], trials: int, out: Path) -> dict[str, float] | None:
    """Bytes: "trial" (the largest draw), "study" (all trials like it), "free" where the study would
    lie.
    """
    written = [one.cost["disk_bytes"] for one in found if one.cost is not None]
    if not written:
        return None
    place = out.absolute()
    while not place.exists():
        place = place.parent
    return {
        "trial": max(written),
        "study": max(written) * trials,
        "free": shutil.disk_usage(place).free,
    }


def warnings(result: Mapping[str, Any]) -> list[str]:
    """What would go wrong, one sentence each."""
    said = [
        f"a draw cannot run: {row['error']} ({_params(row['params'])})"
        for row in result["probe"]
        if row["error"]
    ]
    held, written, reserved = result["memory"], result["disk"], result["each"]["memory_gb"]
    if held and held["node"] > held["free"]:
        said.append(
            f"memory: trials on one node may hold {_gb(held['node'])} at once, Ray counts "
            f"{_gb(held['free'])}; set resources.concurrent or resources.memory_gb"
        )
    if held and reserved and held["worker"] > reserved * 1e9:
        said.append(
            f"memory: a worker held {_gb(held['worker'])}, more than resources.memory_gb "
            f"{reserved:g}"
        )
    if held and held["gpu_free"] and held["gpu"] > held["gpu_free"]:
        said.append(
            f"GPU memory: workers that share a GPU may hold {_gb(held['gpu'])}, it has "
            f"{_gb(held['gpu_free'])}; raise resources.gpus"
        )
    if written and written["study"] > written["free"]:
        said.append(
            f"disk: the study may need {_gb(written['study'])}, there are {_gb(written['free'])} "
            "free"
        )
    return said


def _row(one: Probed) -> dict[str, Any]:
    row = {
        "params": one.draw.params,
        "steps": one.draw.steps,
        "validations": one.draw.validations,
        "error": one.error,
    }
    return (
        row if one.cost is None else {**row, "seconds": trial_seconds(one), "cost": dict(one.cost)}
    )


def _node(node: Mapping[str, float]) -> dict[str, float]:
    return {name: node.get(name, 0.0) for name in ("CPU", "GPU", "memory")}


def _sooner(budget: Budget) -> list[str]:
    given = {
        name: value
        for name, value in budget.model_dump().items()
        if name != "trials" and value is not None
    }
    return [
        f"budget.{name} {value:g} may end it with fewer trials" for name, value in given.items()
    ]


def _params(params: Mapping[str, Any]) -> str:
    return ", ".join(
        f"{path}={value:.3g}" if isinstance(value, float) else f"{path}={value}"
        for path, value in params.items()
    )


def _gb(amount: float) -> str:
    return f"{amount / 1e9:.1f} GB"
