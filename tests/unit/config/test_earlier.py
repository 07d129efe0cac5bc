"""Configs that earlier versions recorded mean what they meant."""

from __future__ import annotations

from typing import Any

from raylab.config.earlier import as_recorded
from raylab.config.parse import parse_trial


def test_a_recorded_config_without_a_scale_is_plain() -> None:
    new = parse_trial({"task": {"kind": "decoder"}}, "test").model_dump(mode="json")
    assert as_recorded(new) == new
    assert (new["view"]["scale"], new["evaluation"]["scale"]) == ("floored", "floored")
    old: dict[str, Any] = {**new, "view": {**new["view"]}}
    del old["view"]["scale"]
    config = parse_trial(as_recorded(old), "test")
    assert (config.view.scale, config.evaluation.scale) == ("plain", "floored")
    assert "scale" not in old["view"]  # the record itself is left as it is
    assert as_recorded({}) == {}
