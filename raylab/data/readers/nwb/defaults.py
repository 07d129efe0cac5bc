"""What a recipe for NWB need not state: where spikes are, and the clock of each series."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

DATA, STAMPS = "/data", "/timestamps"
CLOCK = ("time", "rate_hz")  # by which a label states a clock of its own


def nwb_defaults(stated: Mapping[str, Any]) -> dict[str, Any]:
    """The default sections for a recipe.

    Spikes are those of the table of units. Activity and labels that are the data of a series have
    the time stamps of that series. Times are in seconds; those of companions, whose paths have a
    colon, are not known.
    """
    defaults: dict[str, Any] = {}
    if isinstance(stated.get("spikes"), Mapping):
        defaults["spikes"] = {"times": "units/spike_times", "units": "units/spike_unit"}
    if clock := _clock(stated.get("neural")):
        defaults["time"] = {"path": clock}
    if isinstance(labels := stated.get("labels"), Mapping):
        defaults["labels"] = {
            name: {"time": clock, "time_unit": "s"}
            for name, label in labels.items()
            if (clock := _clock(label)) and not any(key in label for key in CLOCK)
        }
    if intervals := _in_seconds(stated.get("intervals")):
        defaults["intervals"] = intervals
    return defaults


def _in_seconds(section: object) -> dict[str, Any]:
    """The unit of the tables of intervals, one without a name or several by name."""
    if not isinstance(section, Mapping):
        return {}
    if isinstance(section.get("path"), str):
        return {} if ":" in section["path"] else {"unit": "s"}
    return {str(name): _in_seconds(table) for name, table in section.items()}


def _clock(section: object) -> str | None:
    """The path of the time stamps of the series whose data a section names."""
    path = section.get("path") if isinstance(section, Mapping) else None
    if not isinstance(path, str) or not path.endswith(DATA) or ":" in path:
        return None
    return path.removesuffix(DATA) + STAMPS
