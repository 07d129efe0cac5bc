"""Why a file has no draft: what in it may be activity, and how to write it so that a recipe can."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from raylab.data.drafting.arrays import Array
from raylab.data.drafting.field_names import ACTIVITY, CALCIUM, SPIKING, is_called
from raylab.data.looking.item import DIFFERS, FileContents
from raylab.data.readers.causes import converting_objects
from raylab.errors import DataError

GENERAL = (
    "Activity is a table of samples and units, columns with one name and numbers, or spike times; "
    "docs/recipes.md says how a recipe names it."
)


def no_activity(where: str, file: FileContents, arrays: Sequence[Array]) -> DataError:
    """The error for a file none of whose arrays can be drafted as activity."""
    objects = [item.name for item in file.items if item.kind == "objects"]
    if objects and file.format in ("npz", "npy"):
        path = Path(where)
        listed = ", ".join(f"'{name}'" for name in objects[:3])
        return DataError(
            f"{where}: {listed} holds Python objects, which are a pickle, and no other array looks "
            "like activity",
            converting_objects(path / file.name if path.is_dir() else path),
        )
    for array in arrays:
        known = is_called(array.path, ACTIVITY | CALCIUM | SPIKING)
        if known and array.item.count > 1 and DIFFERS in array.item.shape:
            return DataError(
                f"{where}: '{array.path}' are {array.item.count} vectors of different lengths, and "
                "a recipe names all spike times as one array",
                "Write one array of all times and one of the unit of every time, and name them as "
                "`spikes.times` and `spikes.units`.",
            )
    names = ", ".join([*(array.path for array in arrays), *objects][:6])
    listed = f"It has: {names}. " if names else ""
    return DataError(f"{where}: no array in it looks like activity", listed + GENERAL)
