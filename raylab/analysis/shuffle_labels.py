"""A control: the winner's config trained again on shuffled labels, and the gap to its scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from raylab.analysis.models.scorer import Scorer
from raylab.analysis.models.trained import Trained
from raylab.config.parse import parse_trial
from raylab.config.yaml_files import load_yaml
from raylab.errors import StudyError
from raylab.evaluation.metrics import primary
from raylab.paths import AnyPath
from raylab.reporting.figures.files import keep_score
from raylab.reporting.figures.shuffles import shuffles_figure
from raylab.reporting.notebooks.watched import watched
from raylab.results import Result
from raylab.tasks.families import get_task
from raylab.tracking.events import ENDED
from raylab.tracking.records import TrialRecord
from raylab.tracking.study import StudyFolder
from raylab.tracking.winner import winner
from raylab.tuning.driver import run_trials
from raylab.tuning.planning.study_plan import Plan, connect_for, make_plan
from raylab.tuning.run import create_study, run_recorded
from raylab.tuning.say import Say

PrimaryScores = Mapping[str, tuple[str, float]]  # label -> its primary metric and score


@dataclass(frozen=True)
class ShuffleGap(Result):
    """The score of one label beside the scores of models trained on shuffled labels.

    Attributes:
        metric: The label's primary metric.
        true: Score of the trial itself.
        shuffled: Score of each model that was trained on shuffled labels.
        mean: Of `shuffled`.
        gap: `true` - `mean`.
        interval: From the 2.5th to the 97.5th percentile of `true` - `shuffled`, (low, high).
        p: (1 + shuffles at least as good) / (1 + shuffles).
    """

    metric: str
    true: float
    shuffled: Sequence[float]
    mean: float
    gap: float
    interval: tuple[float, float]
    p: float


@dataclass(frozen=True)
class ShuffledLabels(Result):
    """A trial beside models of its config that were trained on shuffled labels.

    Attributes:
        shuffles: Shuffled trials that completed.
        shuffled: The labels that training uses, and that were shuffled.
        scores: Label -> gap, for every label of the dataset.
    """

    split: str
    trial: str
    shuffles: int
    shuffled: Sequence[str]
    scores: Mapping[str, ShuffleGap]


def shuffle_labels(
    path: AnyPath,
    *,
    shuffles: int = 10,
    trial: str | None = None,
    split: str = "valid",
    say: Say | None = None,
) -> ShuffledLabels:
    """Train a trial's config on labels shifted in time, and decode the true labels.

    A model that learns only from its labels reaches nothing here; what it still decodes comes from
    its input. The shuffled trials are a study of their own in the study's folder `controls`. They
    run in parallel and are recorded as any trial; the same call again finishes what is missing.

    Args:
        path: The study.
        shuffles: Trials with shuffled labels (`controls.shuffle`).
        trial: Default: the study's winner.
        split: `valid` or `test`. Each reading of the test split is counted.
        say: Receives lines of progress. Default: in a notebook a view that follows the study,
            elsewhere `print`.

    Returns:
        For each label, the trial's score, the scores of the shuffled trials, and their difference.

    Raises:
        StudyError: Training of the trial uses no label, or no shuffled trial completed.

    Example:
        >>> result = raylab.shuffle_labels("study", shuffles=2, say=lambda line: None)
        >>> result.shuffled
        ('position',)
        >>> len(result.scores["position"].shuffled)
        2
    """
    labels = labels_to_shuffle(path, trial)
    study = StudyFolder.open(Path(path))
    record = winner(study, trial)
    true = Trained.load(study, record)
    true.read(split, "shuffles")
    control = _control_study(study, record, shuffles, say)
    completed = [trial for trial in control.records() if trial.state == "completed"]
    if not completed:
        raise StudyError(
            f"{control.path}: no shuffled trial completed",
            "`raylab leaderboard` of that folder shows why.",
        )
    shuffled = [_scores(Trained.load(control, trial), split) for trial in completed]
    result = ShuffledLabels(
        split=split,
        trial=record.trial,
        shuffles=len(completed),
        shuffled=tuple(labels),
        scores={
            label: _gap(metric, score, [scores[label][1] for scores in shuffled])
            for label, (metric, score) in _scores(true, split).items()
        },
    )
    plain = result.to_dict()
    keep_score(study, f"shuffles-{split}", plain, shuffles_figure(plain))
    return result


def labels_to_shuffle(path: AnyPath, trial: str | None = None) -> tuple[str, ...]:
    """The labels that the training of a trial uses.

    Args:
        path: The study.
        trial: Default: the study's winner.

    Raises:
        StudyError: It uses none.
    """
    study = StudyFolder.open(Path(path))
    record = winner(study, trial)
    config = parse_trial(record.config, f"trial {record.trial}")
    labels = get_task(config).training_labels(config, study.description["label"])
    if not labels:
        raise StudyError(
            f"{study.path}: training of trial {record.trial} uses no label",
            "There is no label to shuffle. Choose a trial whose positives, or whose behaviour "
            "head, use one.",
        )
    return labels


def _control_study(
    study: StudyFolder, record: TrialRecord, shuffles: int, say: Say | None
) -> StudyFolder:
    """The study of the shuffled trials: a new one, or an earlier one with missing trials added."""
    folder = study.path / "controls" / f"shuffle-{record.trial}-{shuffles}"
    plan = _plan(study, record, shuffles)
    control = StudyFolder.open(folder) if folder.exists() else create_study(folder, plan, "control")
    missing = shuffles - sum(trial.state in ENDED for trial in control.records())
    if missing:
        slots = connect_for(plan.space.resources, missing)
        with watched(folder, say) as listener:
            run_recorded(
                control,
                listener,
                lambda end: run_trials(control, plan, slots=slots, say=listener, on_end=end),
            )
    return control


def _plan(study: StudyFolder, record: TrialRecord, shuffles: int) -> Plan:
    config = {
        name: section for name, section in record.config.items() if name not in ("task", "controls")
    }
    space = {
        "task": record.config["task"],
        "objective": study.description["objective"],
        "base": config,
        "search": {"controls.shuffle": {"int": [0, 2**31 - 1]}},
        "sampler": {"kind": "random"},
        "resources": load_yaml(study.space_path).get("resources") or {},
        "budget": {"trials": shuffles},
    }
    return make_plan(space, study.description["data"]["path"], source=f"controls of {study.name}")


def _scores(trained: Trained, split: str) -> PrimaryScores:
    labels = trained.dataset.labels
    scores = Scorer(trained.model, trained.dataset, split).scores(list(labels)).scores
    metrics = {label: primary(labels[label].kind) for label in scores}
    return {label: (metric, scores[label][metric]) for label, metric in metrics.items()}


def _gap(metric: str, true: float, shuffled: Sequence[float]) -> ShuffleGap:
    values = np.array(shuffled)
    low, high = np.percentile(true - values, [2.5, 97.5])
    return ShuffleGap(
        metric=metric,
        true=true,
        shuffled=tuple(values.tolist()),
        mean=float(values.mean()),
        gap=float(true - values.mean()),
        interval=(float(low), float(high)),
        p=float((1 + (values >= true).sum()) / (1 + len(values))),
    )
