"""Samplers and schedulers of a space: a key exists only where its kind has it; files that recorded
all keys of all kinds open.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from raylab.errors import ConfigError
from raylab.space.load_space import load_space
from raylab.space.samplers import MOST_POINTS, SAMPLERS, samplers_that
from raylab.space.schedulers import SCHEDULERS

STORED = Path(__file__).parents[2] / "golden" / "stored"
# What earlier versions recorded of every scheduler, whatever its kind.
RECORDED: dict[str, Any] = {
    "grace_steps": 300,
    "reduction_factor": 3,
    "brackets": 3,
    "least_trials": 4,
    "quantile": 0.25,
}


@pytest.mark.parametrize("study", ["study", "vqvae-1", "decoder-1"])
def test_stored_spaces_open(study: str) -> None:
    space = load_space(STORED / study / "space.yaml")
    assert space.scheduler.model_dump(exclude_none=True) == {"kind": "none"}


@pytest.mark.parametrize("kind", ["none", "asha", "hyperband", "median", "pbt"])
def test_recorded_keys_of_other_kinds_are_left_out(kind: str) -> None:
    space = load_space({"scheduler": {"kind": kind, **RECORDED, "mutate": None}})
    recorded = space.model_dump(mode="json")["scheduler"]
    assert recorded["kind"] == kind
    for key in set(recorded) & set(RECORDED):
        assert recorded[key] == RECORDED[key]
    again = load_space({"scheduler": recorded})
    assert again.scheduler == space.scheduler


def test_kind_none_switches_a_scheduler_off_that_a_file_describes() -> None:
    described = {"scheduler": {"kind": "asha", "grace_steps": 150, "reduction_factor": 4}}
    space = load_space(described, {"scheduler.kind": "none"})
    assert space.scheduler.model_dump(exclude_none=True) == {"kind": "none"}
    with pytest.raises(ConfigError, match=r"exists where scheduler.kind is asha or hyperband"):
        load_space(described, {"scheduler.kind": "median"})


def test_no_kind_is_the_default_kind() -> None:
    space = load_space({"sampler": {"seed": 3}, "scheduler": {"metric": "goodness_of_fit"}})
    assert (space.sampler.kind, space.sampler.seed, space.scheduler.kind) == ("tpe", 3, "none")
    assert space.rung == "goodness_of_fit"


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ({"sampler": {"kind": "random", "startup_trials": 4}}, "sampler.kind is tpe or gp"),
        ({"sampler": {"kind": "tpe", "population": 4}}, "sampler.kind is cmaes or nsga2"),
        ({"sampler": {"kind": "tpe", "sead": 4}}, "Did you mean 'seed'"),
        ({"scheduler": {"kind": "none", "grace_stepz": 4}}, "unknown key 'scheduler.grace_stepz'"),
        ({"scheduler": {"kind": ["asha"]}}, "scheduler.kind"),
        ({"scheduler": "asha"}, "scheduler: keys and values are needed"),
    ],
)
def test_wrong_keys(section: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_space(section)
    assert message in str(caught.value)


def test_every_choice_has_a_builder() -> None:
    for registry in (SAMPLERS, SCHEDULERS):
        for choice in registry.choices:
            assert callable(choice.load())


def test_properties_of_samplers() -> None:
    assert samplers_that("learns_from_trials").startswith("tpe, gp, cmaes, nsga2")
    grid = load_space({"sampler": {"kind": "grid"}}).sampler
    assert grid.visits_grid
    assert grid.attempts == MOST_POINTS
