"""The words of an answer: metrics, units, entrants, numbers and intervals in plain English."""

from __future__ import annotations

from collections.abc import Sequence

from raylab.analysis.answering.results import Answer, Span

METRICS = {"r2": "R2", "balanced_accuracy": "balanced accuracy"}
_UNITS = {
    "block": "blocks of time",
    "presentation": "presentations",
    "trial": "trials",
    "session": "sessions",
}
_ACTIVITY = {
    "raw": "nearest neighbours of the raw activity",
    "smoothed": "nearest neighbours of the smoothed activity",
    "pca": "nearest neighbours of the activity's principal components",
}
_FAMILIES = {"contrastive": "contrastive embedding", "vqvae": "VQ-VAE"}


def number(value: float | None) -> str:
    """Three digits after the point; a dash where there is no number."""
    return "–" if value is None else f"{value + 0.0:.3f}".replace("-0.000", "0.000")


def ends(span: Span) -> str:
    """`0.823 to 0.894`; empty where there is no interval."""
    return "" if span.low is None else f"{number(span.low)} to {number(span.high)}"


def gap(difference: Span) -> str:
    """`0.071 (0.030 to 0.110) above`, or how much below."""
    below = difference.value is not None and difference.value < 0
    size = _turned(difference) if below else difference
    interval = ends(size)
    return (
        number(size.value)
        + (f" ({interval})" if interval else "")
        + (" below" if below else " above")
    )


def plainly(difference: Span) -> str:
    """`0.011, 95 % interval -0.006 to 0.028`: for brackets."""
    interval = ends(difference)
    return number(difference.value) + (f", 95 % interval {interval}" if interval else "")


def listed(names: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


def metric(answer: Answer) -> str:
    """The metric in words."""
    return METRICS.get(answer.metric, answer.metric.replace("_", " "))


def units(kind: str, count: int) -> str:
    """`100 blocks of time`; `1 session`."""
    several = _UNITS.get(kind, f"{kind}s")
    return f"{count} {several if count != 1 else kind}"


def entrant(name: str, family: str) -> str:
    """`gru (network)`, `the baseline smoothed (nearest neighbours of the smoothed activity)`."""
    if family == "baseline":
        activity = _ACTIVITY.get(name)
        return f"the baseline {name}" + (f" ({activity})" if activity else "")
    if family == name:
        return f"the {name}"
    return f"{name} ({_FAMILIES.get(family, family)})"


def times(factor: float) -> str:
    """How much more data, such as `twice`, `3 times` or `40 times`."""
    return "twice" if factor <= 2 else f"{_round_up(factor)} times"


def _round_up(factor: float) -> int:
    """Up to ten as it is, above in tens: it is an estimate."""
    whole = int(-(-factor // 1))
    return whole if whole <= 10 else int(-(-factor // 10)) * 10


def _turned(difference: Span) -> Span:
    """The other way round, so that its value is positive."""
    value, low, high = difference.value, difference.low, difference.high
    return Span(
        None if value is None else -value,
        None if high is None else -high,
        None if low is None else -low,
    )
