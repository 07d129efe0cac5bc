"""The trials that ended last, and the scores of those that completed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from raylab.reporting.progress.results import EndedTrial
from raylab.tracking.events import ENDED
from raylab.tracking.records import TrialRecord, is_number
from raylab.tracking.selections import drawn

LATEST = 8  # trials
MOST_SCORES = 2000


def ended_trials(
    records: Iterable[TrialRecord], metrics: Sequence[str], *, most: int = LATEST
) -> list[EndedTrial]:
    """The trials that ended last, the newest first.

    Args:
        metrics: Of the objectives.
        most: How many.
    """
    ended = [record for record in records if record.state in ENDED]
    newest = sorted(ended, key=lambda record: record.ended or 0.0, reverse=True)[:most]
    return [
        EndedTrial(
            trial=record.trial,
            entrant=record.entrant,
            state=record.state,
            step=record.step,
            scores=_scores(record, metrics),
            seconds=record.seconds,
            ended=record.ended or 0.0,
            error=record.error,
        )
        for record in newest
    ]


def completed_scores(
    records: Iterable[TrialRecord], *, most: int = MOST_SCORES
) -> list[tuple[float, float]]:
    """(time in unix seconds, first objective) of the completed trials of the search, in the order
    of time.

    Args:
        most: How many, the last ones.
    """
    completed = [
        (record.ended or 0.0, float(record.score or 0.0))
        for record in drawn(records)
        if record.state == "completed" and is_number(record.score)
    ]
    return sorted(completed)[-most:]


def _scores(record: TrialRecord, metrics: Sequence[str]) -> dict[str, float]:
    values = record.scores or ((record.score,) if record.score is not None else ())
    return {name: float(value) for name, value in zip(metrics, values) if is_number(value)}
