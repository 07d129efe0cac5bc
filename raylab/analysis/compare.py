"""Alternatives compared (`raylab compare`): each value of one choice, over the same seeds, sizes
and steps.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from raylab.analysis.repeated import SEED, begun_or_resumed, fixed_grid
from raylab.config.dotted import set_path
from raylab.config.parse import parse_trial
from raylab.errors import ConfigError
from raylab.evaluation.seeds import over_seeds
from raylab.reporting.figures.alternatives import alternatives_figure
from raylab.reporting.figures.files import keep_score
from raylab.reporting.tables.alternatives import write_table
from raylab.space.parameters import Scalar
from raylab.space.space import Space, load_space
from raylab.tasks.parameter_count import trial_parameter_count
from raylab.tracking.records import TrialRecord
from raylab.tracking.selections import drawn
from raylab.tracking.study import StudyFolder
from raylab.tuning.driver import Say
from raylab.tuning.planning.study_plan import Plan, make_plan

TOLERANCE = 0.1  # by which alternatives may differ in size and still be called equal
SPEED = "steps_per_s"


def compare(
    space: str | Path | Mapping[str, Any] | Space,
    *,
    data: str | Path,
    out: str | Path,
    over: str | None = None,
    seeds: int = 5,
    any_size: bool = False,
    overrides: Mapping[str, Any] | None = None,
    say: Say = print,
) -> dict[str, Any]:
    """Train every value of one searched choice with every seed, and say means and intervals over
    seeds.

    Everything else is as `base` says, or the config's default: what the space searches besides is
    not searched here. The trials are a study (`kind: compare`); the same call again goes on where
    it was stopped.

    Args:
        over: A categorical path of `search`; default: the one whose choices others depend on
            (`when`).
        seeds: 0 to seeds - 1, the same for every alternative.
        any_size: Whether alternatives may differ by more than a tenth in how many numbers they
            learn.

    Returns:
        {"over", "seeds", "steps", "alternatives": {value: {"completed", "failed", "learnt":
        numbers, "metrics": {name: {"mean", "interval": 95 % by Student's t, None of one seed,
        "values"}}}}}; `steps_per_s` counts the time of validations, too. Also written to the
        study's `scores` folder, as JSON, CSV and a figure.

    Raises:
        ConfigError: no such choice, or alternatives of unequal size. StudyError: `out` is another
            study.
    """
    source = str(space) if isinstance(space, str | Path) else "space"
    loaded = load_space(space, overrides, source=source)
    path = over or _the_choice(loaded, source)
    plan = make_plan(_grid(loaded, path, seeds, source), data, source=source)
    learnt = {
        value: _learnt(plan, path, value) for value in plan.space.search[path].categorical or ()
    }
    if not any_size:
        _check_sizes(path, learnt, source)
    study = begun_or_resumed(plan, Path(out), "compare", say)
    result = _result(study, path, seeds, learnt)
    keep_score(study, "alternatives", result, alternatives_figure(result, study.metrics))
    write_table(study.scores_folder / "alternatives.csv", result)
    return result


def _the_choice(space: Space, source: str) -> str:
    categorical = [
        path for path, parameter in space.search.items() if parameter.categorical is not None
    ]
    deciding = [
        path for path in categorical if any(path in one.when for one in space.search.values())
    ]
    candidates = deciding or categorical
    if len(candidates) != 1:
        raise ConfigError(
            f"{source}: {len(candidates)} searched choices could be compared "
            f"({', '.join(candidates) or 'none'})",
            "Name one with --over, such as --over quantizer.kind.",
        )
    return candidates[0]


def _grid(space: Space, path: str, seeds: int, source: str) -> dict[str, Any]:
    parameter = space.search.get(path)
    if parameter is None or parameter.categorical is None:
        raise ConfigError(
            f"{source}: '{path}' is no categorical path of `search`", "Choose one for --over."
        )
    return fixed_grid(space, {path: parameter.categorical}, seeds)


def _learnt(plan: Plan, path: str, value: Scalar) -> int:
    config = parse_trial(set_path(set_path(plan.space.fixed(), SEED, 0), path, value), path)
    return trial_parameter_count(config, config.sessions.used(plan.dataset.sessions))


def _check_sizes(path: str, learnt: Mapping[Scalar, int], source: str) -> None:
    if max(learnt.values()) > (1 + TOLERANCE) * min(learnt.values()):
        said = ", ".join(f"{value} {count:,}" for value, count in learnt.items())
        raise ConfigError(
            f"{source}: {path}: the alternatives learn different amounts of numbers ({said})",
            "Set sizes in `base` that make them alike, or compare them anyway with --any-size.",
        )


def _result(
    study: StudyFolder, path: str, seeds: int, learnt: Mapping[Scalar, int]
) -> dict[str, Any]:
    records = drawn(study.records())
    found: dict[str, Any] = {}
    for value, count in learnt.items():
        own = [record for record in records if record.params.get(path) == value]
        completed = [record for record in own if record.state == "completed"]
        found[str(value)] = {
            "completed": len(completed),
            "failed": len(own) - len(completed),
            "learnt": count,
            "metrics": _metrics(completed),
        }
    steps = max((record.step for record in records), default=0)
    return {"over": path, "seeds": seeds, "steps": steps, "alternatives": found}


def _metrics(completed: Sequence[TrialRecord]) -> dict[str, Any]:
    each = [
        {**one.metrics, **({SPEED: one.step / one.seconds} if one.seconds else {})}
        for one in completed
    ]
    names = [name for name in (each[0] if each else {}) if all(name in one for one in each)]
    return {name: over_seeds([one[name] for one in each]) for name in names}
