"""plan: to be described."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from raylab.space.space import Space
from raylab.tuning.planning.forecast import (
    _node,
    _probe,
    _row,
    _sooner,
    disk,
    memory,
    times,
    warnings,
)
from raylab.tuning.planning.study_plan import make_plan, nodes_for, place_on


def plan(
    space: str | Path | Mapping[str, Any] | Space,
    *,
    data: str | Path,
    out: str | Path = ".",
    trials: int | None = None,
    overrides: Mapping[str, Any] | None = None,
    timed: bool = True,
    probe_seconds: float = 10.0,
) -> dict[str, Any]:
    """What `search` with the same arguments would do. Starts no trial and writes no study.

    Args:
        out: Where the study would lie: the disk whose space is looked at.
        timed: Run a few draws shortly, in temporary folders; without, nothing is said of time,
            memory and disk.
        probe_seconds: That these runs take together, beside their starts.

    Returns:
        {"trials", "notes", "at_once": {"trials", "bound", "nodes"}, "each": {"workers", "cpus",
        "threads", "gpus", "memory_gb"} of a trial's worker, "probe": [{"params", "steps",
        "seconds", "error", ...}], "trial_s" and "study_s": {"estimate", "low", "high", "least"} in
        seconds, "memory" and "disk" in bytes, "warnings"}; of what was not probed, None.

    Raises:
        ConfigError, DataError, StudyError: as `search` would before it starts anything.
    """
    more = {"budget.trials": trials} if trials is not None else {}
    planned = make_plan(space, data, overrides={**(overrides or {}), **more})
    resources, count = planned.space.resources, planned.space.budget.trials
    nodes = nodes_for(resources)
    placement = place_on(nodes, resources, count)
    found, launch_s = _probe(planned, placement, probe_seconds) if timed else ([], 0.0)
    result = {
        "trials": count,
        "notes": [*planned.notes, *_sooner(planned.space.budget)],
        "at_once": {
            "trials": placement.slots,
            "bound": placement.bound,
            "nodes": [_node(node) for node in nodes],
        },
        "each": {"threads": resources.cpus, **resources.model_dump(exclude={"concurrent"})},
        "probe": [_row(one) for one in found],
        **times(
            found, planned.space.scheduler, trials=count, slots=placement.slots, launch_s=launch_s
        ),
        "memory": memory(found, placement, resources, nodes),
        "disk": disk(found, count, Path(out)),
    }
    return {**result, "warnings": warnings(result)}
