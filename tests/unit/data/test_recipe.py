"""Recipes: what is shipped loads, what is wrong is named with file, key and remedy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from raylab.config.base import Strict
from raylab.config.splits import SplitsConfig
from raylab.data.labels.intervals import IntervalColumn, IntervalsSpec
from raylab.data.load_recipe import load_recipe, recipe_names
from raylab.data.readers.registry import READERS
from raylab.data.recipe import Recipe
from raylab.data.recipe_sections.activity import NeuralSpec, SegmentsSpec
from raylab.data.recipe_sections.clock import TimeSpec
from raylab.data.recipe_sections.feature_tables import FeaturesSpec
from raylab.data.recipe_sections.label import LabelSpec
from raylab.data.recipe_sections.session_names import SessionSpec
from raylab.data.recipe_sections.spike_times import SpikesSpec
from raylab.errors import ConfigError, DataError

GOOD: dict[str, Any] = {
    "format": "hdf5",
    "neural": {"path": "traces", "kind": "calcium"},
    "time": {"rate_hz": 10},
    "labels": {"speed": {"path": "speed", "kind": "continuous"}},
}


def written(folder: Path, **changes: Any) -> Path:
    path = folder / "mine.yaml"
    path.write_text(yaml.safe_dump({**GOOD, **changes}, sort_keys=False))
    return path


def test_recipes_are_shipped_for_every_recording() -> None:
    assert recipe_names() == [
        "allen_ecephys",
        "allen_ophys",
        "fly",
        "head_direction",
        "hippocampus",
        "motor_cortex",
        "orbitofrontal",
        "reaching",
        "synthetic_neuropixels",
        "worm",
        "worm_nwb",
        "zebrafish",
    ]


@pytest.mark.parametrize("name", recipe_names())
def test_a_shipped_recipe_loads_and_its_splits_are_valid(name: str) -> None:
    from pydantic import TypeAdapter

    recipe = load_recipe(name)
    assert recipe.splits is not None
    TypeAdapter(SplitsConfig).validate_python(recipe.splits)
    for key in recipe.sessions:
        assert "{" not in str(recipe.bind(key).neural)


def test_the_first_label_is_the_first_written(tmp_path: Path) -> None:
    assert next(iter(load_recipe("hippocampus").labels)) == "position"
    labels = {name: {"path": name, "kind": "continuous"} for name in ("z", "a", "m")}
    assert list(load_recipe(written(tmp_path, labels=labels)).labels) == ["z", "a", "m"]


def test_an_unknown_name_lists_the_shipped_ones() -> None:
    with pytest.raises(DataError, match="'hipocampus'") as error:
        load_recipe("hipocampus")
    assert "Did you mean 'hippocampus'?" in error.value.remedy
    assert "zebrafish" in error.value.remedy


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nowhere\.yaml: no such file"):
        load_recipe(tmp_path / "nowhere.yaml")


@pytest.mark.parametrize(
    ("changes", "message", "remedy"),
    [
        ({"neurall": {}}, "unknown key 'neurall'", "'neural'"),
        (
            {"neural": {"path": "x", "kind": "calcium", "layot": "a"}},
            "unknown key 'neural.layot'",
            "'layout'",
        ),
        (
            {"labels": {"a": {"path": "x", "kind": "discrete", "colum": 1}}},
            "'labels.a.colum'",
            "'column'",
        ),
        ({"format": "hdf"}, "format", ""),
        ({"neural": {"path": "x", "kind": "spikes"}}, "kind", ""),
        ({"neural": {"kind": "counts"}}, "neural.path", ""),
        ({"time": {"unit": "s"}}, "`time` is missing", ""),
        ({"time": {"rate_hz": 0}}, "time.rate_hz", ""),
        ({"time": None}, "`time` is missing", ""),
        ({"neural": None}, "give `neural`", ""),
        ({"bin": 0}, "bin", ""),
        ({"labels": {"a": {"path": "x", "kind": "continuous", "one_hot": True}}}, "one_hot", ""),
        ({"labels": {"a": {"path": "x", "kind": "circular", "unit": "turns"}}}, "rad", ""),
        (
            {"labels": {"a": {"path": "x", "kind": "discrete", "column": 0, "columns": [1]}}},
            "not both",
            "",
        ),
        ({"segments": {"changes": ["lap"]}}, "label 'lap'", ""),
        ({"segments": {"first": 3}}, "needs `length`", ""),
        ({"given": {"training": "mask"}}, "given", ""),
        ({"format": "torch_brain"}, "torch_brain files say where things are", ""),
        (
            {"neural": None, "spikes": {"times": "t", "units": "u", "trials": "k", "bin_s": 0.1}},
            "needs `window",
            "",
        ),
        (
            {"neural": None, "spikes": {"times": "t", "units": "u", "window": [0, 1], "bin_s": 2}},
            "shorter than one bin",
            "",
        ),
    ],
)
def test_a_mistake_names_file_key_and_remedy(
    tmp_path: Path, changes: dict[str, Any], message: str, remedy: str
) -> None:
    path = written(tmp_path, **changes)
    with pytest.raises(ConfigError) as error:
        load_recipe(path)
    assert str(path) in error.value.what
    assert message in error.value.what
    assert remedy in error.value.remedy


def test_variables_of_sessions_keep_their_type(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        sessions={"a": {"half": "A", "first": 7}, "b": {"half": "B", "first": 9}},
        session={"id": "{stem}_{half}"},
        neural={"path": "traces{half}", "kind": "counts"},
        segments={"length": 10, "first": "{first}"},
    )
    bound = load_recipe(path).bind("b")
    assert bound.neural is not None
    assert bound.neural.path == "tracesB"
    assert bound.session.id == "{stem}_B"
    assert bound.segments is not None
    assert bound.segments.first == 9
    assert not bound.sessions


def test_an_unknown_variable_is_found_when_the_recipe_loads(tmp_path: Path) -> None:
    path = written(
        tmp_path, sessions={"a": {"half": "A"}}, neural={"path": "x{halv}", "kind": "counts"}
    )
    with pytest.raises(ConfigError, match=r"sessions\.a.*'\{halv\}'") as error:
        load_recipe(path)
    assert "half" in error.value.remedy


def test_docs_explain_every_key() -> None:
    """docs/recipes.md names each key of each section in backquotes."""
    text = (Path(__file__).parents[3] / "docs" / "recipes.md").read_text()
    sections: tuple[type[Strict], ...] = (
        Recipe,
        FeaturesSpec,
        IntervalColumn,
        IntervalsSpec,
        LabelSpec,
        NeuralSpec,
        SegmentsSpec,
        SessionSpec,
        SpikesSpec,
        TimeSpec,
    )
    keys = {key for section in sections for key in section.model_fields}
    assert not [key for key in sorted(keys) if f"`{key}`" not in text]


def test_docs_explain_every_option_of_a_format() -> None:
    text = (Path(__file__).parents[3] / "docs" / "recipes.md").read_text()
    for reader in READERS:
        options = reader.options_class()
        for key in options.model_fields if options is not None else ():
            assert f"`{key}`" in text or f"`{key}:" in text, (reader.format, key)
