"""A trial trained again from its record, and compared with what was recorded."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from raylab.analysis.answering.fitting import FitJob, fit
from raylab.analysis.answering.planning.question import Question
from raylab.analysis.models.winner import trial_dataset
from raylab.analysis.reproduction.differences import (
    WeightDifference,
    close,
    compare_weights,
    different_metrics,
    environment,
    read_weights,
)
from raylab.analysis.reproduction.lineage import lineage
from raylab.cluster import connect
from raylab.config.dotted import set_path
from raylab.config.parse import parse_trial
from raylab.errors import StudyError
from raylab.paths import AnyPath, local_path
from raylab.results import Result
from raylab.space.load_space import load_space
from raylab.space.settings import Resources
from raylab.tracking.events import TestRead
from raylab.tracking.records import TrialRecord
from raylab.tracking.study import StudyFolder
from raylab.tracking.winner import named_trial
from raylab.training.chain import in_this_process, train_chain, with_workers
from raylab.training.worker import TrialJob
from raylab.tuning.outcome import Outcome, outcome, report
from raylab.tuning.planning.placement import of_worker

# Relative; for another environment. In the same environment, results are equal to the bit.
TOLERANCE = 1e-4


@dataclass(frozen=True)
class ScorePair(Result):
    """A score as it was recorded, and as the rebuilt trial reached it."""

    recorded: float | None
    rebuilt: float | None


@dataclass(frozen=True)
class Reproduction(Result):
    """A rebuilt trial beside its record.

    Attributes:
        trial: The trial.
        same: Whether score and weights are equal within the tolerance.
        tolerance: Relative; 0 means to the bit.
        step: The training step that was compared.
        score: The study's objective.
        metrics: Metric -> (recorded, rebuilt), of those that differ.
        weights: How the weights differ.
        environment: Name -> (then, now), of what differs between the two environments.
    """

    trial: str
    same: bool
    tolerance: float
    step: int
    score: ScorePair
    metrics: Mapping[str, tuple[float | None, float | None]]
    weights: WeightDifference
    environment: Mapping[str, tuple[object, object]]


def reproduce(
    study: AnyPath, trial: str, *, out: str | Path | None = None, tolerance: float | None = None
) -> Reproduction:
    """Train a trial again from its record, and compare the result with what was recorded.

    The record holds the config, the data, the seed and the number of workers. Training stops at the
    step where the trial ended.

    Args:
        study: The study's folder.
        trial: The trial's id.
        out: A folder that keeps the rebuilt trial; it must not exist yet. Default: a temporary
            folder.
        tolerance: Largest difference of the score relative to the recorded score, and of a weight
            relative to the largest weight. Default: 0 in the environment that the study was made
            in, else 1e-4.

    Returns:
        The rebuilt score and weights beside the recorded ones, and whether they are the same.

    Raises:
        StudyError: There is no such trial, it has no score, or its model or data are not what was
            recorded.

    Example:
        >>> result = raylab.reproduce("study", "0000")
        >>> result.same
        True
    """
    folder = StudyFolder.open(Path(study))
    record = ended_trial(folder, trial)
    trial_dataset(folder, record)
    recorded = read_weights(folder.model_folder(trial))
    train = _fit_again if folder.is_answer else _train
    with _place(out) as place:
        ended = train(folder, record, place)
        weights = compare_weights(recorded, read_weights(place / "model"))
    resources = _resources(folder)
    changes = environment(folder.description, resources)
    allowed = tolerance if tolerance is not None else TOLERANCE if changes else 0.0
    same_score = close(record.score, ended.score, allowed)
    return Reproduction(
        trial=trial,
        same=same_score and weights.relative_difference <= allowed,
        tolerance=allowed,
        step=ended.step,
        score=ScorePair(record.score, ended.score),
        metrics=different_metrics(record.metrics, ended.metrics, allowed),
        weights=weights,
        environment=changes,
    )


def ended_trial(study: StudyFolder, trial: str) -> TrialRecord:
    """The record of a trial that has a score to compare.

    Raises:
        StudyError: There is no such trial, or it has not ended, or it failed.
    """
    record = named_trial(study, study.records(), trial)
    if record.state in ("running", "interrupted"):
        raise StudyError(
            f"{study.path}: trial {trial} is {record.state}",
            "Finish it first: `raylab resume STUDY`.",
        )
    if record.state == "failed":
        raise StudyError(
            f"{study.path}: trial {trial} failed ({record.error}), so it has no score to "
            "compare with",
            "Name a completed or pruned trial.",
        )
    return record


@contextlib.contextmanager
def _place(out: str | Path | None) -> Iterator[Path]:
    if out is not None:
        if local_path(out).exists():
            raise StudyError(f"{out}: already exists", "Choose another --out, or remove it.")
        local_path(out).mkdir(parents=True)
        yield local_path(out).absolute()
        return
    with tempfile.TemporaryDirectory(prefix="raylab-reproduce-") as folder:
        yield Path(folder)


def _train(study: StudyFolder, record: TrialRecord, place: Path) -> Outcome:
    resources = _resources(study)
    parent = str(study.parent_path) if study.parent_path.is_dir() else ""
    data = study.description["data"]["path"]
    job = TrialJob(
        record.trial, str(place), data, record.config, threads=resources.cpus, parent=parent
    )
    pieces = lineage({other.trial: other for other in study.records()}, record.trial, record.step)
    if resources.workers > 1:
        connect(dashboard=True)
        workers = partial(with_workers, workers=resources.workers, resources=of_worker(resources))
        measured = train_chain(job, pieces, workers)
    else:
        measured = train_chain(job, pieces, in_this_process)
    ended = report(measured, objectives=study.metrics)
    return outcome(ended, max_steps=pieces[-1].config["training"]["max_steps"])


def _fit_again(study: StudyFolder, record: TrialRecord, place: Path) -> Outcome:
    """Fit a trial of an answer again, to the step where it ended.

    A refit predicts the test part of its fold, which counts as a reading of it.
    """
    config, split, repeats = record.config, _split_of(record), record.of is not None
    if not repeats and record.step < config["training"]["max_steps"]:
        interval = parse_trial(config, f"trial {record.trial}").training.interval
        config = set_path(config, "training.validate_every", interval)
        config = set_path(config, "training.max_steps", record.step)
    if split == "test":
        study.ledger.append(TestRead(trial=record.trial, purpose="reproduce"))
    result = fit(
        FitJob(
            trial=record.trial,
            folder=str(place),
            data=str(trial_dataset(study, record).path),
            config=config,
            label=study.description["label"],
            split=split,
            repeats=repeats,
            threads=_resources(study).cpus,
        )
    )
    if result.error is not None:
        raise StudyError(f"{study.path}: trial {record.trial} cannot be fitted: {result.error}")
    return Outcome("completed", result.score, result.step, result.metrics)


def _split_of(record: TrialRecord) -> str | None:
    """The part that a trial of an answer predicted; None of a fit on all samples."""
    if record.fold is None:
        return None
    return "valid" if record.of is None or record.valid_fold is not None else "test"


def _resources(study: StudyFolder) -> Resources:
    """What each trial of a study reserved."""
    if study.is_answer:
        return Question.of(study).reserved
    return load_space(study.space_path).resources
