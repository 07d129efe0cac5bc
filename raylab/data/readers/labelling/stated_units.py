"""Units that a file states beside its values, as `path@unit`, compared with those of a recipe."""

from __future__ import annotations

from raylab.data.readers.files import Files
from raylab.errors import DataError

ATTRIBUTES = ("unit", "units")
# Names of one unit, by dimension; units of different dimensions are not compared.
UNITS: dict[str, dict[str, tuple[str, ...]]] = {
    "time": {
        "s": ("sec", "secs", "second", "seconds"),
        "ms": ("msec", "millisecond", "milliseconds"),
        "us": ("µs", "usec", "microsecond", "microseconds"),
        "ns": ("nanosecond", "nanoseconds"),
        "min": ("minute", "minutes"),
    },
    "length": {
        "m": ("meter", "meters", "metre", "metres"),
        "cm": ("centimeter", "centimeters", "centimetre", "centimetres"),
        "mm": ("millimeter", "millimeters", "millimetre", "millimetres"),
        "um": ("µm", "micrometer", "micrometers", "micrometre", "micrometres", "micron", "microns"),
    },
    "angle": {
        "rad": ("radian", "radians"),
        "deg": ("°", "degree", "degrees"),
    },
}
KNOWN = {
    name: (dimension, unit)
    for dimension, units in UNITS.items()
    for unit, names in units.items()
    for name in (unit, *names)
}


def other_unit(files: Files, path: str, unit: str) -> str | None:
    """What the file states as the unit of an array, where it contradicts `unit`; else None."""
    for attribute in ATTRIBUTES:
        name = f"{path}@{attribute}"
        if "*" in path or not files.has(name):
            continue
        value = files.read(name, name)
        stated = str(value.reshape(-1)[0]) if value.size == 1 else ""
        return stated if _contradict(stated, unit) else None
    return None


def refuse_other_unit(files: Files, path: str, unit: str, key: str) -> None:
    """Raise a DataError where the file states another unit than the default of a recipe's key."""
    if (stated := other_unit(files, path, unit)) is not None:
        _, right = KNOWN[stated.strip().lower()]
        raise DataError(
            f"`{key}` is {unit} by default, and the file states '{stated}' for '{path}'",
            f"State `{key}: {right}`, or `{key}: {unit}` if the file is wrong.",
        )


def unit_note(files: Files, path: str, unit: str, what: str) -> list[str]:
    """A sentence where the file states another unit than the recipe."""
    stated = other_unit(files, path, unit)
    if stated is None:
        return []
    return [f"{what} is in '{unit}' by the recipe, and in '{stated}' by the file ('{path}')."]


def _contradict(unit: str, other: str) -> bool:
    """Whether two units are of one dimension and not the same; `cm/s` is compared by its parts."""
    parts = [[part.strip().lower() for part in text.split("/")] for text in (unit, other)]
    if len(parts[0]) != len(parts[1]):
        return False
    pairs = [(KNOWN.get(first), KNOWN.get(second)) for first, second in zip(*parts)]
    if any(first is None or second is None or first[0] != second[0] for first, second in pairs):
        return False
    return any(first != second for first, second in pairs)
