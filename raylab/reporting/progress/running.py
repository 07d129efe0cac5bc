"""The trials at work: their step, their scores so far, and how long they still take."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from raylab.reporting.progress.results import RunningTrial
from raylab.tracking.events import Event, TrialStarted
from raylab.tracking.records import Mode, TrialRecord, is_number

Report = tuple[float, int, dict[str, float]]  # time in unix seconds, step, metrics


def running_trials(
    records: Iterable[TrialRecord],
    begun: Mapping[str, float],
    *,
    metrics: Sequence[str],
    modes: Sequence[Mode],
    now: float,
) -> list[RunningTrial]:
    """The trials at work, in the order in which they began.

    Args:
        begun: Trial -> when its last attempt began, in unix seconds; see `attempts`.
        metrics: Of the objectives, with their modes.
        now: In unix seconds.
    """
    at_work = [record for record in records if record.state == "running"]
    return [
        RunningTrial(
            trial=record.trial,
            entrant=record.entrant,
            fold=record.fold,
            of=record.of,
            step=record.step,
            max_steps=last_step(record),
            scores=scores_so_far(record, metrics, modes),
            curve=tuple(_values(record, metrics[0])) if metrics else (),
            seconds=max(now - begun.get(record.trial, now), 0.0),
            left_s=_left(record, begun.get(record.trial, now), now),
            params=dict(record.params),
        )
        for record in sorted(at_work, key=lambda record: begun.get(record.trial, now))
    ]


def attempts(events: Iterable[Event]) -> dict[str, float]:
    """Trial -> when it began, or began again after an interruption, in unix seconds."""
    return {event.trial: event.time for event in events if isinstance(event, TrialStarted)}


def scores_so_far(
    record: TrialRecord, metrics: Sequence[str], modes: Sequence[Mode]
) -> dict[str, float]:
    """Objective -> score of the model that a running trial would keep if it ended now.

    That is the model of the best validation where the config keeps the best, else of the last one.
    """
    training = record.config.get("training")
    keep = training.get("keep") if isinstance(training, Mapping) else None
    reports = [report for report in record.history if metrics and _scored(report, metrics[0])]
    if not reports:
        return {}
    kept = reports[-1]
    if keep == "best":
        pick = max if modes[0] == "max" else min
        kept = pick(reports, key=lambda report: report[2][metrics[0]])
    return {metric: kept[2][metric] for metric in metrics if _scored(kept, metric)}


def last_step(record: TrialRecord) -> int | None:
    """The last step that a trial may reach, by its config."""
    training = record.config.get("training")
    steps = training.get("max_steps") if isinstance(training, Mapping) else None
    return int(steps) if isinstance(steps, int | float) else None


def _scored(report: Report, metric: str) -> bool:
    return is_number(report[2].get(metric))


def _values(record: TrialRecord, metric: str) -> Iterable[float]:
    return (metrics[metric] for _, _, metrics in record.history if is_number(metrics.get(metric)))


def _left(record: TrialRecord, begun: float, now: float) -> float | None:
    """Seconds until the last step, at the speed of this attempt; None before a validation.

    The time to the first validation includes starting the model, so it counts only while there is
    no other.
    """
    steps = last_step(record)
    reports = [report for report in record.history if report[0] >= begun]
    if steps is None or not reports:
        return None
    (first_time, first_step, _), (last_time, step, _) = reports[0], reports[-1]
    if step <= first_step:
        resumed = len(record.history) > len(reports)
        first_time = begun
        first_step = record.history[-len(reports) - 1][1] if resumed else record.origin_step or 0
    if step <= first_step or last_time <= first_time:
        return None
    rate = (step - first_step) / (last_time - first_time)
    return max((steps - step) / rate - (now - last_time), 0.0)
