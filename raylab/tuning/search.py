"""Studies: search, train, resume, and what is written when one ends."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from raylab.space.space import Space
from raylab.tracking.study import StudyFolder
from raylab.tuning.driver import Say
from raylab.tuning.planning.study_plan import make_plan
from raylab.tuning.run import begin


def search(
    space: str | Path | Mapping[str, Any] | Space,
    *,
    data: str | Path,
    out: str | Path,
    trials: int | None = None,
    overrides: Mapping[str, Any] | None = None,
    say: Say = print,
) -> StudyFolder:
    """Search a space on a prepared dataset; every trial ends up in the study folder and in MLflow.

    Args:
        space: A YAML file, a mapping or a Space.
        data: The prepared dataset.
        out: The study's folder; must not exist.
        trials: Overrides budget.trials.
        overrides: Dotted paths; see `load_space`.
        say: Receives a line a trial.

    Raises:
        ConfigError, DataError, StudyError: before anything is started or written.
        KeyboardInterrupt: after the study was closed cleanly; `resume` finishes it.
    """
    more = {"budget.trials": trials} if trials is not None else {}
    plan = make_plan(space, data, overrides={**(overrides or {}), **more})
    return begin(plan, Path(out), "search", say)
