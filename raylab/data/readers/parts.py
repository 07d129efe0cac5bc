"""The parts of a session: labels, names, unit columns, given splits, cuts and the rule for NaN."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from raylab.data.readers.align import resample
from raylab.data.readers.store import Files
from raylab.data.recipe_sections import SECONDS, LabelSpec, NeuralSpec, SegmentsSpec, TimeSpec
from raylab.data.session import FRAME, Label, segments_from_mask
from raylab.errors import DataError

LONGEST_NAME = 200
MOST = 2**53  # beyond it float64, in which many files hold whole numbers, skips some


@dataclass(frozen=True, kw_only=True)
class Activity:
    """Sampled activity on its clock.

    Attributes:
        neural: (T, N) float32, NaN allowed.
        rows: (T,) row of a per-trial label that holds for each sample; None where labels are per
            sample.
    """

    neural: np.ndarray
    time: np.ndarray
    rate_hz: float
    segments: np.ndarray
    rows: np.ndarray | None = None
    unit_columns: dict[str, np.ndarray] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def numbers(array: np.ndarray, key: str) -> np.ndarray:
    if array.dtype.kind not in "biuf":
        raise DataError(
            f"`{key}` names an array of type {array.dtype}, not of numbers", f"Check `{key}`."
        )
    return array


def vector(array: np.ndarray, key: str, columns: tuple[int, ...] | None) -> np.ndarray:
    """(T,) float64 from (T,), (T, 1), (1, T) or the named column of (T, D)."""
    array = _columns(numbers(array, f"{key}.path"), key, columns).astype(np.float64)
    if array.size != max(array.shape, default=0):
        raise DataError(
            f"`{key}.path` names an array of shape {array.shape}, not one value a sample",
            f"Choose a column with `{key}.column`.",
        )
    return array.reshape(-1)


def _columns(array: np.ndarray, key: str, columns: tuple[int, ...] | None) -> np.ndarray:
    if columns is None:
        return array
    if array.ndim != 2 or not all(0 <= column < array.shape[1] for column in columns):
        raise DataError(
            f"`{key}` names column {max(columns, default=0)}, the array has shape {array.shape}",
            f"Columns count from 0. Check `{key}.column`.",
        )
    return array[:, list(columns)]


def label(
    files: Files, name: str, spec: LabelSpec, activity: Activity, clock: TimeSpec | None
) -> Label:
    """One label on the samples of `activity`: taken as it is, per trial, or from its own clock."""
    key = f"labels.{name}"
    raw = rows_of(files, spec, key)
    if spec.one_hot:
        raw = _from_one_hot(numbers(raw, f"{key}.path"))
    if spec.missing is not None:
        raw = np.where(numbers(raw, f"{key}.path") == spec.missing, np.nan, raw)
    if spec.kind == "circular" and spec.unit == "deg":
        raw = np.deg2rad(raw)
    if spec.time is not None:
        unit = SECONDS[clock.unit] if clock is not None else 1.0
        stamps = vector(files.read(spec.time, f"{key}.time"), key, None) * unit
        raw = _onto_clock(numbers(raw, f"{key}.path"), stamps, activity.time, spec, key)
    elif activity.rows is not None:
        raw = _of_trials(raw, activity.rows, key)
    if len(raw) != len(activity.time):
        raise DataError(
            f"`{key}.path` has {len(raw)} samples, neural data {len(activity.time)}",
            f"Check `{key}.path`, or give its own stamps with `{key}.time`.",
        )
    return _typed(raw, spec, key)


def rows_of(files: Files, spec: LabelSpec, key: str) -> np.ndarray:
    """(T,) or (T, D) values of a label as they are stored, one row a sample or trial."""
    raw = files.read(spec.path, f"{key}.path")
    if raw.ndim == 0:
        raise DataError(
            f"`{key}.path` names a single value, not one a sample", f"Check `{key}.path`."
        )
    if raw.dtype.kind not in "biufUSMm":
        raise DataError(
            f"`{key}.path` names an array of type {raw.dtype}, not of numbers or text",
            f"Check `{key}`.",
        )
    raw = raw.T if spec.transpose else raw
    if raw.ndim == 2 and raw.shape[0] == 1 and raw.shape[1] > 1:
        raw = raw.T  # a MATLAB row vector
    raw = _columns(raw, key, spec.columns if spec.column is None else (spec.column,))
    if raw.ndim > 1 and raw.shape[1] == 0:
        raise DataError(
            f"`{key}.path` names an array of shape {raw.shape}, which holds nothing",
            f"Check `{key}`.",
        )
    return raw


def _onto_clock(
    raw: np.ndarray, stamps: np.ndarray, time: np.ndarray, spec: LabelSpec, key: str
) -> np.ndarray:
    if len(stamps) != len(raw):
        raise DataError(
            f"`{key}.time` has {len(stamps)} stamps, `{key}.path` {len(raw)} values",
            f"Check `{key}.time`.",
        )
    if len(time) == len(stamps) and np.array_equal(time, stamps):
        return raw
    return resample(raw, stamps, time, spec.kind)


def _of_trials(raw: np.ndarray, rows: np.ndarray, key: str) -> np.ndarray:
    if rows.max(initial=-1) >= len(raw):
        raise DataError(
            f"`{key}.path` has {len(raw)} values, the spikes {rows.max() + 1} trials",
            f"Check `{key}.path` and `spikes.first_trial`.",
        )
    return raw[rows]


def _typed(raw: np.ndarray, spec: LabelSpec, key: str) -> Label:
    if spec.kind == "discrete":
        if raw.ndim == 2 and raw.shape[1] != 1:
            raise DataError(
                f"`{key}.path` has {raw.shape[1]} columns, a discrete label has one",
                f"Choose one with `{key}.column`, or set `{key}.one_hot: true`.",
            )
        return _in_unit(Label.discrete(raw), spec.unit, key)
    values = np.array(numbers(raw, f"{key}.path"), np.float64)
    values[~np.isfinite(values)] = np.nan  # infinity is not a measurement either
    return Label.continuous(
        values, unit="rad" if spec.kind == "circular" else spec.unit, kind=spec.kind
    )


def _in_unit(label: Label, unit: str, key: str) -> Label:
    other = next((name for name in label.classes if not name.removeprefix("-").isdecimal()), None)
    if unit == FRAME and other is not None:
        raise DataError(
            f"`{key}.unit` is {FRAME}, but '{other}' is no number of a frame",
            f"Leave `{key}.unit` out, or mark such samples with `{key}.missing`.",
        )
    return replace(label, unit=unit)


def _from_one_hot(columns: np.ndarray) -> np.ndarray:
    """The column that is set, NaN where none or several are."""
    columns = np.atleast_2d(columns)
    one = (columns != 0).sum(1) == 1
    return np.where(one, columns.argmax(1).astype(np.float64), np.nan)


def groups(files: Files, paths: dict[str, str], activity: Activity) -> dict[str, np.ndarray]:
    """(T,) int64 ids, -1 outside, of the recipe's `groups`; of spikes with trials also `trial`."""
    found = {} if activity.rows is None else {"trial": activity.rows.astype(np.int64)}
    for name, path in paths.items():
        key = f"groups.{name}"
        ids = numbers(files.read(path, key), key).reshape(-1)
        if activity.rows is not None:
            ids = _of_trials(ids, activity.rows, key)
        if len(ids) != len(activity.time):
            raise DataError(
                f"`{key}` has {len(ids)} values, neural data {len(activity.time)}",
                f"Check `{key}`.",
            )
        inside = np.isfinite(ids) & (ids >= 0)
        odd = ids[inside & ((ids % 1 != 0) | (ids > MOST))]
        if len(odd):
            raise DataError(
                f"`{key}` holds {odd[0]:g}, which is not a whole number",
                "Ids are 0, 1, 2 ...; -1 is none.",
            )
        found[name] = np.where(inside, ids, -1).astype(np.int64)
    return found


