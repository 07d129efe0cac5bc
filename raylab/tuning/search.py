"""The verb `search`: a new study of a search space."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from raylab.paths import AnyPath
from raylab.reporting.study import Study
from raylab.space.space import Space
from raylab.tuning.planning.study_plan import make_plan, refuse_existing
from raylab.tuning.say import Say


def search(
    space: str | Path | Mapping[str, object] | Space,
    *,
    data: AnyPath,
    out: str | Path,
    trials: int | None = None,
    overrides: Mapping[str, object] | None = None,
    say: Say | None = None,
) -> Study:
    """Search a space on a prepared dataset.

    Every trial is recorded in the folder of the study and in MLflow.

    Args:
        space: A YAML file, the name of a shipped space (`raylab spaces`), a mapping or a Space.
        data: The folder of the prepared dataset.
        out: The folder of the study; must not exist.
        trials: Overrides budget.trials.
        overrides: Values by dotted path; see `load_space`.
        say: Receives lines of progress. Default: in a notebook a view that follows the study,
            elsewhere `print`.

    Returns:
        The study, with its trials, leaderboard and report.

    Raises:
        ConfigError, DataError, StudyError: Something does not fit; nothing was started or written.
        KeyboardInterrupt: The search was stopped. The study is closed, and `resume` finishes it.

    Example:
        >>> space = {
        ...     "task": {"kind": "contrastive", "label": "position"},
        ...     "base": {
        ...         "sampling.conditional": "time_delta",
        ...         "training": {"max_steps": 20, "batch_size": 64, "device": "cpu"},
        ...     },
        ...     "search": {"optimizer.learning_rate": raylab.Float(1e-3, 1e-2, log=True)},
        ... }
        >>> study = raylab.search(
        ...     space, data="dataset", out="study", trials=2, say=lambda line: None
        ... )
        >>> [record.state for record in study.records()]
        ['completed', 'completed']
    """
    refuse_existing(Path(out))
    more = {"budget.trials": trials} if trials is not None else {}
    plan = make_plan(space, data, overrides={**(overrides or {}), **more}, runs=True)
    from raylab.tuning.run import begin  # imports Ray Tune, while Ray starts

    return begin(plan, Path(out), "search", say)
