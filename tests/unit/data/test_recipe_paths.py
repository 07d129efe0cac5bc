"""Paths of overrides: into lists, mappings and short forms, and misspelt ones."""

from __future__ import annotations

from typing import Any

import pytest

from raylab.data.load_recipe import load_recipe
from raylab.errors import ConfigError

RECIPE: dict[str, Any] = {
    "format": "npz",
    "neural": {"path": "X", "kind": "calcium"},
    "time": {"rate_hz": 30},
    "labels": {"angle": {"path": "angle", "kind": "continuous"}},
}
TABLE = {
    **RECIPE,
    "companions": {"behaviour": "*_behaviour.csv"},
    "files": "*.npz",
    "neural": {"path": "X", "kind": "calcium", "units": [0, 1, 2]},
    "intervals": {"path": "trials", "columns": ["choice", "side"], "groups": ["choice"]},
}


@pytest.mark.parametrize(
    ("path", "leaf", "place", "expected"),
    [
        ("neural.units.1", 3, ("neural", "units"), [0, 3, 2]),
        ("neural.units", [3], ("neural", "units"), [3]),
        (
            "labels.angle",
            {"path": "y", "kind": "discrete"},
            ("labels", "angle", "kind"),
            "discrete",
        ),
        ("companions.behaviour.header", 0, ("companions", "behaviour", "file"), "*_behaviour.csv"),
        (
            "intervals.columns.choice.missing",
            "no",
            ("intervals", "trial", "columns"),
            ["choice", "side"],
        ),
        (
            "intervals.columns.speed.kind",
            "continuous",
            ("intervals", "trial", "columns"),
            ["choice", "side", "speed"],
        ),
        ("intervals.columns.0", "hit", ("intervals", "trial", "columns"), ["hit", "side"]),
        ("segments.length", 50, ("segments", "length"), 50),
        ("session", {"id": "rat"}, ("session", "id"), "rat"),
    ],
)
def test_lists_mappings_and_short_forms_are_changed_and_keep_the_rest(
    path: str, leaf: object, place: tuple[str, ...], expected: object
) -> None:
    value: Any = load_recipe(TABLE, {path: leaf}).model_dump(mode="json", by_alias=True)
    for key in place:
        value = value[key]
    assert (list(value) if isinstance(value, dict) else value) == expected


@pytest.mark.parametrize(
    ("path", "near"),
    [
        ("labels.angel.kind", "Did you mean 'labels.angle.kind'?"),
        ("time.rate_hzz", "Did you mean 'time.rate_hz'?"),
        ("intervals.colums", "Did you mean 'intervals.columns'?"),
        ("missing_rate", "Known: bin, "),
        ("rate_hz", "Did you mean 'labels.angle.rate_hz' or 'time.rate_hz'?"),
    ],
)
def test_an_error_names_the_nearest_key(path: str, near: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_recipe(RECIPE if "intervals" not in path else TABLE, {path: 1})
    assert path.rpartition(".")[2] in str(caught.value)
    assert near in caught.value.remedy


@pytest.mark.parametrize(
    ("path", "what"),
    [
        ("neural.units.7", "the list has 3 values"),
        ("neural.path.x", r"`neural\.path` is 'X' and has no keys"),
        ("neural.units.first", r"`neural\.units` is \[0, 1, 2\] and has no keys"),
    ],
)
def test_paths_that_lead_nowhere(path: str, what: str) -> None:
    with pytest.raises(ConfigError, match=what):
        load_recipe(TABLE, {path: 1})


def test_the_stimulus_of_the_shipped_recipe() -> None:
    recipe = load_recipe("allen_ecephys", {"presentations.stimulus": "natural_movie_one"})
    section = recipe.model_dump(mode="json")["presentations"]
    assert section == {"stimulus": "natural_movie_one", "window_s": [0, 0.25], "bins": 1}
    for path in ("presentation.stimulus", "presentations.stimulos", "stimulus"):
        with pytest.raises(ConfigError, match=r"Did you mean 'presentations\.stimulus'"):
            load_recipe("allen_ecephys", {path: "natural_movie_one"})
