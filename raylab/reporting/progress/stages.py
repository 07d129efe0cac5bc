"""Which trials belong to the work at hand of a study, and how many there will be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from raylab.reporting.progress.settings import Settings
from raylab.tracking.events import ENDED, Event, SearchStopped
from raylab.tracking.extensions import is_stopped
from raylab.tracking.records import TrialRecord
from raylab.tracking.selections import Selection, drawn, selections

SEARCH, SELECTION, CONTROL = "search", "selection over seeds", "control on shuffled labels"
ROTATIONS = "fits for further validation parts"
REFITS, FINAL, REPORT, START = "refits", "fits on all samples", "report", "start"


@dataclass(frozen=True)
class Stage:
    """The work at hand.

    Attributes:
        phase: What it is called.
        trials: Those that belong to it and have begun.
        total: How many there will be; None where nothing says it.
        before: Trials of an earlier stage that take about as long.
        selection: The unfinished selection, if the stage is one.
    """

    phase: str
    trials: Sequence[TrialRecord]
    total: int | None = None
    before: Sequence[TrialRecord] = ()
    selection: Selection | None = None

    @property
    def ended(self) -> list[TrialRecord]:
        return [record for record in self.trials if record.state in ENDED]


def stage_of(settings: Settings, events: Sequence[Event], records: Sequence[TrialRecord]) -> Stage:
    """The work at hand of a study."""
    if settings.is_answer:
        return _of_answer(events, records)
    known = selections(events)
    if known and not known[-1].ended:
        return _of_selection(known[-1], records)
    trials = drawn(records)
    phase = "training" if settings.kind in ("train", "adapt") else SEARCH
    return Stage(phase if trials else START, trials, _total(settings, events, trials))


def _total(
    settings: Settings, events: Sequence[Event], trials: Sequence[TrialRecord]
) -> int | None:
    """The trials of the budget and its extensions; those that were begun where the search has been
    stopped.
    """
    if settings.trials is None:
        return None
    if is_stopped(events):
        return len(trials)
    return max(settings.trials, len(trials))


def _of_selection(selection: Selection, records: Sequence[TrialRecord]) -> Stage:
    planned = [trial for trial, _, _ in selection.repetitions()]
    repeated = [record for record in records if record.trial in set(planned)]
    candidates = [record for record in records if record.trial in selection.trials]
    stage = Stage(SELECTION, repeated, len(planned), candidates, selection)
    if selection.shuffles and len(stage.ended) == len(planned):
        return Stage(CONTROL, [], selection.shuffles, candidates, selection)
    return stage


def _of_answer(events: Sequence[Event], records: Sequence[TrialRecord]) -> Stage:
    """An answer searches, validates the leading entrants on further parts, fits what each fold
    chose again, then fits on all samples.
    """
    searched = [record for record in records if record.of is None]
    rotated = [record for record in records if record.valid_fold is not None]
    again = [record for record in records if record.of is not None and record.fold is not None]
    refits = [record for record in again if record.valid_fold is None]
    final = [record for record in records if record.of is not None and record.fold is None]
    if final:
        return Stage(FINAL, final, before=refits)
    if refits:
        return Stage(REFITS, refits, before=searched)
    if rotated:
        return Stage(ROTATIONS, rotated, before=searched)
    if any(isinstance(event, SearchStopped) for event in events):
        return Stage(REFITS, refits, before=searched)
    return Stage(SEARCH if searched else START, searched)
