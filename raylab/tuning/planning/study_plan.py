"""A plan: a search space checked against a dataset and against the machines there are. Starts no
trial.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from raylab.cluster import connect
from raylab.config.earlier import BEFORE
from raylab.config.parse import parse_trial
from raylab.data.dataset import Dataset
from raylab.evaluation.metrics import DECODING
from raylab.paths import AnyPath
from raylab.space.blame import blamed
from raylab.space.conditions import stand_in
from raylab.space.load_space import load_space
from raylab.space.parameters import leaves
from raylab.space.settings import Resources
from raylab.space.shipped import named_space
from raylab.space.space import Space
from raylab.tasks.samples import check_samples
from raylab.tracking.records import Mode
from raylab.tuning.checks.objectives import modes
from raylab.tuning.checks.space import check_space
from raylab.tuning.drawing.warm_start import with_earlier
from raylab.tuning.planning.placement import Placement, place, place_as_named


@dataclass(frozen=True)
class Plan:
    """A checked search: what runs, on what, in which direction.

    Attributes:
        modes: Of each objective's metric, and of the scheduler's: whether higher or lower is
            better.
        label: The label the trials are scored on; None where the dataset has none.
        notes: What the check changed or found, one sentence each.
    """

    space: Space
    dataset: Dataset
    modes: dict[str, Mode]
    label: str | None
    notes: tuple[str, ...]


def make_plan(
    space: str | Path | Mapping[str, object] | Space,
    data: AnyPath,
    *,
    overrides: Mapping[str, object] | None = None,
    source: str = "",
    begun: bool = False,
) -> Plan:
    """Check a space against a dataset; starts nothing.

    Args:
        source: What errors call the space; default: its file.
        begun: Whether the study has begun: its samples were checked then, and studies of earlier
            versions, which did not check them, go on.
    """
    source = source or (str(space) if isinstance(space, str | Path) else "space")
    dataset = Dataset(data)
    loaded = load_space(space, overrides, source=source)
    file = named_space(space) if isinstance(space, str | Path) else None
    with blamed(source, file, overrides):
        return _checked(with_rules(loaded, begun=begun), dataset, source, begun=begun)


def with_rules(space: Space, *, begun: bool) -> Space:
    """The space with its rules written down in `base`: of a study that an earlier version began,
    those of that version; else the defaults.
    """
    rules = BEFORE if begun else dict.fromkeys(BEFORE, "floored")
    given = {*dict(leaves(space.base)), *space.searched}
    missing = {path: rule for path, rule in rules.items() if path not in given}
    return space.model_copy(update={"base": {**space.base, **missing}}) if missing else space


def _checked(loaded: Space, dataset: Dataset, source: str, *, begun: bool) -> Plan:
    label = loaded.fixed()["task"].get("label") or next(iter(dataset.labels), None)
    if label:  # the default is written down: what was used is what is recorded
        loaded = loaded.model_copy(update={"task": {**loaded.task, "label": label}})
    checked, notes = check_space(loaded, dataset.sessions, source=source, begun=begun)
    better = modes(checked, dataset.sessions)
    if not begun:
        required = any(metric.startswith(DECODING) for metric in (*checked.metrics, checked.rung))
        base = parse_trial(stand_in(checked), source)
        notes = [*notes, *check_samples(base, dataset, required=required)]
    checked, warm_start_notes = with_earlier(
        checked, fingerprint=dataset.fingerprint, modes=better, label=label or None, source=source
    )
    return Plan(checked, dataset, better, label, (*notes, *warm_start_notes))


def connect_for(resources: Resources, trials: int) -> int:
    """Connect to Ray; how many trials run at once.

    Raises:
        StudyError: one trial does not fit: waiting for it would never end.
    """
    return place_on(nodes_for(resources), resources, trials).slots


def nodes_for(resources: Resources) -> list[dict[str, float]]:
    """Connect to Ray as trials need it; what each of its nodes has."""
    connect(dashboard=resources.workers > 1)
    import ray

    return [dict(node["Resources"]) for node in ray.nodes() if node["Alive"]]


def place_on(nodes: Sequence[Mapping[str, float]], resources: Resources, trials: int) -> Placement:
    """Where the cluster may grow, what resources.concurrent says; else what fits."""
    if resources.concurrent and os.environ.get("RAY_ADDRESS"):
        return place_as_named(resources, trials)
    return place(resources, nodes, trials)
