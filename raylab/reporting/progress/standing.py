"""The best score so far of a study at work, and the best baseline beside it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from statistics import mean
from typing import cast

from raylab.reporting.baselines import (
    BASELINE_NAMES,
    Baselines,
    baseline_scores,
    compared_metric,
)
from raylab.reporting.progress.results import RunningTrial, Standing
from raylab.reporting.progress.settings import Settings
from raylab.reporting.progress.stages import SELECTION, Stage
from raylab.tracking.records import Mode, TrialRecord, best, is_number
from raylab.tracking.study import StudyFolder


def best_so_far(
    settings: Settings,
    stage: Stage,
    records: Sequence[TrialRecord],
    running: Sequence[RunningTrial],
) -> Standing | None:
    """The best score until now: of completed trials, or of those at work while none completed.

    In a selection it is the best mean over seeds, in an answer the best mean over folds.
    """
    if not settings.metrics:
        return None
    metric, mode = settings.metrics[0], settings.modes[0]
    if settings.is_answer:
        return _best_of(_over_folds(records, baselines=None), metric, mode)
    if stage.phase == SELECTION and stage.ended:
        return _best_of(_over_seeds(stage.ended), metric, mode)
    record = best(records, *settings.modes)
    if record is not None:
        return Standing(name=record.trial, metric=metric, score=float(record.score or 0.0))
    at_work = {trial.trial: trial.score for trial in running if trial.score is not None}
    return _best_of(at_work, metric, mode)


def best_baseline(
    study: StudyFolder, settings: Settings, records: Sequence[TrialRecord]
) -> tuple[Standing | None, Standing | None]:
    """The best baseline, and the best trial by the baseline's metric where that is not the
    objective's.
    """
    if not settings.metrics:
        return None, None
    metric, mode = settings.metrics[0], settings.modes[0]
    if settings.is_answer:
        return _best_of(_over_folds(records, baselines=True), metric, mode), None
    baselines = cast("Baselines | None", study.baselines())
    winner = best(records, *settings.modes)
    compared = compared_metric(winner, metric=metric, baselines=baselines, label=settings.label)
    scores = baseline_scores(baselines, metric=compared, label=settings.label)
    if compared == metric:
        return _best_of(scores, metric, mode), None
    own = winner.metrics.get(compared) if winner else None
    beside = Standing(name=winner.trial, metric=compared, score=own) if winner and own else None
    return _best_of(scores, compared, "max"), beside


def _best_of(scores: dict[str, float], metric: str, mode: Mode) -> Standing | None:
    pick = max if mode == "max" else min
    name = pick(scores, key=lambda name: scores[name], default=None)
    return None if name is None else Standing(name=name, metric=metric, score=scores[name])


def _over_seeds(repeated: Iterable[TrialRecord]) -> dict[str, float]:
    """Candidate -> mean score of its repetitions."""
    scores: dict[str, list[float]] = {}
    for record in _scored(repeated):
        scores.setdefault(record.of or record.trial, []).append(float(record.score or 0.0))
    return {of: mean(values) for of, values in scores.items()}


def _over_folds(records: Iterable[TrialRecord], *, baselines: bool | None) -> dict[str, float]:
    """Entrant -> mean over folds of its best score in each, of those with the most folds.

    Args:
        baselines: True for the baselines only, None for every entrant.
    """
    scores: dict[str, dict[int, float]] = {}
    for record in _scored(records):
        entrant, fold = record.entrant, record.fold
        if entrant is None or fold is None or record.of is not None:
            continue
        if baselines and entrant not in BASELINE_NAMES:
            continue
        own = scores.setdefault(entrant, {})
        own[fold] = max(own.get(fold, float("-inf")), float(record.score or 0.0))
    most = max(map(len, scores.values()), default=0)
    return {name: mean(own.values()) for name, own in scores.items() if len(own) == most}


def _scored(records: Iterable[TrialRecord]) -> list[TrialRecord]:
    return [record for record in records if record.state == "completed" and is_number(record.score)]
