"""Arrays and objects in memory as a recording: named arrays, and the recipe that describes them.

`Dataset.from_arrays` takes activity, labels and trials in the forms in which they lie in a
notebook. Here they become what a file would hold, so that they are read, checked and split like a
file.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from raylab.data.array_values import SOURCE, is_ragged, kind_of_values, plain
from raylab.data.pynapple_objects import (
    interval_table,
    is_pynapple,
    kind_of,
    sampled_values,
    spike_counts,
    unit_columns,
)
from raylab.errors import ConfigError

LABEL_KEYS = ("values", "kind", "unit", "period", "missing", "time", "rate_hz", "start_s")


@dataclass
class ArrayInputs:
    """Named arrays and a recipe, filled step by step.

    Attributes:
        arrays: By the path that the recipe names.
        recipe: Sections of a recipe.
    """

    arrays: dict[str, np.ndarray] = field(default_factory=dict)
    recipe: dict[str, Any] = field(default_factory=dict)

    def add_session(self, name: str, *, animal: str, area: str) -> None:
        """The names of the session, its animal and its area."""
        self.recipe["session"] = {"id": name, "animal": animal, "area": area}

    def add_activity(
        self, neural: Any, *, kind: str | None, layout: str | None, bin_s: float | None, nan: str
    ) -> None:
        """The activity: an array, a DataFrame, a list of trials, or an object of pynapple."""
        spec: dict[str, Any] = {"path": "neural", "nan": nan}
        if is_pynapple(neural):
            kind = self._add_pynapple(neural, kind, bin_s)
        elif isinstance(neural, list | tuple):
            for number, trial in enumerate(neural):
                self.arrays[f"neural/{number}"] = np.asarray(trial)
            spec["path"] = "neural/*"
        else:
            if hasattr(neural, "columns"):
                self.arrays["units/id"] = plain(neural.columns, "the names of the columns")
            self.arrays["neural"] = plain(neural, "neural")
            if layout is None and self.arrays["neural"].ndim == 3:
                layout = "trial_time_neuron"
        if bin_s is not None and kind_of(neural) != "TsGroup":
            raise ConfigError(
                f"{SOURCE}: bin_s is the width of the bins of a TsGroup", "Remove bin_s."
            )
        if kind is None:
            raise ConfigError(
                f"{SOURCE}: the kind of the activity is missing",
                "Give kind='calcium', kind='counts' or kind='rate'.",
            )
        if layout is not None:
            spec["layout"] = layout
        self.recipe["neural"] = spec | {"kind": kind}

    def _add_pynapple(self, neural: Any, kind: str | None, bin_s: float | None) -> str | None:
        if kind_of(neural) == "TsGroup":
            time, values = spike_counts(neural, bin_s)
            kind = kind or "counts"
        elif kind_of(neural) in ("Tsd", "TsdFrame"):
            time, values = sampled_values(neural)
        else:
            raise ConfigError(
                f"{SOURCE}: neural is a {kind_of(neural)}",
                "Give a TsdFrame, or a TsGroup with bin_s.",
            )
        self.arrays |= {"time": time, "neural": values.reshape(len(values), -1)}
        if kind_of(neural) != "Tsd":
            columns = unit_columns(neural, self.arrays["neural"].shape[1])
            self.arrays |= {f"units/{name}": column for name, column in columns.items()}
        return kind

    def add_clock(self, rate_hz: float | None, time: Any) -> None:
        """The clock of the activity: a rate in Hz, or stamps (T,) in seconds."""
        own = "time" in self.arrays
        if sum((own, rate_hz is not None, time is not None)) != 1:
            remedy = (
                "An object of pynapple has its own clock: give neither."
                if own
                else "Give rate_hz=30.0, or time=stamps in seconds, one of the two."
            )
            raise ConfigError(f"{SOURCE}: rate_hz and time do not state one clock", remedy)
        if time is not None:
            self.arrays["time"] = plain(time, "time")
        self.recipe["time"] = {"path": "time"} if rate_hz is None else {"rate_hz": rate_hz}

    def add_label(self, name: str, label: Any) -> None:
        """A label: values, (values, kind), a mapping, or a Tsd or IntervalSet of pynapple."""
        stated = _stated(name, label)
        values = stated.pop("values")
        path = f"labels/{name}"
        if is_pynapple(values):
            if kind_of(values) not in ("Tsd", "TsdFrame"):
                raise ConfigError(
                    f"{SOURCE}: the label '{name}' is a {kind_of(values)}",
                    "Give a Tsd or a TsdFrame; an IntervalSet belongs to `intervals`.",
                )
            stated["time"], values = sampled_values(values)
        if self.recipe["neural"]["path"].endswith("/*") and is_ragged(values):
            self._add_label_of_trials(name, values, stated)
            return
        self.arrays[path] = plain(values, f"the label '{name}'")
        if stated.get("time") is not None:
            self.arrays[f"{path}.time"] = plain(stated["time"], f"the time of '{name}'")
            stated["time"] = f"{path}.time"
        if "kind" not in stated:
            stated["kind"] = kind_of_values(name, values, self.arrays[path])
        self.recipe.setdefault("labels", {})[name] = {"path": path, **stated}

    def _add_label_of_trials(self, name: str, values: Any, stated: dict[str, Any]) -> None:
        """A label with an array per trial, of as many values as the trial has samples."""
        paths = [f"labels/{name}/{number}" for number in range(len(values))]
        for path, each in zip(paths, values):
            self.arrays[path] = plain(each, f"the label '{name}'")
        if "kind" not in stated:
            stated["kind"] = kind_of_values(name, values[0], self.arrays[paths[0]])
        self.recipe.setdefault("labels", {})[name] = {"path": f"labels/{name}/*", **stated}

    def add_intervals(self, name: str, table: Any) -> None:
        """A table of intervals: `start` and `end` or `stop` in seconds, and columns with values."""
        columns = _table(name, table)
        stop = "end" if "end" in columns else "stop"
        for key in ("start", stop):
            if key not in columns:
                raise ConfigError(
                    f"{SOURCE}: the intervals '{name}' have no '{key}'",
                    "Give `start` and `end` in seconds.",
                )
        path = f"intervals/{name}"
        self.arrays |= {f"{path}/{key}": plain(values, key) for key, values in columns.items()}
        kinds = {
            key: kind_of_values(key, columns[key], self.arrays[f"{path}/{key}"])
            for key in columns
            if key not in ("start", stop)
        }
        spec = {"path": path, "start": "start", "stop": stop, "columns": kinds}
        self.recipe.setdefault("intervals", {})[name] = spec

    def add_units(self, columns: Mapping[str, Any] | None) -> None:
        """Columns with a value per unit, besides those that the activity brought."""
        self.arrays |= {
            f"units/{name}": plain(values, f"units '{name}'")
            for name, values in (columns or {}).items()
        }
        names = [path.partition("/")[2] for path in self.arrays if path.startswith("units/")]
        self.recipe["units"] = {name: f"units/{name}" for name in names}


def _stated(name: str, label: Any) -> dict[str, Any]:
    """What a label states, with its `values`."""
    if isinstance(label, tuple) and len(label) == 2 and isinstance(label[1], str):
        return {"values": label[0], "kind": label[1]}
    if not isinstance(label, Mapping):
        return {"values": label}
    unknown = sorted(set(label) - set(LABEL_KEYS))
    if unknown or "values" not in label:
        raise ConfigError(
            f"{SOURCE}: the label '{name}' "
            + (f"has the unknown key '{unknown[0]}'" if unknown else "has no 'values'"),
            f"The keys of a label are {', '.join(LABEL_KEYS)}.",
        )
    return dict(label)


def _table(name: str, table: Any) -> dict[str, Any]:
    if is_pynapple(table):
        return dict(interval_table(table))
    if isinstance(table, Mapping):
        return dict(table)
    if hasattr(table, "columns"):  # a DataFrame
        return {str(column): table[column] for column in table.columns}
    array = plain(table, f"the intervals '{name}'")
    if isinstance(table, Sequence | np.ndarray) and array.ndim == 2 and array.shape[1] == 2:
        return {"start": array[:, 0], "end": array[:, 1]}
    raise ConfigError(
        f"{SOURCE}: the intervals '{name}' are no table",
        "Give an array (K, 2), a mapping or a DataFrame with `start` and `end`, or an IntervalSet.",
    )
