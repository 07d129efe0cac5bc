"""The arrays of joblib files and pickles, which are read through the allow-list."""

from __future__ import annotations

from pathlib import Path

from raylab.data.looking.array_items import array_item, block_of
from raylab.data.looking.item import Item
from raylab.data.readers.formats.joblib import open_joblib


def joblib_items(path: Path) -> list[Item]:
    """The arrays of nested dicts and lists. Nothing of the file is executed."""
    store = open_joblib(path)
    items = []
    for name in store.names():
        array = store.read(name)
        sample = block_of(array)
        everything = sample.size == array.size
        items.append(array_item(name, array.shape, array.dtype, sample, everything=everything))
    return items
