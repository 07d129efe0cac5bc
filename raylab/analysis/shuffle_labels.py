"""Controls: the winner's config trained again on shuffled labels, and the gap to its scores."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from raylab.analysis.scorer import Scorer
from raylab.analysis.trained import Trained
from raylab.analysis.winner import winner
from raylab.config.parse import parse_trial
from raylab.config.yaml_files import load_yaml
from raylab.errors import StudyError
from raylab.evaluation.metrics import primary
from raylab.reporting.figures.files import keep_score
from raylab.reporting.figures.shuffles import shuffles_figure
from raylab.tasks.families import get_task
from raylab.tracking.records import TrialRecord
from raylab.tracking.study import StudyFolder
from raylab.tuning.driver import Say, run_trials
from raylab.tuning.outcome import ENDED
from raylab.tuning.planning.study_plan import Plan, connect_for, make_plan
from raylab.tuning.run import create_study, run_recorded


def shuffle_labels(
    path: str | Path,
    *,
    shuffles: int = 10,
    trial: str | None = None,
    split: str = "valid",
    say: Say = print,
) -> dict[str, Any]:
    """Train a trial's config on shifted labels (`controls.shuffle`) and decode the true ones beside
    the trial itself.

    The shuffled trials are a study of their own in the study's folder `controls`, run in parallel
    and recorded as any; the same call again goes on where it was stopped.

    Returns:
        {"split", "trial", "shuffles": completed, "shuffled": the labels that training is told,
        "scores": {label: {"metric", "true", "shuffled": [...], "mean", "gap": true - mean,
        "interval": of the gap, from the 2.5th to the 97.5th percentile of the shuffles, "p": (1 +
        shuffles at least as good) / (1 + shuffles)}}}.

    Raises:
        StudyError: the trial's training is told no label, or no shuffled trial completed.
    """
    study = StudyFolder.open(Path(path))
    record = winner(study, trial)
    config = parse_trial(record.config, f"trial {record.trial}")
    labels = get_task(config).training_labels(config, study.description["label"])
    if not labels:
        raise StudyError(
            f"{study.path}: training of trial {record.trial} is told no label",
            "There is no label to shuffle; choose a trial whose positives, or whose behaviour "
            "head, use one.",
        )
    true = Trained.load(study, record)
    true.read(split, "shuffles")
    control = _control_study(study, record, shuffles, say)
    completed = [one for one in control.records() if one.state == "completed"]
    if not completed:
        raise StudyError(
            f"{control.path}: no shuffled trial completed",
            "Look at `raylab leaderboard` of that folder.",
        )
    found = [_scores(Trained.load(control, one), split) for one in completed]
    gaps = {label: _gap(label, score, found) for label, score in _scores(true, split).items()}
    head = {
        "split": split,
        "trial": record.trial,
        "shuffles": len(completed),
        "shuffled": list(labels),
    }
    result = {**head, "scores": gaps}
    keep_score(study, f"shuffles-{split}", result, shuffles_figure(result))
    return result


def _control_study(study: StudyFolder, record: TrialRecord, shuffles: int, say: Say) -> StudyFolder:
    """The study of so many shuffles of a trial: a new one, or what there is of it, finished."""
    folder = study.path / "controls" / f"shuffle-{record.trial}-{shuffles}"
    plan = _plan(study, record, shuffles)
    control = StudyFolder.open(folder) if folder.exists() else create_study(folder, plan, "control")
    missing = shuffles - sum(one.state in ENDED for one in control.records())
    if missing:
        slots = connect_for(plan.space.resources, missing)
        run_recorded(
            control, say, lambda end: run_trials(control, plan, slots=slots, say=say, on_end=end)
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


def _scores(trained: Trained, split: str) -> dict[str, tuple[str, float]]:
    """Label -> its primary metric and score."""
    labels = trained.dataset.labels
    scored = Scorer(trained.model, trained.dataset, split).scores(list(labels))["scores"]
    names = {label: primary(labels[label].kind) for label in scored}
    return {label: (names[label], scores[names[label]]) for label, scores in scored.items()}


def _gap(
    label: str, score: tuple[str, float], shuffled: list[dict[str, tuple[str, float]]]
) -> dict[str, Any]:
    metric, true = score
    values = np.array([found[label][1] for found in shuffled])
    low, high = np.percentile(true - values, [2.5, 97.5])
    return {
        "metric": metric,
        "true": true,
        "shuffled": values.tolist(),
        "mean": float(values.mean()),
        "gap": float(true - values.mean()),
        "interval": [float(low), float(high)],
        "p": float((1 + (values >= true).sum()) / (1 + len(values))),
    }
