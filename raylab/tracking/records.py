"""The records of trials, computed from the events of the ledger by pure functions."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, TypedDict

import numpy as np

from raylab.config.dotted import ConfigValues, Scalar
from raylab.config.earlier import as_recorded
from raylab.tracking.events import (
    Event,
    State,
    StudyEnded,
    StudyExtended,
    TestRead,
    TrialEnded,
    TrialEvent,
    TrialReported,
    TrialStarted,
    TrialTookOver,
)

Mode = Literal["max", "min"]


class Piece(TypedDict):
    """A part of a trial's training, from the step at which it began: at 0 without a source, or
    with the weights that another trial, the source, had at that step.
    """

    step: int
    source: str | None
    params: Mapping[str, Scalar]
    config: ConfigValues


@dataclass(frozen=True)
class TrialRecord:
    """What is known of one trial.

    Attributes:
        score: Of the objective, when the trial ended; None before, and where there was none. Of
            several objectives, the first.
        scores: Of all objectives in the study's order, where there are several; empty where there
            is one, and where the trial has no score.
        step: The last step it reached.
        kept_step: The step of the model that is kept and scored, where it may be an earlier one.
        stopped: Why training ended before its last step, where early stopping ended it, or the
            user (`BY_USER`).
        params: The searched paths and their values.
        config: The resolved config that ran.
        metrics: Of the model kept at the end, or of the last report before it.
        history: (time, step, metrics) of every report, by step; a step that was reported again
            counts once.
        started: Unix seconds of the first start.
        ended: Unix seconds of the end; of the last sign of life of a killed trial; None while
            running.
        seconds: Worked, over all attempts; of a killed one until its last sign of life.
        resources: Of its workers: {"cpus", "gpus"} of each, and how many "workers".
        of: The trial of the search that this one repeats with another seed; None where a sampler
            drew it.
        fold: Of an answer: the fold whose samples it saw, from 0; None for a fit on all samples.
        entrant: Of an answer: the contestant that its config belongs to.
        valid_fold: Of an answer: the fold that validated it, where that is not the next one.
        origin: The trial whose config it has, where an extension of the study added it.
        lineage: {"step", "source", "params", "config"} of its beginning (source None) and of each
            time that it took over another trial's weights at a step: as a member of a population,
            which goes on with other params, or as a trial that trains its origin further. Empty
            where it never did.
    """

    trial: str
    state: State = "running"
    score: float | None = None
    step: int = 0
    params: dict[str, Scalar] = field(default_factory=dict)
    config: ConfigValues = field(default_factory=dict)
    metrics: dict[str, float] = field(default_factory=dict)
    history: tuple[tuple[float, int, dict[str, float]], ...] = ()
    error: str | None = None
    kept_step: int | None = None
    stopped: str | None = None
    scores: tuple[float, ...] = ()
    started: float | None = None
    ended: float | None = None
    seconds: float = 0.0
    resources: dict[str, float] = field(default_factory=dict)
    of: str | None = None
    fold: int | None = None
    entrant: str | None = None
    valid_fold: int | None = None
    origin: str | None = None
    lineage: tuple[Piece, ...] = ()

    @property
    def is_final(self) -> bool:
        """Whether it is an answer's fit of a chosen entrant on all samples."""
        return self.entrant is not None and self.fold is None and self.state == "completed"

    @property
    def origin_step(self) -> int | None:
        """The step of its origin's weights that it began from; None where it began anew."""
        return self.lineage[-1]["step"] if self.origin is not None and self.lineage else None

    @property
    def cpu_seconds(self) -> float:
        """CPUs that were reserved for it, times how long."""
        return self.seconds * self.resources.get("cpus", 1) * self.resources.get("workers", 1)

    @property
    def gpu_seconds(self) -> float:
        return self.seconds * self.resources.get("gpus", 0) * self.resources.get("workers", 1)


def records(events: Iterable[Event], *, live: bool) -> list[TrialRecord]:
    """One record per trial, in the order in which the trials first appear.

    Args:
        events: As `Ledger.read` gives them.
        live: Whether a driver is at work: then a trial without an end is `running`, else
            `interrupted`.
    """
    by_trial: dict[str, list[TrialEvent]] = {}
    for event in events:
        if isinstance(event, TrialEvent):
            by_trial.setdefault(event.trial, []).append(event)
    return [_record(trial, own, live) for trial, own in by_trial.items()]


def is_ended(events: Iterable[Event]) -> bool:
    """Whether the study ended, and was neither resumed nor extended since."""
    ended = False
    for event in events:
        if isinstance(event, StudyEnded | StudyExtended | TrialStarted):
            ended = isinstance(event, StudyEnded)
    return ended


def reads_of_test(events: Iterable[Event]) -> list[TestRead]:
    """Each time the test split was read."""
    return [event for event in events if isinstance(event, TestRead)]


def best(trials: Iterable[TrialRecord], *modes: Mode) -> TrialRecord | None:
    """The completed trial of the search with the best score; of equals the earliest. A pruned trial
    never wins, nor does one that repeats another with a new seed: the best of many seeds is luck.

    With a mode for each of several objectives, the trial of the Pareto front with the best first
    objective. The next objective decides between trials that are equal in it, so that no completed
    trial dominates the result.
    """
    return next(iter(ranked(trials, *modes)), None)


def ranked(trials: Iterable[TrialRecord], *modes: Mode) -> list[TrialRecord]:
    """The completed trials of the search, best first, by the objectives in their order."""
    return sorted(_completed(trials), key=lambda record: costs(record, modes))