def unit_column(files: Files, name: str, path: str) -> np.ndarray:
    """(N, ...) values of a unit column; vectors lose the second dimension that MATLAB gives them."""
    array = np.atleast_1d(files.read(path, f"units.{name}"))
    return array.reshape(-1) if array.size == max(array.shape) else array


def given(files: Files, name: str, path: str, time: np.ndarray) -> np.ndarray:
    """(K, 2) sample ranges of a split that the file states as a (T,) mask or as (K, 2) times in
    seconds.
    """
    array = numbers(files.read(path, f"given.{name}"), f"given.{name}")
    if array.size == len(time) and array.size == max(array.shape, default=0):
        return segments_from_mask(array.reshape(-1) != 0)
    if array.ndim == 2 and array.shape[1] == 2:
        if not (array[:, 0] <= array[:, 1]).all():  # nor where one is NaN
            raise DataError(
                f"`given.{name}` has intervals that end before they start", f"Check `given.{name}`."
            )
        ranges = np.searchsorted(time, array).astype(np.int64)
        return ranges[ranges[:, 1] > ranges[:, 0]]
    raise DataError(
        f"`given.{name}` has shape {array.shape}: neither a mask of {len(time)} samples nor (K, 2) "
        "times",
        f"Check `given.{name}`.",
    )


