"""Studies of simulated ledgers: what a driver would have written until a moment."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from fake_study import T0, description

from raylab.reporting.progress.progress import progress
from raylab.reporting.progress.results import Progress
from raylab.tracking.events import DriverStarted, Event, TrialEnded, TrialReported, TrialStarted
from raylab.tracking.study import StudyFolder

R2 = "decoding.r2"


def simulated(
    path: Path, *events: Event, space: dict[str, Any] | None = None, **changes: Any
) -> StudyFolder:
    """A study whose ledger has these events, after the start of a driver at T0.

    Args:
        space: The content of space.yaml; default: a budget of 16 trials.
        changes: Of study.json.
    """
    study = StudyFolder.create(path, description(**changes))
    content = {"budget": {"trials": 16}} if space is None else space
    study.space_path.write_text(yaml.safe_dump(content))
    study.ledger.append(DriverStarted(time=T0), *events)
    return study


def at(study: StudyFolder, second: float, *, live: bool = True) -> Progress:
    """The progress of a study so many seconds after T0."""
    return progress(study, T0 + second, live=live)


def began(trial: str, second: float, *, steps: int = 100, **more: Any) -> TrialStarted:
    config = {"training": {"max_steps": steps}}
    return TrialStarted(time=T0 + second, trial=trial, config=config, **more)


def validated(
    trial: str, second: float, step: int, score: float, **metrics: float
) -> TrialReported:
    return TrialReported(time=T0 + second, trial=trial, step=step, metrics={R2: score, **metrics})


def finished(
    trial: str, second: float, score: float | None, *, seconds: float, **more: Any
) -> TrialEnded:
    """The end of a trial that worked so many seconds; `completed` at step 100 unless stated."""
    metrics = {} if score is None else {R2: score}
    stated: dict[str, Any] = {"state": "completed", "step": 100, "metrics": metrics, **more}
    return TrialEnded(time=T0 + second, trial=trial, score=score, seconds=seconds, **stated)
