"""The arrays that a recipe may name, in a file and in the files beside it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from raylab.data.looking.item import FileContents, Item, Values

NAMELESS = ("data", "array", "TimeSeries", "SpatialSeries", "RoiResponseSeries", "values")
NARROW = 8  # columns that a label may have
HIDDEN = ("specifications/", "general/", "#")  # of NWB and MATLAB: no recording


@dataclass(frozen=True)
class Array:
    """An array and the path by which a recipe names it.

    Attributes:
        path: As a recipe would name it; of an array in a companion `name:path`.
        companion: Name of the companion that holds it; empty for the file itself.
        column: Number of the column that is meant; None for all.
        per_sample: True for values of each sample of each trial of a tensor.
    """

    path: str
    item: Item
    companion: str = ""
    column: int | None = None
    per_sample: bool = False

    @property
    def length(self) -> int:
        """The number of rows of a vector, whichever way it lies; 0 of what is no vector."""
        shape = self.item.shape
        sizes = [size for size in shape if size != 1]
        return sizes[0] if len(sizes) == 1 else (1 if shape and not sizes else 0)

    @property
    def rows(self) -> int:
        """The number of rows of a vector or of a narrow table, whichever way it lies; else 0."""
        shape = self.item.shape
        if self.is_vector:
            return self.length
        narrow = len(shape) == 2 and 0 < min(shape) <= NARROW
        return max(shape) if narrow else 0

    @property
    def is_vector(self) -> bool:
        return self.length > 1 and len(self.item.shape) <= 2

    @property
    def values(self) -> Values:
        return self.item.values or Values(size=0)

    @property
    def name(self) -> str:
        """What the array is called; of `Position/SpatialSeries/data`, as NWB has it, `Position`."""
        parts = self.item.parts
        while len(parts) > 1 and parts[-1] in NAMELESS:
            parts.pop()
        return parts[-1]

    @property
    def place(self) -> tuple[str, str]:
        """The file and the group that it lies in."""
        return self.companion, self.item.parent


def arrays_of(file: FileContents, companion: str = "") -> list[Array]:
    """The arrays of numbers and text of a file."""
    return list(_arrays(file, companion))


def by_length(arrays: Iterable[Array]) -> dict[int, list[Array]]:
    """Vectors and narrow tables by their number of rows."""
    lengths: dict[int, list[Array]] = {}
    for array in arrays:
        if array.rows > 1 and array.item.count == 1:
            lengths.setdefault(array.rows, []).append(array)
    return lengths


def _arrays(file: FileContents, companion: str) -> Iterator[Array]:
    for item in file.items:
        if item.kind not in ("array", "cells") or item.name.startswith(HIDDEN):
            continue
        path = item.name
        if companion:
            path = companion if file.format == "npy" else f"{companion}:{item.name}"
        elif file.format == "npy" and not file.name.endswith("/"):  # of a folder by their names
            path = "array"
        yield Array(path, item, companion)
