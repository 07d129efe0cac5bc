"""Population-based training as pure functions: who takes over whom, and which params may change."""

from __future__ import annotations

import random
from typing import Any

import pytest

from raylab.errors import ConfigError
from raylab.space.load_space import load_space
from raylab.space.space import Space
from raylab.tuning.drawing.exploring import Member, explore, mutable_paths, takeovers


def members(*scores: float) -> list[Member]:
    return [Member(f"{number:04d}", 20, score, {}) for number, score in enumerate(scores)]


@pytest.mark.parametrize(
    ("mode", "worst", "best"), [("max", {"0001", "0004"}, {"0002", "0003"}), ("min",) * 3]
)
def test_the_worst_quarter_takes_over_from_the_best_quarter(
    mode: Any, worst: Any, best: Any
) -> None:
    if mode == "min":
        worst, best = {"0002", "0003"}, {"0001", "0004"}
    population = members(0.5, 0.1, 0.9, 0.8, 0.2, 0.4, 0.6, 0.7)
    found = [takeovers(population, mode, 0.25, random.Random(seed)) for seed in range(30)]
    assert all({worse.trial for worse, _ in pairs} == worst for pairs in found)
    assert {better.trial for pairs in found for _, better in pairs} == best


def test_few_members() -> None:
    assert takeovers(members(0.5), "max", 0.25, random.Random(0)) == []
    (pair,) = takeovers(members(0.5, 0.6), "max", 0.25, random.Random(0))
    assert [member.trial for member in pair] == ["0000", "0001"]
    assert (
        len(takeovers(members(0.1, 0.2, 0.3), "max", 0.5, random.Random(0))) == 1
    )  # nobody is in both shares


def space(**scheduler: Any) -> Space:
    return load_space(
        {
            "search": {
                "optimizer.learning_rate": {"float": [1e-4, 1e-1], "log": True},
                "training.batch_size": {"categorical": [64, 128, 256]},
                "augmentation.unit_dropout": {"float": [0, 0.3], "step": 0.1},
                "model.output_dimension": {"int": [3, 9]},
                "sampling.conditional": {"categorical": ["time", "time_delta"]},
            },
            "scheduler": {"kind": "pbt", **scheduler},
        }
    )


def test_only_what_leaves_the_weights_as_they_are_may_change() -> None:
    found = space()
    kept = [
        "optimizer.learning_rate",
        "training.batch_size",
        "augmentation.unit_dropout",
        "sampling.conditional",
    ]
    assert mutable_paths(found, found.scheduler) == kept
    named = space(mutate=["optimizer.learning_rate"])
    assert mutable_paths(named, named.scheduler) == ["optimizer.learning_rate"]
    for path, said in (
        ("model.output_dimension", "would not fit"),
        ("loss.temperature", "not searched"),
    ):
        wrong = space(mutate=[path])
        with pytest.raises(ConfigError, match=said):
            mutable_paths(wrong, wrong.scheduler)


def test_params_change_by_a_factor_or_to_a_neighbour_within_bounds() -> None:
    found, seen = space(), set()
    params = {
        "optimizer.learning_rate": 0.09,
        "training.batch_size": 64,
        "augmentation.unit_dropout": 0.1,
        "model.output_dimension": 5,
        "sampling.conditional": "time",
    }
    for seed in range(200):
        new = explore(found, params, mutable_paths(found, found.scheduler), random.Random(seed))
        assert new["model.output_dimension"] == 5
        assert 1e-4 <= new["optimizer.learning_rate"] <= 1e-1
        assert new["training.batch_size"] in (64, 128, 256)
        assert new["augmentation.unit_dropout"] in (0.0, 0.1, 0.2, 0.3)
        seen.add(new["optimizer.learning_rate"])
    assert {0.1, 0.09 * 0.8} <= seen  # 1.2 times is beyond the bound
    assert len(seen) > 20  # and drawn anew


def test_params_that_break_a_constraint_are_not_used() -> None:
    value = space().model_dump(mode="json", by_alias=True, exclude_none=True)
    limited = load_space({**value, "constraints": ["training.batch_size <= 128"]})
    params = {"training.batch_size": 128}
    drawn = {
        explore(limited, params, ["training.batch_size"], random.Random(seed))[
            "training.batch_size"
        ]
        for seed in range(50)
    }
    assert drawn == {64, 128}
