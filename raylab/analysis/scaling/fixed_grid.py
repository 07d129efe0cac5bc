"""Grids at fixed settings over seeds: the space and the study of `compare` and `scale`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from raylab.analysis.resume import resume
from raylab.config.earlier import BEFORE
from raylab.errors import StudyError
from raylab.reporting.study import Study
from raylab.space.load_space import load_space
from raylab.space.parameters import Scalar, leaves
from raylab.space.space import Space
from raylab.tracking.study import StudyFolder
from raylab.tuning.planning.study_plan import Plan
from raylab.tuning.run import begin
from raylab.tuning.say import Say

SEED = "training.seed"


def fixed_grid(space: Space, axes: Mapping[str, Sequence[Scalar]], seeds: int) -> dict[str, Any]:
    """A space of every combination of the axes' values and the seeds 0 to seeds - 1.

    Everything else is as `base` states it, or the default. What the space searches besides, its
    sampler, scheduler and budget are left out. A parameter of a single value that depends on
    another (a pinned one, for example) is as good as a base value, and is kept.
    """
    value = space.model_dump(mode="json", by_alias=True, exclude_none=True)
    kept: dict[str, Any] = {
        key: value[key] for key in ("task", "objective", "resources") if key in value
    }
    searched = {**axes, SEED: list(range(seeds))}
    base = {name: leaf for name, leaf in leaves(value.get("base", {})) if name not in searched}
    search = {path: {"categorical": list(values)} for path, values in searched.items()}
    search |= {
        name: entry
        for name, entry in value.get("search", {}).items()
        if name not in searched and space.search[name].is_single and space.search[name].when
    }
    return {**kept, "base": base, "search": search, "sampler": {"kind": "grid"}}


def require_same(plan: Plan, out: Path, kind: str) -> None:
    """Make sure that `out` does not exist, or is the study that this plan would make.

    Raises:
        StudyError: `out` is another study.
    """
    if not out.exists():
        return
    study = StudyFolder.open(out)
    planned = plan.space.model_dump(mode="json", by_alias=True, exclude_none=True)
    existing = load_space(study.space_path).model_dump(
        mode="json", by_alias=True, exclude_none=True
    )
    # A study of an earlier version goes on by that version's rules.
    planned["base"] = {
        path: value
        for path, value in planned["base"].items()
        if path in existing["base"] or path not in BEFORE
    }
    other_data = study.description["data"]["fingerprint"] != plan.dataset.fingerprint
    if study.description["kind"] != kind or planned != existing or other_data:
        raise StudyError(f"{out}: this folder has another study", "Choose another --out.")


def begun_or_resumed(plan: Plan, out: Path, kind: str, say: Say | None) -> Study:
    """The plan's study, run to its end: begun, or continued after an interruption."""
    require_same(plan, out, kind)
    return resume(out, say=say) if out.exists() else begin(plan, out, kind, say)
