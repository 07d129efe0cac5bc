"""Labels from a table with features of the frames of a movie, or of images.

The table is joined to a session by the number of the frame.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from raylab.data.allen.stimuli import BLANK
from raylab.data.readers.files import suggest
from raylab.data.readers.formats.hdf5 import Hdf5Store
from raylab.data.readers.formats.npz import NpzStore, allow_header
from raylab.data.readers.guard import guard
from raylab.data.readers.isolation.limits import allow
from raylab.data.readers.labelling.group_ids import LARGEST
from raylab.data.readers.store import Store
from raylab.data.readers.tables.csv import CsvStore
from raylab.data.readers.tables.parquet import ParquetStore
from raylab.data.recipe_sections.feature_tables import FeaturesSpec
from raylab.data.session import Label, Session
from raylab.errors import DataError

FRAME_COLUMN = "frame"
TABLES = (".csv", ".parquet")
OPENED: dict[str, Callable[[Path], Store]] = {
    ".npz": NpzStore,
    ".csv": CsvStore,
    ".parquet": ParquetStore,
    ".h5": Hdf5Store,
    ".hdf5": Hdf5Store,
}
NONE = -1  # a sample that shows no frame


@dataclass(frozen=True)
class FeatureTable:
    """Features of frames.

    Attributes:
        values: (R, D) float64.
        frames: (R,) the frame of each row.
    """

    values: np.ndarray
    frames: np.ndarray


def with_features(session: Session, specs: Mapping[str, FeaturesSpec]) -> Session:
    """`session` with one continuous label for each table, NaN where no frame of it is shown.

    Raises:
        DataError: A table is not there or not readable; the session has no such frame numbers, a
            frame that the table lacks, or a label of the name already.
    """
    labels = dict(session.labels)
    for name, spec in specs.items():
        if name in labels:
            raise DataError(
                f"`features.{name}`: the session has a label '{name}' already",
                "Give the features another name.",
            )
        shown = _frames(session, name, spec.frame)
        labels[name] = _joined(read_table(spec, f"features.{name}"), shown, name, spec)
    return replace(session, labels=labels)


def read_table(spec: FeaturesSpec, key: str) -> FeatureTable:
    """The table that `spec.file` holds.

    Raises:
        DataError: It is not readable, or not a table of numbers with one row per frame.
    """
    path = Path(spec.file)
    if path.suffix == ".npy":
        return _of_array(_npy(path), spec, key)
    with guard(path, path.suffix.removeprefix(".")):
        store = OPENED[path.suffix](path)
    with contextlib.closing(store), guard(path, path.suffix.removeprefix(".")):
        if path.suffix in TABLES:
            return _of_columns(store, spec, key)
        return _of_array(_only_array(store, spec, key), spec, key)


def _npy(path: Path) -> np.ndarray:
    with guard(path, "npy"), path.open("rb") as file:
        allow_header(file, str(path))
        file.seek(0)
        return np.asarray(np.lib.format.read_array(file, allow_pickle=False))


def _only_array(store: Store, spec: FeaturesSpec, key: str) -> np.ndarray:
    names = [name for name in store.names() if "@" not in name]  # not the attributes
    inside = spec.inside.strip("/") or (names[0] if len(names) == 1 else "")
    if inside not in names:
        what = (
            f"names '{inside}', which {spec.file} does not have"
            if inside
            else f"does not say which array of {spec.file} is meant"
        )
        raise DataError(f"`{key}.path` {what}", suggest(inside, names))
    return store.read(inside)


def _of_array(array: np.ndarray, spec: FeaturesSpec, key: str) -> FeatureTable:
    """Row i is frame i; pictures are laid out row by row."""
    if array.ndim < 1 or not array.size:
        raise DataError(
            f"`{key}.path` names an array of shape {array.shape}, not one row per frame",
            f"Check `{key}`.",
        )
    values = _numbers(array.reshape(len(array), -1), key)
    columns = [
        column for column in spec.columns or range(values.shape[1]) if isinstance(column, int)
    ]
    if len(columns) < len(spec.columns or ()) or max(columns) >= values.shape[1]:
        raise DataError(
            f"`{key}.columns` names {list(spec.columns or ())}, {spec.file} has {values.shape[1]} "
            "columns",
            "Columns are numbers, from 0.",
        )
    return FeatureTable(values[:, columns], np.arange(len(values)))


def _of_columns(store: Store, spec: FeaturesSpec, key: str) -> FeatureTable:
    """Of a table with named columns; a column `frame` says which frame a row is."""
    names = [name for name in store.names() if name != FRAME_COLUMN]
    chosen = [str(column) for column in spec.columns] if spec.columns else names
    for column in chosen:
        if column not in names:
            raise DataError(
                f"`{key}.columns` names '{column}', which {spec.file} does not have",
                suggest(column, names),
            )
    values = np.stack(
        [_numbers(store.read(column), f"{key}.columns ({column})") for column in chosen], axis=1
    )
    if FRAME_COLUMN not in store.names():
        return FeatureTable(values, np.arange(len(values)))
    return FeatureTable(values, _numbered(store.read(FRAME_COLUMN), spec))


def _numbers(array: np.ndarray, key: str) -> np.ndarray:
    """As float64; infinity is no measurement."""
    if array.dtype.kind not in "biuf":
        raise DataError(
            f"`{key}` names values of type {array.dtype}, not numbers",
            f"Choose columns by `{key}`.",
        )
    values = array.astype(np.float64)
    return np.where(np.isfinite(values), values, np.nan)


def _numbered(raw: np.ndarray, spec: FeaturesSpec) -> np.ndarray:
    """(R,) the frame of each row; whole numbers do not go through floats."""
    frames = raw if raw.dtype.kind in "iu" else _numbers(raw, spec.file)
    whole = frames[np.isfinite(frames)]
    is_number = len(whole) == len(frames) and not (np.floor(whole) != whole).any()
    if not is_number or whole.max(initial=0) > LARGEST or len(np.unique(whole)) < len(whole):
        raise DataError(
            f"{spec.file}: its column '{FRAME_COLUMN}' does not hold a different whole number "
            "in each row",
            "Correct the table.",
        )
    return whole.astype(np.int64)


def _frames(session: Session, name: str, place: str) -> np.ndarray:
    """(T,) the frame that each sample shows, `NONE` where it shows none."""
    if place in session.groups:
        return session.groups[place]
    label = session.labels.get(place)
    if label is None or label.kind != "discrete":
        what = "is no discrete label" if label else "is neither a label nor a group of the session"
        known = [key for key, each in session.labels.items() if each.kind == "discrete"]
        known += list(session.groups)
        raise DataError(
            f"`features.{name}.frame`: '{place}' {what}", f"It has: {', '.join(known) or 'none'}."
        )
    return np.append(_class_frames(label, name, place), NONE)[label.values]


def _class_frames(label: Label, name: str, place: str) -> np.ndarray:
    """(C,) the frame that each class of a label stands for.

    Codes of a label are not frames: a frame that is never shown has no code.
    """
    shown = [text for text in label.classes if text != BLANK]  # the grey screen among scenes
    other = next((text for text in shown if not _is_frame(text)), None)
    if other is not None:
        raise DataError(
            f"`features.{name}.frame`: class '{other}' of label '{place}' is no number of a frame",
            "Name a label whose classes are 0, 1, 2 ..., or a group.",
        )
    return np.array([NONE if text == BLANK else int(text) for text in label.classes], np.int64)


def _is_frame(text: str) -> bool:
    return text.isdecimal() and int(text) <= LARGEST


def _joined(table: FeatureTable, shown: np.ndarray, name: str, spec: FeaturesSpec) -> Label:
    allow(8.0 * len(shown) * table.values.shape[1], f"`features.{name}` of {len(shown)} samples")
    order = np.argsort(table.frames)
    place = np.minimum(np.searchsorted(table.frames[order], shown), len(order) - 1)
    row = order[place]
    lacking = (shown != NONE) & (table.frames[row] != shown)
    if lacking.any():
        raise DataError(
            f"`features.{name}`: the session shows frame {shown[lacking][0]} ('{spec.frame}'), "
            f"{spec.file} has frames "
            f"{table.frames.min()} to {table.frames.max()} in {len(order)} rows, not this one",
            "Add the frame, or number the rows by a column 'frame'.",
        )
    return Label.continuous(
        np.where((shown != NONE)[:, None], table.values[row], np.nan), unit=spec.unit
    )
