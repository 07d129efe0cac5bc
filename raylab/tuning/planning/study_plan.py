"""A plan: a search space checked against a dataset and against the machines there are. Starts no
trial.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from raylab.cluster import begun as begun_ray
from raylab.cluster import connect
from raylab.config.earlier import BEFORE
from raylab.config.families import FAMILIES
from raylab.config.parse import parse_trial
from raylab.data.dataset import Dataset
from raylab.errors import StudyError
from raylab.evaluation.metrics import DECODING
from raylab.local_ray import Warm
from raylab.paths import AnyPath
from raylab.space.blame import blamed
from raylab.space.conditions import stand_in
from raylab.space.load_space import load_space
from raylab.space.parameters import leaves
from raylab.space.settings import Resources
from raylab.space.shipped import named_space
from raylab.space.space import Space
from raylab.tracking.records import Mode
from raylab.tuning.checks.typos import check_typos
from raylab.tuning.planning.placement import Placement, place, place_as_named

ACTOR = "raylab.tuning.actor"  # the module of the processes in which trials run


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
    runs: bool = False,
) -> Plan:
    """Check a space against a dataset; starts no trial.

    Args:
        source: What errors call the space; default: its file.
        begun: Whether the study has begun: its samples were checked then, and studies of earlier
            versions, which did not check them, go on.
        runs: Whether trials run at once where the plan is valid: then a local Ray begins to start
            beside the check, after what is misspelt has been refused.
    """
    source = source or (str(space) if isinstance(space, str | Path) else "space")
    dataset = Dataset(data)
    loaded = load_space(space, overrides, source=source)
    file = named_space(space) if isinstance(space, str | Path) else None
    with blamed(source, file, overrides):
        loaded = with_rules(loaded, begun=begun)
        check_typos(loaded, dataset.sessions, source)
        with ray_beside(loaded) if runs else contextlib.nullcontext():
            return _checked(loaded, dataset, source, begun=begun)


def ray_beside(space: Space) -> contextlib.AbstractContextManager[None]:
    """A context beside whose work a local Ray begins to start that suits the trials of a space."""
    return begun_ray(dashboard=space.resources.workers > 1, warm=warm_for(space))


def warm_for(space: Space) -> Warm:
    """The processes that the trials of a space will need: one for each trial at a time as far as
    there are CPUs, and one for the baselines. They import what trials need. Modules of installed
    packages are left out: an error in one would end each process.
    """
    choice = FAMILIES.find(space.fixed()["task"].get("kind"))
    own = [choice.builder.partition(":")[0]] if choice is not None and not choice.package else []
    resources, cpus = space.resources, os.cpu_count() or 1
    fitting = max(1, cpus // (resources.cpus * resources.workers))
    at_once = min(space.budget.trials, resources.concurrent or fitting, fitting)
    return Warm((ACTOR, *own), at_once * resources.workers + 1)


def with_rules(space: Space, *, begun: bool) -> Space:
    """The space with its rules written down in `base`: of a study that an earlier version began,
    those of that version; else the defaults.
    """
    rules = BEFORE if begun else dict.fromkeys(BEFORE, "floored")
    given = {*dict(leaves(space.base)), *space.searched}
    missing = {path: rule for path, rule in rules.items() if path not in given}
    return space.model_copy(update={"base": {**space.base, **missing}}) if missing else space


def _checked(loaded: Space, dataset: Dataset, source: str, *, begun: bool) -> Plan:
    # Imported once Ray has begun to start: these import torch, and check what that takes.
    from raylab.tasks.samples import check_samples
    from raylab.tuning.checks.objectives import modes
    from raylab.tuning.checks.space import check_space
    from raylab.tuning.drawing.warm_start import with_earlier

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


def refuse_existing(out: Path) -> None:
    """Raise StudyError where a new study's folder exists."""
    if out.exists():
        raise StudyError(
            f"{out}: already exists", "Choose another --out, or continue it with `raylab resume`."
        )


def connect_for(resources: Resources, trials: int) -> int:
    """Connect to Ray; how many trials run at once.

    Raises:
        StudyError: one trial does not fit: waiting for it would never end.
    """
    return place_on(nodes_for(resources), resources, trials).slots


def nodes_for(resources: Resources) -> list[dict[str, float]]:
    """Connect to Ray as trials need it; what each of its nodes has."""
    connect(dashboard=resources.workers > 1, warm=Warm((ACTOR,)))
    import ray

    return [dict(node["Resources"]) for node in ray.nodes() if node["Alive"]]


def place_on(nodes: Sequence[Mapping[str, float]], resources: Resources, trials: int) -> Placement:
    """Where the cluster may grow, what resources.concurrent says; else what fits."""
    if resources.concurrent and os.environ.get("RAY_ADDRESS"):
        return place_as_named(resources, trials)
    return place(resources, nodes, trials)
