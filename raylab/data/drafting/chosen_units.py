"""Which units of a recording people chose: masks of cells, and columns of the units' quality."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from raylab.data.drafting.field_names import is_called
from raylab.data.drafting.guess import Guess, Section
from raylab.data.looking.item import Item

# Called so whole or in part, as one word: `isCell`, `is_cell` and `iscell` are one name.
MASKS = {
    *(
        "iscell",
        "iscells",
        "accepted",
        "isaccepted",
        "isneuron",
        "isgood",
        "goodcells",
        "goodunits",
    ),
    *("cellmask", "unitmask", "keep", "validcells", "validunits"),
}
QUALITY = {"quality", "kslabel", "group", "label", "unitquality", "clustergroup"}
GOOD = ("good", "Good", "GOOD", "single", "sua", "SUA")


def units_of_traces(items: Iterable[Item], units: int) -> Section:
    """The key `units` of `neural`: a mask or a column with one entry per unit; else nothing."""
    fitting = [item for item in items if item.count == 1 and _rows(item) == units]
    masks = [item for item in fitting if is_called(item.leaf, MASKS) and _is_mask(item)]
    if masks:
        others = [f"'{item.name}'" for item in masks[1:4]]
        why = f"a mask of {units} units by its name; leave this line out to read all units"
        why += f"; other masks: {', '.join(others)}" if others else ""
        return {"units": Guess(masks[0].name, why, check=bool(others))}
    qualities = [item for item in fitting if _is_quality(item)]
    chosen = [guess for item in qualities if (guess := _good(item)) is not None]
    return {"units": chosen[0]} if chosen else {}


def units_of_spikes(items: Sequence[Item], place: str) -> Section:
    """The key `keep` of `spikes`: the good units by a column beside the spikes; else nothing."""
    beside = [item for item in items if item.count == 1 and item.parent == place]
    chosen = [guess for item in beside if _is_quality(item) and (guess := _good(item)) is not None]
    if chosen:
        return {"keep": chosen[0]}
    masks = [item for item in beside if is_called(item.leaf, MASKS) and _is_mask(item)]
    if masks:
        return {"keep": Guess(masks[0].name, "a mask of units by its name", check=True)}
    return {}


def undecided(items: Sequence[Item], place: str) -> str:
    """What a column beside the spikes says of the units, where none of its values is `good`."""
    for item in items:
        if item.parent == place and _is_quality(item) and _good(item) is None:
            listed = ", ".join(item.values.examples[:4]) if item.values is not None else ""
            return f"'{item.name}' has {listed}: choose units with `keep: {item.name}=...`"
    return ""


def _rows(item: Item) -> int:
    """The number of rows of a vector, or of a table of two columns such as `iscell` of Suite2p."""
    sizes = [size for size in item.shape if size != 1]
    table = len(sizes) == 2 and sizes[1] == 2
    return sizes[0] if len(sizes) == 1 or table else 0


def _is_mask(item: Item) -> bool:
    """True for zeros and ones, both of which occur; of a table in its first column."""
    values = item.columns[0] if item.columns else item.values
    binary = values is not None and values.whole and (values.low, values.high) == (0, 1)
    return item.numeric and binary


def _is_quality(item: Item) -> bool:
    several = item.values is not None and item.values.distinct > 1
    return item.dtype == "text" and several and is_called(item.leaf, QUALITY)


def _good(item: Item) -> Guess | None:
    """`path=good` where a value of the column says so."""
    examples = item.values.examples if item.values is not None else ()
    for value in GOOD:
        if value in examples:
            others = ", ".join(text for text in examples if text != value)
            return Guess(f"{item.name}={value}", f"others are {others}; several: {value},mua")
    return None
