"""A session of a dataset as objects of pynapple and xarray, which are optional packages."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from itertools import pairwise
from typing import Any, Protocol

import numpy as np

from raylab.data.datasets.specs import LabelSpec
from raylab.errors import ConfigError, DataError

_MARGIN = 0.4  # of a sample: intervals reach so far beyond their first and last sample
_COORDINATES = ("activity", "time", "unit", "split", "kept")


class Arrays(Protocol):
    """What is needed of `SessionArrays`."""

    @property
    def label_specs(self) -> dict[str, LabelSpec]: ...
    @property
    def id(self) -> str: ...
    @property
    def activity(self) -> np.ndarray: ...
    @property
    def times(self) -> np.ndarray: ...
    @property
    def rate_hz(self) -> float: ...
    @property
    def labels(self) -> dict[str, np.ndarray]: ...
    @property
    def splits(self) -> np.ndarray: ...
    @property
    def segments(self) -> np.ndarray: ...
    @property
    def kept(self) -> np.ndarray: ...
    @property
    def units(self) -> dict[str, np.ndarray]: ...


@dataclass(frozen=True)
class PynappleSession:
    """A session as objects of pynapple.

    Attributes:
        activity: TsdFrame of T samples and N units.
        labels: Tsd of a label of one column, TsdFrame of a label of several, by name. The values of
            a discrete label are the numbers of its classes, NaN where a sample is unlabelled.
        splits: IntervalSet of each split, by its name. `activity.restrict(splits["train"])` are the
            training samples.
        classes: Of each discrete label, the name of each number.
    """

    activity: Any
    labels: dict[str, Any]
    splits: dict[str, Any]
    classes: dict[str, tuple[str, ...]]


def pynapple_session(session: Arrays) -> PynappleSession:
    """See `SessionArrays.to_pynapple`."""
    pynapple = _package("pynapple", "to_pynapple")
    if not (np.diff(session.times) > 0).all():
        raise DataError(
            f"session '{session.id}': its segments overlap in time, which pynapple cannot hold",
            "Use the arrays themselves, or `to_xarray()`.",
        )
    support = _intervals(pynapple, session, session.segments)
    labels = {}
    for name, values in session.labels.items():
        numbers = _numbers(values, session.label_specs[name])
        made = pynapple.Tsd if numbers.ndim == 1 else pynapple.TsdFrame
        labels[name] = made(t=session.times, d=numbers, time_support=support)
    splits = {
        str(split): _intervals(pynapple, session, _runs(session, split))
        for split in dict.fromkeys(session.splits.tolist())
        if split
    }
    activity = pynapple.TsdFrame(t=session.times, d=session.activity, time_support=support)
    classes = {name: spec.classes for name, spec in session.label_specs.items() if spec.classes}
    return PynappleSession(activity, labels, splits, classes)


def xarray_session(session: Arrays) -> Any:
    """See `SessionArrays.to_xarray`."""
    xarray = _package("xarray", "to_xarray")
    columns = {
        f"unit_{name}": ("unit", values)
        for name, values in session.units.items()
        if values.ndim == 1
    }
    coordinates = {
        "time": ("time", session.times, {"units": "s"}),
        "split": ("time", session.splits),
        "unit": np.arange(session.activity.shape[1]),
        "kept": ("unit", session.kept),
        **columns,
    }
    variables: dict[str, Any] = {"activity": (("time", "unit"), session.activity)}
    for name, values in session.labels.items():
        spec = session.label_specs[name]
        about = {"kind": spec.kind, "units": spec.unit, "classes": list(spec.classes)}
        shown = f"label_{name}" if name in (*_COORDINATES, *columns) else name
        axes = ("time",) if values.ndim == 1 else ("time", f"{shown}_column")
        stated = {key: value for key, value in about.items() if value}
        variables[shown] = (axes, values, stated)
    attributes = {"session": session.id, "rate_hz": session.rate_hz}
    return xarray.Dataset(variables, coords=coordinates, attrs=attributes)


def _package(name: str, method: str) -> Any:
    try:
        return import_module(name)
    except ImportError:
        raise ConfigError(
            f"{method} needs the package {name}, which is not installed",
            f"pip install 'raylab[{name}]'",
        ) from None


def _intervals(pynapple: Any, session: Arrays, ranges: np.ndarray) -> Any:
    """The IntervalSet of (K, 2) ranges [start, stop) of samples. Neighbours do not touch."""
    margin = _MARGIN / session.rate_hz
    starts, ends = session.times[ranges[:, 0]], session.times[ranges[:, 1] - 1]
    return pynapple.IntervalSet(start=starts - margin, end=ends + margin)


def _runs(session: Arrays, split: str) -> np.ndarray:
    """(K, 2) ranges of samples of a split, each within one segment."""
    inside = np.concatenate([[False], session.splits == split, [False]])
    borders = set(np.flatnonzero(np.diff(inside.astype(np.int8))).tolist())
    cuts = sorted(borders | {int(edge) for edge in session.segments.ravel()})
    runs = [(a, b) for a, b in pairwise(cuts) if inside[a + 1]]
    return np.array(runs, np.int64).reshape(-1, 2)


def _numbers(values: np.ndarray, spec: LabelSpec) -> np.ndarray:
    """The values of a label as numbers: of classes their places, NaN where there is none."""
    if spec.kind != "discrete":
        return values
    places = {name: float(place) for place, name in enumerate(spec.classes)}
    names, which = np.unique(values, return_inverse=True)
    return np.array([places.get(str(name), np.nan) for name in names])[which]
