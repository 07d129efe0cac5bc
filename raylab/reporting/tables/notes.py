"""What should be known about a single trial: why it stopped, which model is kept, a collapse."""

from __future__ import annotations

from collections.abc import Mapping

from raylab.tracking.events import BY_USER
from raylab.tracking.records import TrialRecord


def note(record: TrialRecord) -> str | None:
    """Why a trial stopped early, the step of its model where that is not the last, which trial it
    goes on with or repeats, and that its codebook collapsed; None where there is nothing to note.
    """
    earlier = record.kept_step not in (None, record.step)
    kept = f"the model of step {record.kept_step} is kept" if earlier else None
    stopped = f"stopped {BY_USER}" if record.stopped == BY_USER else record.stopped
    parts = (stopped, kept, _origin(record), collapse(record.config, record.metrics))
    return "; ".join(part for part in parts if part) or None


def _origin(record: TrialRecord) -> str | None:
    if record.origin is None:
        return None
    if record.origin_step is None:
        return f"trial {record.origin} again, which failed"
    return f"trains trial {record.origin} further, from step {record.origin_step}"


def collapse(config: Mapping[str, object], metrics: Mapping[str, float]) -> str | None:
    """A sentence where held-out windows use less of a codebook than `evaluation.collapse_below`."""
    evaluation, usage = config.get("evaluation"), metrics.get("codes.usage_least")
    least = evaluation.get("collapse_below") if isinstance(evaluation, Mapping) else None
    if usage is None or least is None or usage >= least:
        return None
    return f"the codebook collapsed: {usage:.1%} of its codes are used on held-out windows"
