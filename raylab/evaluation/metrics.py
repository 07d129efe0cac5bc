"""The table of metrics: what a trial can be scored by, one entry per metric.

An entry states what a search may use as its objective, which direction is better, which metrics a
label has, which of them reports draw, and between which trials a metric compares. raylab's own
entries are in `metric_table/`. Packages of third parties add entries through the entry points
`raylab.metrics`; see docs/extending.md.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from functools import cache

from raylab.evaluation.metric_table.installed import GROUP as GROUP
from raylab.evaluation.metric_table.installed import installed
from raylab.evaluation.metric_table.labels import FRAMES, PREDICTIONS
from raylab.evaluation.metric_table.labels import SCORE as SCORE
from raylab.evaluation.metric_table.metric import DECODING as DECODING
from raylab.evaluation.metric_table.metric import Metric as Metric
from raylab.evaluation.metric_table.metric import Place
from raylab.evaluation.metric_table.quantization import BEHAVIOUR, CODES, RECONSTRUCTION
from raylab.evaluation.metric_table.quantization import STATISTICS as STATISTICS
from raylab.evaluation.metric_table.training import GOODNESS_OF_FIT, LOSS, STEPS_PER_S

# Adding a metric: one entry in `metric_table/`. A metric of predictions needs a formula and is then
# measured, reported and accepted as an objective; one of a family is measured by the family's
# `validate`. Reports show metrics in this order.
_OWN = (
    LOSS,
    *RECONSTRUCTION,
    *CODES,
    *BEHAVIOUR,
    *PREDICTIONS,
    *FRAMES,
    GOODNESS_OF_FIT,
    STEPS_PER_S,
)


def table() -> tuple[Metric, ...]:
    """All metrics: raylab's own in the order above, then those of installed packages."""
    return (*_OWN, *(metric for metric, _ in _added()))


def bounds_of(name: str) -> tuple[float, float]:
    """The least and greatest possible value of a metric; without limits where it is not known."""
    metric = find(name)
    return metric.bounds if metric is not None else (-math.inf, math.inf)


def package_of_metric(name: str) -> str:
    """Name and version of the package that provides a metric; empty for raylab's own."""
    metric = find(name)
    return next((package for added, package in _added() if added is metric), "")


@cache
def _added() -> tuple[tuple[Metric, str], ...]:
    return installed(_OWN)


def find(name: str) -> Metric | None:
    """The metric of that name; `decoding.<label>.r2` of one label is `decoding.r2`."""
    plain = f"{DECODING}{name.rpartition('.')[2]}" if name.startswith(DECODING) else name
    return next((metric for metric in table() if metric.name in (name, plain)), None)


def is_objective(name: str) -> bool:
    """Whether a search may choose trials by it; yes of a metric that only its family knows."""
    metric = find(name)
    return metric is None or metric.objective


def directions(*patterns: str) -> dict[str, str]:
    """Name -> max or min of the metrics that match (`codes.*`) and may be declared by a family; in
    the order of the table.
    """
    return {
        metric.name: metric.mode
        for metric in table()
        if any(fnmatchcase(metric.name, pattern) for pattern in patterns)
        and (metric.objective or metric.name in patterns)
    }


@cache
def scores_of(kind: str, *, classes: int = 0, frames: bool = False) -> tuple[Metric, ...]:
    """The metrics of predictions of one label.

    Args:
        kind: Of the label.
        classes: How many classes the decoder scores; 0 where it names a class only.
        frames: Whether the classes are frames of a movie.
    """
    return tuple(
        metric
        for metric in table()
        if kind in metric.kinds
        and (metric.classes is None or classes > metric.classes)
        and (frames or not metric.frames)
    )


def primary(kind: str) -> str:
    """The score that a label of this kind is chosen by, such as `r2`."""
    return next(metric.score for metric in scores_of(kind) if metric.primary)


def primary_among(scores: Iterable[str]) -> str:
    """The primary score among the scores of one label whose kind is not known; empty where there is
    none.
    """
    known = set(scores)
    return next((each.score for each in table() if each.primary and each.score in known), "")


def shown_in(place: Place) -> Iterator[str]:
    """The metrics that figures of reports show besides the objectives, where trials have them."""
    return (metric.name for metric in table() if place in metric.shown)


def lower_is_better(score: str) -> bool:
    """Whether a score of a label, such as `median_abs_error`, is better when lower."""
    metric = find(f"{DECODING}{score}")
    return metric is not None and metric.mode == "min"
