"""What the trials of a study cost."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from raylab.reporting.facts import StudyFacts
from raylab.reporting.markup import render
from raylab.tracking.records import TrialRecord

_NOTE = (
    "The resources that were reserved for a trial's workers, times how long the workers had them; "
    "over all attempts."
)
_HEADS = ("", "trials", "hours of trials", "CPU-seconds", "GPU-seconds")


def cost(facts: StudyFacts, *, again: str = "repetitions over seeds") -> Markup | None:
    """A row per state of trials, of the trials that repeat others, and of all together.

    Args:
        again: What the trials that repeat others are called.
    """
    if not facts.records:
        return None
    groups: dict[str, list[TrialRecord]] = {}
    for record in facts.records:
        groups.setdefault(record.state, []).append(record)
    if facts.repetitions:
        groups[again] = list(facts.repetitions)
    groups["all"] = [*facts.records, *facts.repetitions]
    rows = [_row(name, trials) for name, trials in groups.items()]
    return render("cost.html", note=_NOTE, heads=_HEADS, rows=rows)


def _row(name: str, trials: Sequence[TrialRecord]) -> list[str]:
    return [
        name,
        str(len(trials)),
        f"{sum(record.seconds for record in trials) / 3600:.2f}",
        f"{sum(record.cpu_seconds for record in trials):,.0f}",
        f"{sum(record.gpu_seconds for record in trials):,.0f}",
    ]
