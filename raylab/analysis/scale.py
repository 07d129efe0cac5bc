"""A scaling study: training data x model width x workers at fixed settings, over seeds."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from raylab.analysis.scaling.axes import Axes, Sizes
from raylab.analysis.scaling.fixed_grid import SEED, begun_or_resumed, fixed_grid, require_same
from raylab.analysis.scaling.laws import error_of, laws_of, width_number
from raylab.analysis.scaling.points import points_of
from raylab.analysis.scaling.results import Scaling
from raylab.config.dotted import get_path
from raylab.config.parse import parse_trial
from raylab.config.trial import TrialConfig
from raylab.data.datasets.recording import training_samples
from raylab.errors import ConfigError, StudyError
from raylab.files import write_json
from raylab.paths import AnyPath, local_path
from raylab.reporting.figures.scaling import keep_scaling
from raylab.reporting.notebooks.watched import watched
from raylab.space.load_space import load_space
from raylab.space.parameters import Scalar
from raylab.space.space import Space
from raylab.tasks.parameter_count import trial_parameter_count
from raylab.tracking.records import TrialRecord
from raylab.tuning.planning.study_plan import Plan, connect_for, make_plan
from raylab.tuning.say import Say

FRACTIONS = (0.125, 0.25, 0.5, 1.0)
KIND = "scale"


def scale(
    space: str | Path | Mapping[str, Any] | Space,
    *,
    data: AnyPath,
    out: str | Path,
    data_fractions: Sequence[float] = FRACTIONS,
    width: Sequence[int | str] = (),
    width_path: str | None = None,
    workers: Sequence[int] = (1,),
    seeds: int = 3,
    overrides: Mapping[str, Any] | None = None,
    say: Say | None = None,
) -> Scaling:
    """Train every combination of training data, model width and workers over seeds.

    Everything else is as `base` of the space states it, or the config's default: what the space
    searches is not searched here. The trials of each number of workers are a study of their own
    (`OUT/OUT-workers-1`, ...). The same call again continues an interrupted study. Where several
    numbers of workers are compared, trials run one at a time (unless resources.concurrent is set),
    so that they do not slow each other. The result is also written to the folder `scores` in `out`,
    as JSON, CSV and a figure.

    The laws are error(n) = a * n^-b + c: Hestness et al. (2017, arXiv 1712.00409) over data, Kaplan
    et al. (2020, arXiv 2001.08361) over model size.

    Args:
        space: A search space: a YAML file, the name of a shipped one, its content, or a `Space`.
        data: A prepared dataset.
        out: A folder for the studies.
        data_fractions: Fractions of each session's training samples
            (`sessions.training_fraction`), each above 0 and at most 1.
        width: Whole numbers, or text such as "16x32" for several layers. Default: only the config's
            own width.
        width_path: The config path that `width` is of. Default: the hidden units of an encoder, the
            channels of a VQ-VAE or tcn, the hidden layers of a perceptron, the width of another
            network.
        workers: Data-parallel workers per trial.
        seeds: Seeds per point: 0 to seeds - 1, the same at every point.
        overrides: Config paths and values that replace those of the space.
        say: Receives lines of progress. Default: in a notebook a view that follows the study,
            elsewhere `print`.

    Returns:
        One point per combination, with scores, errors and samples per second over seeds, and the
        fitted laws.

    Raises:
        ConfigError: An axis does not exist, or has values that it cannot have.
        StudyError: A number of workers does not fit, or `out` holds another study.

    Example:
        >>> space = {
        ...     "task": {"kind": "contrastive"},
        ...     "base": {"training": {"max_steps": 20, "device": "cpu"}},
        ...     "search": {"optimizer.learning_rate": {"float": [1e-4, 1e-2]}},
        ... }
        >>> result = raylab.scale(
        ...     space, data="dataset", out="scaling", data_fractions=(0.5, 1), seeds=1,
        ...     say=lambda line: None,
        ... )
        >>> [point.fraction for point in result.points]
        [0.5, 1.0]
    """
    source = str(space) if isinstance(space, str | Path) else "space"
    loaded = load_space(space, overrides, source=source)
    axes = _axes(loaded, data_fractions, width, width_path, workers, seeds, source)
    folder = local_path(out)
    plans = {count: _plan(loaded, axes, count, data, source) for count in axes.workers}
    _check_folder(folder, plans)
    _check_fit(plans, loaded)
    trials = len(axes.fractions) * len(axes.widths) * seeds
    studies = {}
    with watched(folder, say, planned=len(plans)) as listener:
        listener(
            f"{len(axes.workers)} x {trials} trials: {len(axes.fractions)} data x "
            f"{len(axes.widths)} widths x {seeds} seeds"
        )
        for count, plan in plans.items():
            listener(f"{count} worker{'s' if count > 1 else ''} per trial")
            studies[count] = begun_or_resumed(plan, _folder(folder, count), KIND, listener)
    records = {count: study.records() for count, study in studies.items()}
    result = _result(plans, records, axes)
    plain = result.to_dict()
    write_json(folder / "scores" / "scaling.json", plain)
    keep_scaling(folder / "scores", plain)
    return result


def _axes(
    space: Space,
    fractions: Sequence[float],
    width: Sequence[int | str],
    path: str | None,
    workers: Sequence[int],
    seeds: int,
    source: str,
) -> Axes:
    if not fractions or not all(0 < fraction <= 1 for fraction in fractions):
        raise ConfigError(
            f"data fractions {list(fractions)}: each must be above 0 and at most 1",
            "For example 0.25,0.5,1.",
        )
    if not workers or min(workers) < 1 or seeds < 1:
        raise ConfigError(
            "at least one worker and one seed are needed", "For example --workers 1,2 --seeds 3."
        )
    if path and not width:
        raise ConfigError(
            f"the width {path} has no values", f"For example --width {path}=16,32,64."
        )
    if width:
        config = parse_trial(space.fixed(), source)
        path = path or _default_path(config)
        width = _sorted(width, path, config)
    widths: tuple[Scalar, ...] = tuple(width) or (None,)
    return Axes(
        tuple(sorted(set(map(float, fractions)))), path, widths, tuple(sorted(set(workers))), seeds
    )


def _sorted(width: Sequence[int | str], path: str, config: TrialConfig) -> list[int | str]:
    if not all(re.fullmatch(r"\d+(x\d+)*", str(value)) for value in width):
        raise ConfigError(
            f"widths {', '.join(map(str, width))}: whole numbers are needed",
            "For example 16,32,64, or 16x32,32x64 of layers.",
        )
    try:
        layers = get_path(config, path)
    except (
        AttributeError,
        KeyError,
    ):  # no such path: the check of the space says so, with what there is
        layers = None
    if isinstance(layers, tuple) and any(isinstance(value, int) for value in width):
        example = "x".join(str(width[0]) for _ in layers)
        raise ConfigError(
            f"{path} needs a width for each layer, but {width[0]} is a single number",
            f"Such as --width {example}.",
        )
    return sorted(set(width), key=width_number)


def _default_path(config: TrialConfig) -> str:
    """What `--width` means where no path is named."""
    if config.width_path is None:
        raise ConfigError(
            f"task.kind '{config.task.kind}' has no width that `--width` stands for",
            "Name a path of its config, such as --width model.NAME=16,32,64.",
        )
    return config.width_path


def _plan(space: Space, axes: Axes, workers: int, data: AnyPath, source: str) -> Plan:
    grid = fixed_grid(space, axes.searched(), axes.seeds)
    alone = (
        {"concurrent": 1} if len(axes.workers) > 1 and space.resources.concurrent is None else {}
    )
    return make_plan(
        {**grid, "resources": {**grid["resources"], **alone, "workers": workers}},
        data,
        source=source,
    )


def _check_folder(out: Path, plans: Mapping[int, Plan]) -> None:
    """`out` may hold the same scaling study with other numbers of workers, and nothing else."""
    if out.exists() and not any(out.glob("*-workers-*/study.json")) and any(out.iterdir()):
        raise StudyError(f"{out}: already exists and is no scaling study", "Choose another --out.")
    for count, plan in plans.items():
        require_same(plan, _folder(out, count), KIND)


def _folder(out: Path, workers: int) -> Path:
    """The study of one number of workers. Its folder's name is the name of the study, also in
    MLflow's model registry, so it includes the name of the scaling study.
    """
    return out / f"{out.resolve().name}-workers-{workers}"


def _check_fit(plans: Mapping[int, Plan], space: Space) -> None:
    """Check all numbers of workers before anything is trained.

    The most workers come first, because a local Ray is started with what they need.
    """
    for count in sorted(plans, reverse=True):
        try:
            resources = space.resources.model_copy(update={"workers": count})
            connect_for(resources, plans[count].space.budget.trials)
        except StudyError as error:
            raise StudyError(f"--workers {count}: {error.what}", error.remedy) from None


def _result(
    plans: Mapping[int, Plan], records: Mapping[int, Sequence[TrialRecord]], axes: Axes
) -> Scaling:
    plan = plans[axes.workers[0]]
    metric = plan.space.metrics[0]
    error, floor = error_of(metric, plan.modes[metric])
    sizes = _sizes(plan, axes)
    points = points_of(records, axes, sizes, error)
    return Scaling(
        metric=metric,
        error=error,
        width_path=axes.path,
        seeds=axes.seeds,
        steps=max((record.step for trials in records.values() for record in trials), default=0),
        batch=sizes.batch,
        one_at_a_time=plan.space.resources.concurrent == 1,
        points=points,
        laws=laws_of(points, axes, floor),
    )


def _sizes(plan: Plan, axes: Axes) -> Sizes:
    configs = {
        width: plan.space.config({**axes.at(axes.fractions[-1], width), SEED: 0})
        for width in axes.widths
    }
    config = configs[axes.widths[0]]
    used = config.sessions.used(plan.dataset.sessions)
    counts = [spec.splits["train"] for spec in used.values() if spec.splits["train"]]
    return Sizes(
        samples={
            fraction: sum(training_samples(count, fraction) for count in counts)
            for fraction in axes.fractions
        },
        learnt={width: trial_parameter_count(config, used) for width, config in configs.items()},
        batch=config.training.batch_size * config.training.accumulate * len(counts),
    )
