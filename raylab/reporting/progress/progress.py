"""What a study is doing at a moment, read from its ledger."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

from raylab.reporting.progress.ended import ended_trials
from raylab.reporting.progress.left import Left, Moment, time_left
from raylab.reporting.progress.left_of_answer import left_of_answer
from raylab.reporting.progress.results import Progress, StudyState
from raylab.reporting.progress.running import attempts, running_trials
from raylab.reporting.progress.settings import Settings
from raylab.reporting.progress.stages import CONTROL, REPORT, Stage, stage_of
from raylab.reporting.progress.standing import best_baseline, best_so_far
from raylab.tracking.drivers import worked_seconds
from raylab.tracking.events import DriverStarted, Event, TrialStarted
from raylab.tracking.records import TrialRecord, front, is_ended, records
from raylab.tracking.selections import drawn, selections
from raylab.tracking.study import StudyFolder


def progress(
    study: StudyFolder,
    now: float | None = None,
    *,
    live: bool | None = None,
    settings: Settings | None = None,
) -> Progress:
    """What a study is doing.

    Args:
        study: The study; its ledger is read, and nothing is written.
        now: In unix seconds; default: the time of this machine.
        live: Whether a driver is at work; default: whether one holds the study.
        settings: Of the study, where they were read before.

    Raises:
        StudyError: The ledger is damaged.
    """
    now = time.time() if now is None else now
    # Before the events are read: a driver that ends in between has written its last events.
    live = study.is_live() if live is None else live
    events = study.ledger.read()
    settings = (settings or Settings.of(study)).extended(events)
    every = records(events, live=live and not is_ended(events))
    stage = stage_of(settings, events, every)
    state = _state(study, settings, events, live=live)
    whole = _whole(study, settings, events, every, stage, state, now)
    return _with_control(study, whole) if stage.phase == CONTROL else whole


def _whole(
    study: StudyFolder,
    settings: Settings,
    events: Sequence[Event],
    every: Sequence[TrialRecord],
    stage: Stage,
    state: StudyState,
    now: float,
) -> Progress:
    running = running_trials(
        stage.trials, attempts(events), metrics=settings.metrics, modes=settings.modes, now=now
    )
    elapsed_s = worked_seconds(events, now=now if state == "running" else None)
    moment = Moment(settings, events, stage, running, elapsed_s, now)
    left = None if state in ("ended", "stopped") else _left(moment)
    baseline, compared = best_baseline(study, settings, every)
    return Progress(
        study=settings.name,
        kind=settings.kind,
        state=state,
        phase=_phase(events, stage, state),
        running=running if state == "running" else (),
        latest=ended_trials(stage.trials, settings.metrics),
        best=best_so_far(settings, stage, every, running),
        compared=compared,
        baseline=baseline,
        front=len(front(drawn(every), *settings.modes)) if len(settings.modes) > 1 else None,
        done=len(stage.ended),
        total=stage.total,
        counts=_counts(stage.trials),
        elapsed_s=elapsed_s,
        budget_s=60 * settings.minutes if settings.minutes is not None else None,
        left_s=left.seconds if left else None,
        left_from=left.source if left else None,
        time=now,
    )


def _state(
    study: StudyFolder, settings: Settings, events: Iterable[Event], *, live: bool
) -> StudyState:
    """Whether a study waits for a driver, has one, has lost it, or is complete."""
    events = list(events)
    if _is_complete(study, settings, events):
        return "ended"
    if live:
        return "running"
    begun = any(isinstance(event, DriverStarted | TrialStarted) for event in events)
    return "stopped" if begun else "waiting"


def _is_complete(study: StudyFolder, settings: Settings, events: Sequence[Event]) -> bool:
    """Whether all trials have ended, and what is concluded from them is there."""
    if not is_ended(events):
        return False
    if settings.is_answer:
        return study.answer_path.is_file()
    known = selections(events)
    return not known or known[-1].ended


def _left(moment: Moment) -> Left | None:
    return left_of_answer(moment) if moment.settings.is_answer else time_left(moment)


def _phase(events: Sequence[Event], stage: Stage, state: StudyState) -> str:
    """The work at hand; the report, where all trials have ended and the study is not complete."""
    reporting = is_ended(events) and state != "ended" and stage.phase != CONTROL
    return REPORT if reporting else stage.phase


def _counts(trials: Iterable[TrialRecord]) -> dict[str, int]:
    return dict(Counter(record.state for record in trials))


def _with_control(study: StudyFolder, own: Progress) -> Progress:
    """A selection's control on shuffled labels is a study in its folder: the newest there."""
    folders = sorted(
        (study.path / "controls").glob("*/study.json"), key=lambda path: path.stat().st_mtime
    )
    if not folders:
        return own
    control = progress(StudyFolder.open(folders[-1].parent), own.time, live=own.state == "running")
    return replace(
        own,
        running=control.running,
        latest=control.latest,
        done=control.done,
        total=control.total or own.total,
        counts=control.counts,
        left_s=control.left_s,
        left_from=control.left_from,
    )
