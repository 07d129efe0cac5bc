"""Values in samples, and the folder of shipped spaces."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import raylab
from raylab.errors import ConfigError
from raylab.space.load_space import load_space
from raylab.space.shipped import FOLDER, entrant_files, space_file, space_files
from raylab.space.units import in_milliseconds

SMOOTHING = "view.smoothing_ms"
ROOT = Path(__file__).resolve().parents[3]


def space_of(entry: dict[str, object], **more: Any) -> Any:
    return load_space({"search": {SMOOTHING: entry}, **more}, source="s.yaml")


def test_samples_become_milliseconds_of_the_session_in_the_middle() -> None:
    listed = space_of({"categorical": [0, 4], "unit": "samples"}, points=[{SMOOTHING: 4}])
    converted = in_milliseconds(listed, [100.0, 25.0, 1.0])
    assert converted.search[SMOOTHING].values() == [0, 160]
    assert converted.points == ({SMOOTHING: 160},)
    assert in_milliseconds(converted, [1.0]) == converted  # a resumed study changes nothing
    bounds = space_of({"float": [0.5, 20], "log": True, "unit": "samples"})
    in_ms = in_milliseconds(bounds, [1.6]).search[SMOOTHING]
    assert (in_ms.float_, in_ms.log) == ((312.5, 12500.0), True)


def test_python_says_the_same() -> None:
    stated = raylab.Space(search={SMOOTHING: raylab.Float(0.5, 20, unit="samples")})
    assert stated == space_of({"float": [0.5, 20], "unit": "samples"})
    assert raylab.Choice([1, 2], unit="samples").unit == "samples"


@pytest.mark.parametrize(
    ("search", "message"),
    [
        ({"loss.temperature": {"float": [1, 2], "unit": "samples"}}, "not of 'loss.temperature'"),
        ({SMOOTHING: {"int": [1, 2], "unit": "samples"}}, "without a step"),
        ({SMOOTHING: {"float": [1, 3], "step": 1, "unit": "samples"}}, "without a step"),
        ({SMOOTHING: {"float": [1, 3], "unit": "bins"}}, "unit"),
        (
            {
                SMOOTHING: {"categorical": [0, 1], "unit": "samples"},
                "view.sqrt": {"categorical": [True, False], "when": {SMOOTHING: 1}},
            },
            "in samples, which no condition can name",
        ),
    ],
)
def test_what_has_no_samples_is_refused(search: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        load_space({"search": search}, source="s.yaml")


def test_an_error_names_the_line_of_a_value_in_samples(tmp_path: Path) -> None:
    file = tmp_path / "s.yaml"
    file.write_text(f"search:\n  {SMOOTHING}: {{int: [1, 2], unit: samples}}\n")
    with pytest.raises(ConfigError, match=r"s\.yaml:2"):
        load_space(file)


def test_shipped_spaces_are_inside_the_package() -> None:
    """A wheel packs what is below `raylab`; the folder at the root is a link for readers."""
    package = Path(raylab.__file__).parent
    assert FOLDER.resolve().is_relative_to(package.resolve())
    assert not FOLDER.is_symlink()
    assert (ROOT / "search_spaces").resolve() == FOLDER.resolve()
    assert {"contrastive", "decoder", "vqvae"} <= set(space_files())
    assert {"raw", "ridge", "mlp"} <= set(entrant_files())
    assert space_file("ridge") == entrant_files()["ridge"]
    with pytest.raises(ConfigError, match="no search space is called 'contrastiv'") as error:
        space_file("contrastiv")
    assert "'contrastive'" in error.value.remedy
