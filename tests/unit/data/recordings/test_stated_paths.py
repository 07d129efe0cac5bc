"""A path that the file does not have is an error before the activity is read."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from raylab.data.readers.files import Files
from raylab.data.readers.parts.assemble import assemble
from raylab.data.readers.store import MemoryStore
from raylab.data.recipe import parse_recipe
from raylab.errors import DataError

LABEL = {"path": "y", "kind": "continuous"}


@pytest.mark.parametrize(
    ("sections", "key"),
    [
        ({"labels": {"y": {**LABEL, "path": "yy"}}}, "labels.y.path"),
        ({"labels": {"y": {**LABEL, "time": "stamp"}}}, "labels.y.time"),
        ({"given": {"train": "masks"}}, "given.train"),
        ({"groups": {"trial": "trails"}}, "groups.trial"),
        ({"units": {"depth": "dept"}}, "units.depth"),
    ],
)
def test_a_typo_costs_no_reading(sections: dict[str, Any], key: str) -> None:
    read: list[str] = []

    def activity() -> np.ndarray:
        read.append("x")
        return np.ones((40, 2))

    arrays = {"x": activity, "y": np.arange(40.0), "mask": np.ones(40), "trial": np.arange(40)}
    value = {"neural": {"path": "x", "kind": "rate"}, "time": {"rate_hz": 10}, **sections}
    recipe = parse_recipe({"format": "npz", **value}, "test")
    files = Files({"": MemoryStore(arrays)}, {"": "a.npz"}, {"": "npz"})
    with pytest.raises(DataError, match=rf"`{key}` names '\w+', which the file does not have"):
        assemble(files, recipe, stem="a")
    assert read == []