def text(files: Files, path: str | None, template: str, key: str, stem: str) -> str:
    """A name from inside the file, else from the recipe's text."""
    if path is None:
        return name_of(
            stem if template == "stem" else template.replace("{stem}", stem),
            key.removesuffix("_path"),
        )
    found = files.read(path, key).reshape(-1)[:1]
    return name_of(found[0], key) if len(found) else ""


def name_of(value: object, key: str) -> str:
    """A session's or animal's name as a file states it.

    Raises:
        DataError: It is too long to be a name, or holds what cannot be printed.
    """
    # MATLAB and HDF5 fill fixed lengths with NULs or blanks.
    name = (value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)).strip(
        "\0 \t\r\n"
    )
    if len(name) > LONGEST_NAME or not name.isprintable():
        raise DataError(
            f"`{key}` holds no name, but {name[:40]!r}",
            f"Check `{key}`, or name the session yourself.",
        )
    return name


def cut(segments: np.ndarray, spec: SegmentsSpec, labels: dict[str, Label]) -> np.ndarray:
    """`segments` cut where `spec` says that neighbouring samples are not neighbours in time."""
    samples = int(segments[-1, 1])
    cuts = [segments[:, 0], segments[:, 1]]
    if spec.length is not None:
        length = int(spec.length)
        cuts.append(
            np.arange(int(spec.first) if spec.first is not None else length, samples, length)
        )
    for name in spec.changes:
        values = np.nan_to_num(labels[name].values.reshape(samples, -1))
        cuts.append(np.flatnonzero((values[1:] != values[:-1]).any(1)) + 1)
    for name, largest in spec.jumps.items():
        steps = np.abs(np.diff(labels[name].values.reshape(samples, -1), axis=0))
        cuts.append(np.flatnonzero((steps > largest).any(1)) + 1)
    edges = np.unique(np.concatenate(cuts))
    return np.stack([edges[:-1], edges[1:]], axis=1).astype(np.int64)


def without_nan(
    neural: np.ndarray, units: dict[str, np.ndarray], segments: np.ndarray, spec: NeuralSpec | None
) -> tuple[np.ndarray, dict[str, np.ndarray], list[str]]:
    """Apply `neural.nan`; what was changed or dropped is told in notes. `error` leaves NaN for the
    check.
    """
    bad = ~np.isfinite(neural)
    for name, column in units.items():
        if len(column) != neural.shape[1]:
            raise DataError(
                f"`units.{name}` has {len(column)} rows, the session {neural.shape[1]} units",
                f"Check `units.{name}` and `neural.layout`.",
            )
    if spec is None or spec.nan == "error" or not bad.any():
        return neural, units, []
    if spec.nan == "zero":
        return np.where(bad, np.float32(0), neural), units, [f"{bad.sum()} NaN values became zero."]
    keep = ~bad.any(0)
    notes = []
    if spec.nan == "interpolate":
        # Only inside a segment: a value from before a pause says nothing about the time after it.
        keep = np.array(
            [all(not bad[a:b, unit].all() for a, b in segments) for unit in range(neural.shape[1])]
        )
        neural = neural.copy()
        for unit in np.flatnonzero(keep & bad.any(0)):
            _interpolate(neural[:, unit], bad[:, unit], segments)
        notes.append(f"{bad[:, keep].sum()} NaN values were interpolated.")
    if not keep.all():
        notes.append(f"{(~keep).sum()} units with NaN values were dropped.")
    return neural[:, keep], {name: column[keep] for name, column in units.items()}, notes


def _interpolate(trace: np.ndarray, bad: np.ndarray, segments: np.ndarray) -> None:
    for start, stop in segments:
        part, gaps = trace[start:stop], bad[start:stop]
        index = np.arange(stop - start)
        part[gaps] = np.interp(index[gaps], index[~gaps], part[~gaps])
