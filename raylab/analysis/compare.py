"""The alternatives of one choice, each trained over the same seeds, sizes and steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from raylab.analysis.over_seeds import OverSeeds
from raylab.analysis.scaling.fixed_grid import SEED, begun_or_resumed, fixed_grid
from raylab.config.dotted import set_path
from raylab.config.parse import parse_trial
from raylab.errors import ConfigError
from raylab.paths import AnyPath
from raylab.reporting.figures.alternatives import alternatives_figure
from raylab.reporting.figures.files import keep_score
from raylab.reporting.tables.alternatives import write_table
from raylab.results import Result
from raylab.space.load_space import load_space
from raylab.space.parameters import Scalar
from raylab.space.space import Space
from raylab.tasks.parameter_count import trial_parameter_count
from raylab.tracking.records import TrialRecord
from raylab.tracking.selections import drawn
from raylab.tracking.study import StudyFolder
from raylab.tuning.planning.study_plan import Plan, make_plan
from raylab.tuning.say import Say

TOLERANCE = 0.1  # alternatives that differ by less in size count as equal
SPEED = "steps_per_s"


@dataclass(frozen=True)
class Alternative(Result):
    """One value of the choice, trained with every seed.

    Attributes:
        completed, failed: Trials.
        learnt: How many numbers it learns.
        metrics: Validation metric -> its values over seeds; also `steps_per_s`, training steps per
            second with the time of validations counted.
    """

    completed: int
    failed: int
    learnt: int
    metrics: Mapping[str, OverSeeds]


@dataclass(frozen=True)
class Comparison(Result):
    """The alternatives of one choice.

    Attributes:
        over: The config path of the choice.
        seeds: Trials per alternative.
        steps: Training steps per trial.
        alternatives: Value of the choice, as text -> its scores.
    """

    over: str
    seeds: int
    steps: int
    alternatives: Mapping[str, Alternative]


def compare(
    space: str | Path | Mapping[str, Any] | Space,
    *,
    data: AnyPath,
    out: str | Path,
    over: str | None = None,
    seeds: int = 5,
    any_size: bool = False,
    overrides: Mapping[str, Any] | None = None,
    say: Say | None = None,
) -> Comparison:
    """Train every value of one searched choice over the same seeds, and compare the scores.

    Everything else is as `base` of the space states it, or the config's default: what the space
    searches besides is not searched here. The trials are a study (`kind: compare`). The same call
    again continues an interrupted study. The result is also written to the study's `scores` folder
    as JSON, CSV and a figure.

    Args:
        space: A search space: a YAML file, the name of a shipped one, its content, or a `Space`.
        data: A prepared dataset.
        out: The study's folder.
        over: A categorical path of `search`. Default: the choice on which others depend (`when`).
        seeds: Seeds per alternative: 0 to seeds - 1, the same for all.
        any_size: Whether alternatives may differ by more than a tenth in how many numbers they
            learn.
        overrides: Config paths and values that replace those of the space.
        say: Receives lines of progress. Default: in a notebook a view that follows the study,
            elsewhere `print`.

    Returns:
        The scores of each value of the choice: means over seeds with 95 % intervals, and counts of
        completed and failed trials.

    Raises:
        ConfigError: There is no such choice, or the alternatives differ in size.
        StudyError: `out` holds another study.

    Example:
        >>> space = {
        ...     "task": {"kind": "contrastive"},
        ...     "base": {"training": {"max_steps": 20, "device": "cpu"}},
        ...     "search": {"model.output_dimension": {"categorical": [2, 3]}},
        ... }
        >>> result = raylab.compare(
        ...     space, data="dataset", out="compared", seeds=2, any_size=True, say=lambda line: None
        ... )
        >>> list(result.alternatives)
        ['2', '3']
        >>> result.alternatives["2"].completed
        2
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
    plain = result.to_dict()
    keep_score(study, "alternatives", plain, alternatives_figure(plain, study.metrics))
    write_table(study.scores_folder / "alternatives.csv", plain)
    return result


def _the_choice(space: Space, source: str) -> str:
    categorical = [
        path for path, parameter in space.search.items() if parameter.categorical is not None
    ]
    deciding = [
        path for path in categorical if any(path in other.when for other in space.search.values())
    ]
    candidates = deciding or categorical
    if len(candidates) != 1:
        raise ConfigError(
            f"{source}: {len(candidates)} searched choices could be compared "
            f"({', '.join(candidates) or 'none'})",
            "Name the choice with --over, such as --over quantizer.kind.",
        )
    return candidates[0]


def _grid(space: Space, path: str, seeds: int, source: str) -> dict[str, Any]:
    parameter = space.search.get(path)
    if parameter is None or parameter.categorical is None:
        raise ConfigError(
            f"{source}: '{path}' is not a categorical path of `search`",
            "Name such a path with --over.",
        )
    return fixed_grid(space, {path: parameter.categorical}, seeds)


def _learnt(plan: Plan, path: str, value: Scalar) -> int:
    chosen = set_path(set_path(plan.space.fixed(), SEED, 0), path, value)
    config = parse_trial(plan.space.with_singles(chosen), path)
    return trial_parameter_count(config, config.sessions.used(plan.dataset.sessions))


def _check_sizes(path: str, learnt: Mapping[Scalar, int], source: str) -> None:
    if max(learnt.values()) > (1 + TOLERANCE) * min(learnt.values()):
        sizes = ", ".join(f"{value} {count:,}" for value, count in learnt.items())
        raise ConfigError(
            f"{source}: {path}: the alternatives learn different amounts of numbers ({sizes})",
            "Set sizes in `base` that make them similar, or compare them anyway with --any-size.",
        )


def _result(study: StudyFolder, path: str, seeds: int, learnt: Mapping[Scalar, int]) -> Comparison:
    records = drawn(study.records())
    by_value = {
        value: [record for record in records if record.params.get(path) == value]
        for value in learnt
    }
    return Comparison(
        over=path,
        seeds=seeds,
        steps=max((record.step for record in records), default=0),
        alternatives={
            str(value): _alternative(trials, learnt[value]) for value, trials in by_value.items()
        },
    )


def _alternative(trials: Sequence[TrialRecord], learnt: int) -> Alternative:
    completed = [record for record in trials if record.state == "completed"]
    return Alternative(
        completed=len(completed),
        failed=len(trials) - len(completed),
        learnt=learnt,
        metrics=_metrics(completed),
    )


def _metrics(completed: Sequence[TrialRecord]) -> dict[str, OverSeeds]:
    """Those metrics that every trial has."""
    by_trial = [
        {**record.metrics, **({SPEED: record.step / record.seconds} if record.seconds else {})}
        for record in completed
    ]
    first = by_trial[0] if by_trial else {}
    shared = [name for name in first if all(name in metrics for metrics in by_trial)]
    return {name: OverSeeds.of([metrics[name] for metrics in by_trial], name) for name in shared}
