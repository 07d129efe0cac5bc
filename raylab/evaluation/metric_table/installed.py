"""The metrics that installed packages add, through entry points."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from importlib.metadata import entry_points

from raylab.evaluation.metric_table.metric import DECODING, Metric
from raylab.registry import package_of

GROUP = "raylab.metrics"  # of entry points


def installed(own: Iterable[Metric]) -> tuple[tuple[Metric, str], ...]:
    """The metrics of installed packages, each with the name and version of its package.

    Args:
        own: The metrics of raylab, whose names no package may take.
    """
    names = {metric.name for metric in own}
    added: list[tuple[Metric, str]] = []
    for point in sorted(entry_points(group=GROUP), key=lambda point: point.name):
        try:
            metric = point.load()
            problem = _problem(metric, names)
        except Exception as error:  # a broken package of somebody else must not stop a search
            problem = f"it cannot be imported ({type(error).__name__}: {error})"
        if problem:
            text = f"{GROUP}: '{point.name}' of {package_of(point)} is left out: {problem}"
            warnings.warn(text, stacklevel=2)
        else:
            names.add(metric.name)
            added.append((metric, package_of(point)))
    return tuple(added)


def _problem(metric: object, names: set[str]) -> str:
    if not isinstance(metric, Metric):
        return "it is no raylab.evaluation.metrics.Metric"
    if metric.name in names:
        return f"'{metric.name}' exists already"
    if metric.primary:
        return f"'{metric.name}' is primary; the primary score of a label is raylab's"
    if metric.kinds and not (metric.measure and metric.name.startswith(DECODING)):
        return (
            f"'{metric.name}' has kinds, so its name begins with '{DECODING}' and it has a measure"
        )
    return ""
