"""The plainest config of a view: settings that change no row of it are written as their defaults.

Two views with equal canonical configs show the same rows, to the bit.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from raylab.config.view import AllUnits, ViewConfig
from raylab.data.datasets.specs import SessionSpec
from raylab.data.views.grid import row_width

# scipy's Gaussian filter reaches so many standard deviations to either side, rounded to samples.
TRUNCATE = 4.0


def canonical_view(view: ViewConfig, sessions: Mapping[str, SessionSpec]) -> ViewConfig:
    """The plainest config that shows these sessions as `view` does.

    Bins, lags and rates are written as the whole samples that they are rounded to. A smoothing
    whose filter is shorter than a row, a choice of more units than there are, and the scale of a
    z-score that is not taken are left out.

    Args:
        sessions: The sessions that the view is used on.
    """
    specs = tuple(sessions.values())
    changes: dict[str, object] = {}
    if all(row_width(view, spec.rate_hz) == 1 for spec in specs):
        changes |= {"bin_ms": 0.0, "resample_hz": None}
    elif view.resample_hz is None:
        changes |= _in_samples("bin_ms", specs, lambda rate: row_width(view, rate))
    changes |= _in_samples("lag_ms", specs, lambda rate: round(view.lag_ms * rate / 1000))
    if all(_unsmoothed(view, spec.rate_hz) for spec in specs):
        changes["smoothing_ms"] = 0.0
    if _shows_all_units(view, specs):
        changes["selection"] = AllUnits()
    if not view.zscore:
        changes["scale"] = "floored"
    return view.model_copy(update=changes)


def _in_samples(
    name: str, sessions: Collection[SessionSpec], samples: Callable[[float], float]
) -> dict[str, float]:
    """A duration in milliseconds as the whole prepared samples that it is rounded to. Sessions of
    several rates have no such duration in common, unless it is zero.
    """
    counts = {samples(spec.rate_hz) for spec in sessions}
    rates = {spec.rate_hz for spec in sessions}
    if counts == {0}:
        return {name: 0.0}
    if len(rates) > 1:
        return {}
    ((count,), (rate,)) = counts, rates
    return {name: count * 1000 / rate}


def _unsmoothed(view: ViewConfig, rate_hz: float) -> bool:
    """Whether the Gaussian of `view.smoothing_ms` is a single row long: its weight is then 1."""
    sigma = view.smoothing_ms * rate_hz / 1000 / row_width(view, rate_hz)
    return int(TRUNCATE * sigma + 0.5) == 0


def _shows_all_units(view: ViewConfig, sessions: Collection[SessionSpec]) -> bool:
    """Whether a selection of units keeps all of them. Sessions without training samples are viewed
    by what others have learnt, so nothing is concluded where there is one.
    """
    selection = view.selection
    return not isinstance(selection, AllUnits) and all(
        selection.count >= spec.units and spec.splits.get("train", 0) > 0 for spec in sessions
    )
