"""The time left of an answer: from its budget, and from the refits of its folds."""

from __future__ import annotations

from raylab.reporting.progress.left import Left, Moment
from raylab.reporting.progress.stages import FINAL, REFITS
from raylab.reporting.progress.wording import count, duration
from raylab.tracking.events import SearchStopped
from raylab.tracking.records import TrialRecord

LEAST_S = 1.0  # of a fit that takes longer than the others did


def left_of_answer(moment: Moment) -> Left | None:
    """Seconds until the answer is there; None where study.json does not state its minutes.

    The search uses what the budget gives it. What follows may take less than was kept back for it,
    so its end is estimated from the folds whose refits are there.
    """
    minutes = moment.settings.minutes
    if minutes is None:
        return None
    budget = Left(max(60 * minutes - moment.elapsed_s, 0.0), f"the budget of {_minutes(minutes)}")
    phase = moment.stage.phase
    measured = None
    if phase == REFITS:
        measured = _of_refits(moment)
    elif phase == FINAL:
        measured = _of_final(moment)
    return measured or budget


def _of_refits(moment: Moment) -> Left | None:
    """The folds are fitted again one after the other, and the fits on all samples take as long as
    those of a fold.
    """
    begun = {record.fold for record in moment.stage.trials}
    stopped = [event.time for event in moment.events if isinstance(event, SearchStopped)]
    # The fold that began last is not complete: its number of refits is not known yet.
    complete = len(begun) - 1
    if complete < 1 or not stopped:
        return None
    took = max(record.ended or moment.now for record in _of_first(moment, complete)) - stopped[-1]
    each = max(took, 0.0) / complete
    rest = (moment.settings.folds + 1) * each - (moment.now - stopped[-1])
    return Left(max(rest, LEAST_S), f"the refits of {count(complete, 'fold')}")


def _of_first(moment: Moment, folds: int) -> list[TrialRecord]:
    """The refits of the folds that began first."""
    order = list(dict.fromkeys(record.fold for record in moment.stage.trials))[:folds]
    return [record for record in moment.stage.trials if record.fold in order]


def _of_final(moment: Moment) -> Left | None:
    """How many fits there are is not known; those at work take about as long as the refits."""
    seconds = [record.seconds for record in moment.stage.before if record.seconds > 0]
    if not seconds:
        return None
    longest = max(seconds)
    rest = [max(longest - trial.seconds, LEAST_S) for trial in moment.running]
    return Left(max(rest, default=LEAST_S), f"refits of at most {duration(longest)}")


def _minutes(minutes: float) -> str:
    return f"{minutes:g} minute{'' if minutes == 1 else 's'}"
