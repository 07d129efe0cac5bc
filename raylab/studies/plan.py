"""A plan: a search space checked against a dataset and against the machines there are. Starts no trial."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from raylab.cluster import connect
from raylab.data.dataset import Dataset
from raylab.errors import StudyError
from raylab.studies.checks import check_space, modes
from raylab.studies.space import Resources, Space, load_space
from raylab.tracking.records import Mode


@dataclass(frozen=True)
class Plan:
    """A checked search: what runs, on what, in which direction.

    Attributes:
        modes: Of each objective's metric, and of the scheduler's: whether higher or lower is better.
        label: The label the trials are scored on; None where the dataset has none.
        notes: What the check changed or found, one sentence each.
    """

    space: Space
    dataset: Dataset
    modes: dict[str, Mode]
    label: str | None
    notes: tuple[str, ...]


def make_plan(space: Any, data: str | Path, *, overrides: Mapping[str, Any] | None = None, source: str = "") -> Plan:
    """Check a space against a dataset; starts nothing.

    Args:
        source: What errors call the space; default: its file.
    """
    source = source or (str(space) if isinstance(space, str | Path) else "space")
    dataset = Dataset(data)
    loaded = load_space(space, overrides, source=source)
    label = loaded.fixed()["task"].get("label") or next(iter(dataset.labels), None)
    if label:  # the default is written down: what was used is what is recorded
        loaded = loaded.model_copy(update={"task": {**loaded.task, "label": label}})
    checked, notes = check_space(loaded, dataset.sessions, source=source)
    return Plan(checked, dataset, modes(checked, dataset.sessions), label, tuple(notes))


def connect_for(resources: Resources, trials: int) -> int:
    """Connect to Ray; how many trials run at once.

    Raises:
        StudyError: one trial does not fit: waiting for it would never end.
    """
    available = connect(dashboard=resources.workers > 1)
    cpus, gpus = resources.cpus * resources.workers, resources.gpus * resources.workers
    wanted = {"CPU": cpus, "GPU": gpus, "memory": (resources.memory_gb or 0) * resources.workers * 1e9}
    if resources.concurrent and os.environ.get("RAY_ADDRESS"):
        return min(resources.concurrent, trials)  # a joined cluster may grow: who names a number vouches for it
    for name, amount in wanted.items():
        if amount > available.get(name, 0):
            raise StudyError(
                f"one trial needs {amount:g} {name}, the whole cluster has {available.get(name, 0):g}",
                "Lower resources.workers, cpus, gpus or memory_gb (--set resources.cpus=1); for a cluster that grows "
                "when asked, set resources.concurrent.",
            )
    fitting = min(int(available.get(name, 0) / amount) for name, amount in wanted.items() if amount)
    return max(1, min(resources.concurrent or fitting, fitting, trials))
