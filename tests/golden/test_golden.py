"""Golden values, recorded before the house was rebuilt (see recording.py): the same inputs still
give the same fingerprints, weights, scores, help texts and JSON.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import ray

from tests.golden.recording import FAMILIES, helps, processor, steps

GOLDEN: dict[str, Any] = json.loads(Path(__file__).with_name("golden.json").read_text())


@pytest.fixture(scope="module")
def observed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    home = tmp_path_factory.mktemp("golden")
    ray.shutdown()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAYLAB_HOME", str(home))
        return {name: record() for name, record in steps(home)}


@pytest.mark.ray
def test_fingerprints_of_datasets(observed: dict[str, Any]) -> None:
    """The arrays that earlier versions made, and the fingerprint that covers what they mean."""
    assert observed["fingerprints"] == GOLDEN["fingerprints"]
    assert observed["second fingerprints"] == GOLDEN["second fingerprints"]


@pytest.mark.ray
@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("family", FAMILIES)
def test_weights_and_scores(observed: dict[str, Any], family: str, workers: int) -> None:
    """Equal to the bit on the kind of processor that the values were recorded on."""
    trial, golden = observed[f"{family}-{workers}"], GOLDEN[f"{family}-{workers}"]
    # A metric that is new since then is no change of what was recorded.
    trial["metrics"] = {name: trial["metrics"].get(name) for name in golden["metrics"]}
    if processor() == GOLDEN["processor"]:
        assert trial == golden
    assert trial["weights"].keys() == golden["weights"].keys()
    for name, (shape, total) in golden["weights"].items():
        assert trial["weights"][name] == [shape, pytest.approx(total, rel=1e-2, abs=1e-3)], name
    assert trial["score"] == pytest.approx(golden["score"], abs=0.05)
    assert trial["metrics"].keys() == golden["metrics"].keys()


@pytest.mark.ray
def test_json_output(observed: dict[str, Any]) -> None:
    """Keys that are new since then are no change of what was recorded."""
    golden = GOLDEN["outputs"]
    outputs = within(golden, observed["outputs"])
    if processor() == GOLDEN["processor"]:
        assert outputs == golden
    assert shape_of(outputs) == shape_of(golden)


def within(golden: Any, value: Any) -> Any:
    """The value without the keys that the golden value lacks."""
    if isinstance(value, dict) and isinstance(golden, dict):
        return {key: within(golden[key], entry) for key, entry in value.items() if key in golden}
    if isinstance(value, list) and isinstance(golden, list) and len(value) == len(golden):
        return [within(*pair) for pair in zip(golden, value)]
    return value


def shape_of(value: Any) -> Any:
    """Keys and types, without numbers."""
    if isinstance(value, dict):
        return {key: shape_of(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [shape_of(entry) for entry in value]
    return "number" if isinstance(value, int | float) else value


def test_help_says_what_it_said() -> None:
    """Verbs and options stay; a help text may gain words."""
    shown = helps()
    assert shown.keys() >= GOLDEN["help"].keys()
    for verb, text in GOLDEN["help"].items():
        for option in options_of(text):
            assert option in options_of(shown[verb]), f"{verb} {option}"


def options_of(text: str) -> set[str]:
    return {word.strip(",") for word in text.split() if word.startswith("--")}
