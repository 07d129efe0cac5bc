"""A session of a dataset as users see it: arrays, mapped into memory."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from raylab.data.datasets.other_libraries import PynappleSession, pynapple_session, xarray_session
from raylab.data.datasets.recording import Recording
from raylab.data.datasets.specs import LabelSpec
from raylab.data.session import Label, Session
from raylab.data.splitting.dealing import CODE
from raylab.results import rows_html, values_html


@dataclass(frozen=True, repr=False)
class SessionArrays:
    """One session of a prepared dataset as arrays.

    T is the number of samples and N the number of recorded units. The activity and the times are
    mapped into memory: nothing is read until it is used, and the arrays are read-only.

    Attributes:
        recorded: The session as it was read, with the details that this class does not show.
        opened: The session as trials see it, with its splits.
        label_specs: The kind, unit and classes of each label, by name.
    """

    recorded: Session
    opened: Recording
    label_specs: dict[str, LabelSpec]

    @property
    def id(self) -> str:
        """The id of the session."""
        return self.recorded.id

    @property
    def activity(self) -> np.ndarray:
        """(T, N) float32 activity of every recorded unit, read-only."""
        return self.recorded.neural

    @property
    def times(self) -> np.ndarray:
        """(T,) float64 times of the samples in seconds, read-only."""
        return self.recorded.time

    @property
    def rate_hz(self) -> float:
        """Nominal sampling rate in Hz."""
        return self.recorded.rate_hz

    @cached_property
    def labels(self) -> dict[str, np.ndarray]:
        """The labels by name, in the form in which `predict` of a model gives them.

        A continuous label: (T,) float64 in its own unit, or (T, D) if it has D columns; NaN where a
        sample is unlabelled. A circular label: angles in radians, of the same shapes. A discrete
        label: (T,) text, the name of each sample's class; empty where a sample is unlabelled.
        """
        return {name: _values(label) for name, label in self.recorded.labels.items()}

    @cached_property
    def splits(self) -> np.ndarray:
        """(T,) text: `train`, `valid` or `test`; empty where a sample lies in no split."""
        names = {code: name for name, code in CODE.items()}
        splits = np.full(len(self.times), "", f"<U{max(map(len, CODE))}")
        for start, stop, code in self.opened.parts.tolist():
            splits[start:stop] = names[code]
        return splits

    @property
    def segments(self) -> np.ndarray:
        """(S, 2) whole numbers: ranges [start, stop) of samples that are continuous in time."""
        return self.recorded.segments

    @property
    def kept(self) -> np.ndarray:
        """(N,) truth values: the units that passed the filters and that models see."""
        units = self.activity.shape[1]
        return np.ones(units, bool) if self.opened.kept is None else self.opened.kept

    @property
    def units(self) -> dict[str, np.ndarray]:
        """Columns with a value per recorded unit, such as `position`: arrays (N, ...) by name."""
        return self.recorded.units

    def to_pynapple(self) -> PynappleSession:
        """The session as objects of pynapple.

        Returns:
            The activity as a TsdFrame, labels as Tsd or TsdFrame by name, and an IntervalSet for
            each split. The time support of the activity is the segments.

        Raises:
            ConfigError: pynapple is not installed.
            DataError: The segments overlap in time.
        """
        return pynapple_session(self)

    def to_xarray(self) -> Any:
        """The session as an `xarray.Dataset`.

        Returns:
            The variable `activity` (time, unit) and a variable for each label. Times, splits,
            units and their columns are coordinates; units of measurement are attributes.

        Raises:
            ConfigError: xarray is not installed.
        """
        return xarray_session(self)

    def __repr__(self) -> str:
        samples, units = self.activity.shape
        seconds = samples / self.rate_hz
        labels = f", labels {', '.join(self.label_specs)}" if self.label_specs else ""
        return (
            f"SessionArrays('{self.id}': {samples} samples ({seconds:.0f} s at {self.rate_hz:g} "
            f"Hz), {units} units{labels})"
        )

    def _repr_html_(self) -> str:
        samples, units = self.activity.shape
        about = {
            "samples": samples,
            "units": units,
            "units kept": int(self.kept.sum()),
            "rate (Hz)": self.rate_hz,
            "kind": self.recorded.kind,
            "animal": self.recorded.animal or None,
            "area": self.recorded.area or None,
            **{split: int((self.splits == split).sum()) for split in CODE},
        }
        labels = [
            {"label": name, "kind": spec.kind, "unit": spec.unit, "columns": spec.dims}
            for name, spec in self.label_specs.items()
        ]
        return values_html(about, title=self.id) + (rows_html(labels) if labels else "")


def _values(label: Label) -> np.ndarray:
    """The values of a label; of one column (T,), of a discrete one the names of its classes."""
    if label.kind == "discrete":
        return np.array([*label.classes, ""])[label.values]  # the code -1 is the last name
    return label.values[:, 0] if label.values.shape[1] == 1 else label.values