def front(trials: Iterable[TrialRecord], *modes: Mode) -> list[TrialRecord]:
    """The Pareto front: completed trials of the search that none of them dominates, in the order
    given; ties are all kept.

    One trial dominates another where it is at least as good in every objective and better in one
    (Deb et al. 2002, NSGA-II). With one mode, the trials with the best score.
    """
    completed = _completed(trials)
    values = np.array([costs(record, modes) for record in completed]).reshape(
        len(completed), len(modes)
    )
    dominated = [
        bool(((values <= own).all(axis=1) & (values < own).any(axis=1)).any()) for own in values
    ]
    return [record for record, worse in zip(completed, dominated) if not worse]


def costs(record: TrialRecord, modes: Sequence[Mode]) -> tuple[float, ...]:
    """The scores of a trial that has scores, one per mode, with signs such that lower is better."""
    scores = (record.scores or (float(record.score or 0.0),))[: len(modes)]
    return tuple(
        -score if mode == "max" else score for score, mode in zip(scores, modes, strict=True)
    )


def best_so_far(trials: Iterable[TrialRecord], mode: Mode) -> list[tuple[float, float]]:
    """(time in unix seconds, best score until then), one for each completed trial in the order they
    ended.
    """
    pick = max if mode == "max" else min
    curve: list[tuple[float, float]] = []
    for record in sorted(_completed(trials), key=lambda record: record.ended or 0.0):
        score = float(record.score or 0.0)
        curve.append((record.ended or 0.0, pick(curve[-1][1], score) if curve else score))
    return curve


def is_number(value: float | None) -> bool:
    return value is not None and math.isfinite(value)


def _completed(trials: Iterable[TrialRecord]) -> list[TrialRecord]:
    return [
        record
        for record in trials
        if record.of is None and record.state == "completed" and is_number(record.score)
    ]


def _record(trial: str, events: Sequence[TrialEvent], live: bool) -> TrialRecord:
    record, begun, last = TrialRecord(trial=trial), 0.0, 0.0
    reports: dict[int, tuple[float, int, dict[str, float]]] = {}
    for event in events:
        if isinstance(event, TrialStarted):
            if record.started is not None and record.ended is None:  # its driver was killed
                record = replace(record, seconds=record.seconds + last - begun)
            record, begun = _started(record, event), event.time
        elif isinstance(event, TrialReported):
            reports[event.step] = (event.time, event.step, dict(event.metrics))
        elif isinstance(event, TrialTookOver):
            record = _took_over(record, event)
            reports = {step: report for step, report in reports.items() if step <= event.step}
        elif isinstance(event, TrialEnded):
            record = _ended(record, event, begun=begun)
        # A report that a killed driver could not write is written later, with its own time.
        last = max(last, event.time)
    record = replace(record, history=tuple(reports[step] for step in sorted(reports)))
    return record if record.ended is not None else _open(record, live=live, begun=begun, last=last)


def _started(record: TrialRecord, event: TrialStarted) -> TrialRecord:
    """A start, or a start again after an interruption: then nothing of the earlier end counts."""
    return replace(
        record,
        state="running",
        score=None,
        scores=(),
        error=None,
        kept_step=None,
        stopped=None,
        metrics={},
        ended=None,
        started=record.started if record.started is not None else event.time,
        params=dict(event.params or record.params),
        config=as_recorded(event.config) or record.config,
        resources=dict(event.resources or record.resources),
        of=event.of or record.of,
        fold=event.fold if event.fold is not None else record.fold,
        entrant=event.entrant or record.entrant,
        valid_fold=event.valid_fold if event.valid_fold is not None else record.valid_fold,
        origin=event.origin or record.origin,
        lineage=record.lineage or _trained_further(event),
    )


def _trained_further(event: TrialStarted) -> tuple[Piece, ...]:
    """The lineage of a trial that began from the weights of its origin; else empty."""
    if event.origin_step is None:
        return ()
    first: Piece = {
        "step": 0,
        "source": None,
        "params": dict(event.params),
        "config": as_recorded(event.config),
    }
    return (first, {**first, "step": event.origin_step, "source": event.origin})


def _took_over(record: TrialRecord, event: TrialTookOver) -> TrialRecord:
    """What it is from now on; what it had reported beyond the step of the weights it took is of
    weights given up.
    """
    taken: Piece = {
        "step": event.step,
        "source": event.source,
        "params": event.params,
        "config": as_recorded(event.config),
    }
    first: Piece = {
        "step": 0,
        "source": None,
        "params": record.params,
        "config": record.config,
    }
    began = record.lineage or (first,)
    return replace(
        record, params=dict(event.params), config=as_recorded(event.config), lineage=(*began, taken)
    )


def _ended(record: TrialRecord, event: TrialEnded, *, begun: float) -> TrialRecord:
    worked = event.time - begun if event.seconds is None else float(event.seconds)
    return replace(
        record,
        state=event.state,
        score=event.score,
        scores=tuple(event.scores or ()),
        error=event.error,
        kept_step=event.kept_step,
        stopped=event.stopped,
        ended=event.time,
        step=event.step or 0,
        metrics=dict(event.metrics),
        seconds=record.seconds + worked,
    )


def _open(record: TrialRecord, *, live: bool, begun: float, last: float) -> TrialRecord:
    """A trial without an end: at work, or killed together with its driver."""
    step, metrics = record.history[-1][1:] if record.history else (0, {})
    return replace(
        record,
        step=step,
        metrics=metrics,
        state="running" if live else "interrupted",
        ended=None if live else last,
        seconds=record.seconds if live else record.seconds + last - begun,
    )
