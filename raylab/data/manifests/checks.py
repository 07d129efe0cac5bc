"""Checks of a prepared dataset's manifest and arrays.

Folders get copied and edited, so nothing is used before it was checked.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt, PositiveInt, StringConstraints

from raylab.config.parse import parse
from raylab.data.manifest import RecordingEntry, Section, SessionEntry
from raylab.data.manifests.fingerprint import FIRST, Version
from raylab.data.session import LabelKind, NeuralKind
from raylab.errors import ConfigError, DataError

REMEDY = "Prepare the dataset again."
Name = Annotated[str, StringConstraints(max_length=1000)]
Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Stored = Annotated[
    str, StringConstraints(pattern=r"^(sessions|splits)/[^/\\\x00]+\.safetensors$")
]  # in the folder


class _Known(BaseModel):
    """Further keys are allowed: they only describe, and nothing reads them."""

    model_config = ConfigDict(strict=True, allow_inf_nan=False)


class _Label(_Known):
    kind: LabelKind
    unit: str
    classes: list[str]
    dims: PositiveInt


class _Entry(_Known):
    id: Name
    file: Stored
    split_file: Stored
    sha256: Digest
    split_sha256: Digest
    source: str
    animal: str
    area: str = ""
    kind: NeuralKind
    samples: PositiveInt
    units: PositiveInt
    recorded_units: PositiveInt
    dropped_units: list[NonNegativeInt]
    rate_hz: float = Field(gt=0)
    splits: dict[str, NonNegativeInt]
    labels: dict[str, _Label]
    notes: list[str]
    split_notes: list[str] = []


class _Manifest(_Known):
    fingerprint: Digest
    fingerprint_version: Version = FIRST
    sessions: list[_Entry] = Field(min_length=1)
    splits: Section
    filters: Section
    recipe: Section | None
    notes: list[str] = []


def check_manifest(manifest: Mapping[str, object], path: Path) -> None:
    """Raise a DataError naming the key where `manifest` is not what `prepare` writes."""
    try:
        checked = parse(_Manifest, manifest, str(path))
    except ConfigError as error:
        raise DataError(error.what, REMEDY) from None
    ids = [entry.id for entry in checked.sessions]
    if len(set(ids)) < len(ids):
        raise DataError(f"{path}: two sessions have the same id", REMEDY)
    for entry in checked.sessions:
        if entry.units + len(set(entry.dropped_units)) != entry.recorded_units:
            raise DataError(
                f"{path}: session '{entry.id}': units and dropped_units do not add up", REMEDY
            )
        if max(entry.dropped_units, default=0) >= entry.recorded_units:
            raise DataError(
                f"{path}: session '{entry.id}': dropped_units names a unit that does not exist",
                REMEDY,
            )


def check_arrays(entry: RecordingEntry, arrays: Mapping[str, np.ndarray], file: Path) -> None:
    """Raise a DataError where a session's file does not hold what its entry describes."""
    samples, units = entry["samples"], entry["recorded_units"]
    expected: dict[str, tuple[str, tuple[int | None, ...]]] = {
        "neural": ("float32", (samples, units)),
        "time": ("float64", (samples,)),
        "segments": ("int64", (None, 2)),
    }
    for name, label in entry["labels"].items():
        discrete = label["kind"] == "discrete"
        expected[f"label.{name}"] = (
            ("int64", (samples,)) if discrete else ("float64", (samples, label["dims"]))
        )
    expected |= {name: ("int64", (samples,)) for name in arrays if name.startswith("group.")}
    expected |= {name: ("int64", (None, 2)) for name in arrays if name.startswith("given.")}
    _check(arrays, expected, file)
    for name, array in arrays.items():
        if name == "segments" or name.startswith("given."):
            _check_ranges(array, samples, name, file, ordered=name == "segments")
        if name.startswith("unit.") and array.shape[:1] != (units,):
            raise DataError(
                f"{file}: '{name}' has shape {array.shape}, the session {units} units", REMEDY
            )
    for name, label in entry["labels"].items():
        codes = arrays[f"label.{name}"]
        if (
            label["kind"] == "discrete"
            and not ((codes >= -1) & (codes < len(label["classes"]))).all()
        ):
            raise DataError(
                f"{file}: 'label.{name}' holds a class that the manifest does not name", REMEDY
            )


def check_split(entry: SessionEntry, arrays: Mapping[str, np.ndarray], file: Path) -> None:
    """Raise a DataError where a split's file does not fit the session's entry."""
    _check(
        arrays, {"parts": ("int64", (None, 3)), "kept": ("bool", (entry["recorded_units"],))}, file
    )
    parts = arrays["parts"]
    _check_ranges(parts[:, :2], entry["samples"], "parts", file, ordered=True)
    if not len(parts) or not np.isin(parts[:, 2], (0, 1, 2)).all():
        raise DataError(f"{file}: 'parts' names splits that do not exist", REMEDY)
    if int(arrays["kept"].sum()) != entry["units"]:
        raise DataError(f"{file}: 'kept' keeps other units than the manifest states", REMEDY)


def _check(
    arrays: Mapping[str, np.ndarray],
    expected: Mapping[str, tuple[str, tuple[int | None, ...]]],
    file: Path,
) -> None:
    for name, (dtype, shape) in expected.items():
        if name not in arrays:
            raise DataError(f"{file}: has no array '{name}'", REMEDY)
        array = arrays[name]
        fits = array.ndim == len(shape) and all(
            n is None or n == m for n, m in zip(shape, array.shape)
        )
        if array.dtype != dtype or not fits:
            raise DataError(
                f"{file}: '{name}' is {array.dtype} {array.shape}, not as the manifest says", REMEDY
            )


def _check_ranges(
    ranges: np.ndarray, samples: int, name: str, file: Path, *, ordered: bool
) -> None:
    starts, stops = ranges[:, 0], ranges[:, 1]
    inside = (starts >= 0) & (starts < stops) & (stops <= samples)
    if not inside.all() or (ordered and not (starts[1:] >= stops[:-1]).all()):
        raise DataError(
            f"{file}: '{name}' holds ranges that overlap or lie outside the {samples} samples",
            REMEDY,
        )
