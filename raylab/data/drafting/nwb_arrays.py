"""The arrays of NWB files as raylab's reader of NWB names them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from raylab.data.drafting.arrays import Array, arrays_of
from raylab.data.looking.item import FileContents, Item, Values

# Recordings that are no activity of units and no behaviour.
RAW = {"ElectricalSeries", "TwoPhotonSeries", "OnePhotonSeries", "ImageSeries", "IndexSeries"}
NO_LABELS = ("ImageSegmentation", "PlaneSegmentation", "electrodes", "stimulus/templates")


def nwb_arrays(file: FileContents) -> list[Array]:
    """Series with their stamps, tables with their columns, and spikes with their units."""
    kinds = {item.name: str(item.attributes.get("neurodata_type", "")) for item in file.items}
    plain = [array for array in arrays_of(file) if not _is_left_out(array, kinds)]
    return [*plain, *_stamps(file, kinds), *_spike_units(file)]


def _is_left_out(array: Array, kinds: dict[str, str]) -> bool:
    item = array.item
    if any(part in item.name for part in NO_LABELS) or kinds.get(item.parent) in RAW:
        return True
    number = kinds.get(item.name) in ("ElementIdentifiers", "VectorIndex", "DynamicTableRegion")
    return number or item.leaf.endswith("_index") or item.leaf in ("starting_time", "num_samples")


def _stamps(file: FileContents, kinds: dict[str, str]) -> Iterator[Array]:
    """The stamps of series that state a starting time and a rate instead."""
    for item in file.items:
        if item.leaf != "starting_time" or kinds.get(item.parent) in RAW:
            continue
        data = file.item(f"{item.parent}/data")
        rate = item.attributes.get("rate")
        if data is None or not data.shape or not isinstance(rate, int | float) or rate <= 0:
            continue
        first = (item.values.low if item.values else None) or 0.0
        yield _regular(item, data.shape[0], first, 1 / float(rate))


def _regular(item: Item, rows: int, first: float, step: float) -> Array:
    last = first + (rows - 1) * step
    values = Values(
        size=rows,
        low=first,
        high=last,
        first=first,
        last=last,
        distinct=rows,
        increasing=True,
        step=step,
        steady=True,
    )
    path = f"{item.parent}/timestamps"
    return Array(path, replace(item, name=path, shape=(rows,), unit="seconds", values=values))


def _spike_units(file: FileContents) -> Iterator[Array]:
    """The row of every spike, which the reader of NWB makes of the index."""
    times = file.item("units/spike_times")
    if times is not None:
        path = "units/spike_unit"
        yield Array(path, Item(name=path, shape=times.shape, values=Values(size=1, whole=True)))
