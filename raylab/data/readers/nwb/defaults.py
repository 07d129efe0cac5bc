"""What a recipe for NWB need not state: where spikes are, and the clock of each series."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

DATA, STAMPS = "/data", "/timestamps"
CLOCK = ("time", "rate_hz")  # by which a label states a clock of its own


def nwb_defaults(stated: Mapping[str, Any]) -> dict[str, Any]:
    """The default sections for a recipe.

    Spikes are those of the table of units. Activity and labels that are the data of a series have
    the time stamps of that series.
    """
    defaults: dict[str, Any] = {}
    if isinstance(stated.get("spikes"), Mapping):
        defaults["spikes"] = {"times": "units/spike_times", "units": "units/spike_unit"}
    if clock := _clock(stated.get("neural")):
        defaults["time"] = {"path": clock}
    time, labels = stated.get("time"), stated.get("labels")
    in_seconds = not isinstance(time, Mapping) or time.get("unit", "s") == "s"
    if isinstance(labels, Mapping) and in_seconds:  # `time.unit` is also that of labels
        defaults["labels"] = {
            name: {"time": clock}
            for name, label in labels.items()
            if (clock := _clock(label)) and not any(key in label for key in CLOCK)
        }
    return defaults


def _clock(section: object) -> str | None:
    """The path of the time stamps of the series whose data a section names."""
    path = section.get("path") if isinstance(section, Mapping) else None
    if not isinstance(path, str) or not path.endswith(DATA):
        return None
    return path.removesuffix(DATA) + STAMPS
