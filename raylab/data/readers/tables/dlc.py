"""Tracked points of DeepLabCut: its CSV tables and its HDF5 tables."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from pydantic import Field

from raylab.config.base import Strict
from raylab.data.readers.causes import explained
from raylab.data.readers.store import MemoryStore, Store
from raylab.data.readers.tables.csv import parsed
from raylab.data.readers.tables.csv_text import read_text
from raylab.data.readers.tables.dlc_table import read_dlc_table
from raylab.data.readers.text import typed_column
from raylab.errors import DataError

SCORER, BODYPARTS, COORDS = "scorer", "bodyparts", "coords"
LIKELIHOOD = "likelihood"
FRAME = "frame"

# (individual, body part, coordinate) of each column, without what the file does not have.
Names = list[tuple[str, ...]]


class DlcOptions(Strict):
    """Keys that recipes of tracked points have."""

    likelihood: float | None = Field(
        None,
        ge=0,
        le=1,
        description="points that are less likely have no place: their coordinates become NaN",
    )


def open_dlc(path: Path, options: DlcOptions) -> Store:
    """Coordinates as `nose/x`, `nose/y` and `nose/likelihood`; those of a place as `nose`.

    In files of several animals a point is `animal/nose`. `frame` is the number of each row.

    Raises:
        DataError: The file is no table of DeepLabCut.
    """
    with path.open("rb") as file:
        is_hdf5 = file.read(4) == b"\x89HDF"
    names, values, frames = read_dlc_table(path) if is_hdf5 else _read_csv(path)
    if not names or any(not 2 <= len(name) <= 3 for name in names):
        raise _no_table(path)
    columns = {"/".join(name): values[:, number] for number, name in enumerate(names)}
    if len(columns) < len(names):
        raise DataError(
            f"{path}: a coordinate of a point exists twice",
            "Keep the points of one scorer only.",
        )
    arrays: dict[str, np.ndarray] = {FRAME: frames} if frames.dtype.kind in "iu" else {}
    for point in dict.fromkeys(name[:-1] for name in names):
        arrays |= _point(path, "/".join(point), columns, options.likelihood)
    return MemoryStore(arrays)


def _point(
    path: Path, point: str, columns: dict[str, np.ndarray], threshold: float | None
) -> dict[str, np.ndarray]:
    """The arrays of one point, without a place where it is less likely than the threshold."""
    axes = {axis: columns[f"{point}/{axis}"] for axis in "xyz" if f"{point}/{axis}" in columns}
    if not {"x", "y"} <= set(axes):
        raise _no_table(path)
    likelihood = columns.get(f"{point}/{LIKELIHOOD}")
    if threshold is not None:
        if likelihood is None:
            raise DataError(
                f"{path}: states no likelihood of '{point}'", "Remove `likelihood` from the recipe."
            )
        # Also where the likelihood itself is missing.
        unlikely = ~(likelihood >= threshold)
        axes = {axis: np.where(unlikely, np.nan, values) for axis, values in axes.items()}
    arrays = {f"{point}/{axis}": values for axis, values in axes.items()}
    if likelihood is not None:
        arrays[f"{point}/{LIKELIHOOD}"] = likelihood
    return {**arrays, point: np.stack(list(axes.values()), axis=1)}


def _read_csv(path: Path) -> tuple[Names, np.ndarray, np.ndarray]:
    table = parsed(path, read_text(path, header=False))
    head = [[str(cell).strip() for cell in row.values()] for row in table.slice(0, 5).to_pylist()]
    titles = [row[0] for row in head]
    if titles[:1] != [SCORER] or COORDS not in titles:
        raise explained(path, "dlc") or _no_table(path)
    rows = titles.index(COORDS) + 1
    # Labelled frames have several columns of indices, whose titles are empty.
    first = next((n for n, cell in enumerate(head[0]) if n and cell), 1)
    _check_scorers(path, head[0][first:])
    names = list(zip(*(row[first:] for row in head[1:rows])))
    cells = table.slice(rows)
    if not cells.num_rows:
        raise DataError(f"{path}: has no rows below its rows of names", "Check the file.")
    values = [typed_column(cells.column(n), str(n)) for n in range(first, cells.num_columns)]
    for name, column in zip(names, values):
        if column.dtype.kind not in "biuf":
            bad = next(text for text in column if not _is_number(text))
            raise DataError(f"{path}: column {'/'.join(name)} holds '{bad}'", "Correct the file.")
    return names, np.stack(values, axis=1).astype(np.float64), typed_column(cells.column(0), FRAME)


def _is_number(text: str) -> bool:
    try:
        return bool(float(text or "nan")) or True
    except ValueError:
        return False


def _check_scorers(path: Path, scorers: Sequence[str]) -> None:
    several = sorted(set(scorers))
    if len(several) > 1:
        raise DataError(
            f"{path}: holds points of {len(several)} scorers ({', '.join(several)})",
            "Keep the points of one scorer only.",
        )


def _no_table(path: Path) -> DataError:
    return DataError(
        f"{path}: is no table of DeepLabCut (rows `scorer`, `bodyparts`, `coords`)",
        "Check the recipe's `format`.",
    )
