"""Which parameters have a numeric, a logarithmic or a categorical axis."""

from __future__ import annotations

from collections.abc import Sequence

from raylab.reporting.tables.cells import keys
from raylab.tracking.records import TrialRecord

_LOG_RATIO = 100  # values that span more than this are drawn on a logarithmic axis


def searched_paths(records: Sequence[TrialRecord]) -> list[str]:
    """Every searched path, in the order they first appear."""
    return keys(record.params for record in records)


def are_numbers(values: Sequence[object]) -> bool:
    """Whether there are values and all of them are numbers."""
    return bool(values) and all(
        isinstance(value, int | float) and not isinstance(value, bool) for value in values
    )


def is_log(values: Sequence[float], *, searched: bool | None) -> bool:
    """Whether the axis of these numbers is logarithmic.

    Args:
        searched: Whether the space searches the path on a logarithmic scale. None where the space
            does not say so: then the span of the values decides.
    """
    low, high = min(values), max(values)
    return low > 0 and (high / low >= _LOG_RATIO if searched is None else searched)
