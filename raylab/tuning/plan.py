"""The verb `plan`: what a search would be, before it starts."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from raylab.paths import AnyPath, local_path
from raylab.space.space import Space
from raylab.tuning.planning import forecast
from raylab.tuning.planning.probe import Probed, choose_draws, probe
from raylab.tuning.planning.results import AtOnce, Forecast, Worker
from raylab.tuning.planning.study_plan import make_plan, nodes_for, place_on


def plan(
    space: str | Path | Mapping[str, object] | Space,
    *,
    data: AnyPath,
    out: str | Path = ".",
    trials: int | None = None,
    overrides: Mapping[str, object] | None = None,
    timed: bool = True,
    probe_seconds: float = 10.0,
) -> Forecast:
    """Describe what `search` with the same arguments would do.

    It connects to Ray to see the machines, but starts no trial and writes no study.

    Args:
        space: A YAML file, the name of a shipped space (`raylab spaces`), a mapping or a Space.
        data: The folder of the prepared dataset.
        out: Where the study would lie. Only the free space of that disk is looked at.
        trials: Overrides budget.trials.
        overrides: Values by dotted path; see `load_space`.
        timed: Whether to run a few draws for a short time, in temporary folders. Without these
            probes, time, memory and disk are None.
        probe_seconds: How long the probes take together, without their starts.

    Returns:
        The number of trials, how many run at the same time, and estimates of time (seconds), memory
        and disk (bytes).

    Raises:
        ConfigError, DataError, StudyError: `search` would raise the same before it starts anything.

    Example:
        >>> space = {"search": {"optimizer.learning_rate": {"float": [1e-4, 1e-2]}}}
        >>> forecast = raylab.plan(space, data="dataset", trials=8, timed=False)
        >>> forecast.trials, forecast.each.workers, forecast.trial_s
        (8, 1, None)
    """
    more = {"budget.trials": trials} if trials is not None else {}
    checked = make_plan(space, data, overrides={**(overrides or {}), **more})
    resources, scheduler = checked.space.resources, checked.space.scheduler
    count = checked.space.budget.trials
    nodes = nodes_for(resources)
    placement = place_on(nodes, resources, count)
    slots = placement.slots
    probes, launch_s = list[Probed](), 0.0
    if timed:
        draws = choose_draws(checked.space, checked.dataset.sessions)
        probes, launch_s = probe(checked, draws, slots=slots, seconds=probe_seconds)
    rows = [forecast.probe_row(entry) for entry in probes]
    trial_s = forecast.trial_time(probes, scheduler, trials=count)
    memory = forecast.memory_use(probes, placement, resources, nodes)
    disk = forecast.disk_use(probes, count, local_path(out))
    return Forecast(
        trials=count,
        notes=[*checked.notes, *forecast.budget_notes(checked.space.budget)],
        at_once=AtOnce(slots, placement.bound, [forecast.node_of(node) for node in nodes]),
        each=Worker(
            threads=resources.cpus,
            cpus=resources.cpus,
            gpus=resources.gpus,
            memory_gb=resources.memory_gb,
            workers=resources.workers,
        ),
        probe=rows,
        trial_s=trial_s,
        study_s=forecast.study_time(probes, trial_s, trials=count, slots=slots, launch_s=launch_s),
        memory=memory,
        disk=disk,
        warnings=forecast.warnings(rows, memory, disk, reserved_gb=resources.memory_gb),
    )
