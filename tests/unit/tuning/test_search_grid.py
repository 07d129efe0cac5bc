"""A grid: its points, its size as the budget, and each point visited once, also over a resume."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from fake_search import drive
from helpers import dataset

from raylab.data.datasets.specs import SessionSpec
from raylab.errors import ConfigError
from raylab.space.grid import grid_points
from raylab.space.load_space import load_space
from raylab.space.space import Space
from raylab.tuning.checks.space import check_space

# heads and learning rates in 2 x 3 combinations of attention, learning rates alone of the others
SEARCH: dict[str, Any] = {
    "model.encoder.heads": {"int": [1, 2], "step": 1, "when": {"model.encoder.kind": "attention"}},
    "model.encoder.kind": {"categorical": ["offset1", "offset5", "attention"]},
    "optimizer.weight_decay": {"float": [0.1, 0.35], "step": 0.1},
}
POINTS = {
    *((kind, None, decay) for kind in ("offset1", "offset5") for decay in (0.1, 0.2, 0.3)),
    *(("attention", heads, decay) for heads in (1, 2) for decay in (0.1, 0.2, 0.3)),
}


@pytest.fixture(scope="module")
def sessions(tmp_path_factory: pytest.TempPathFactory) -> dict[str, SessionSpec]:
    return dataset(tmp_path_factory.mktemp("grid") / "ds").sessions


def checked(sessions: dict[str, SessionSpec], **value: Any) -> tuple[Space, list[str]]:
    space = load_space(
        {"search": SEARCH, "base": {"model.encoder.hidden_units": 8}, "sampler": {"kind": "grid"}}
    )
    given = space.model_dump(mode="json", by_alias=True, exclude_unset=True)
    return check_space(load_space({**given, **value}), sessions, source="s.yaml")


def point(params: dict[str, Any]) -> tuple[Any, ...]:
    decay = round(params["optimizer.weight_decay"], 9)
    return params["model.encoder.kind"], params.get("model.encoder.heads"), decay


def test_the_points_of_a_grid_follow_its_conditions(sessions: dict[str, SessionSpec]) -> None:
    found = [point(params) for params in grid_points(checked(sessions)[0])]
    assert len(found) == 12
    assert set(found) == POINTS


@pytest.mark.parametrize(
    ("budget", "trials", "noted"),
    [({}, 12, ""), ({"trials": 30}, 12, "12 points"), ({"trials": 5}, 5, "at random")],
)
def test_the_budget_is_the_size_of_the_grid_or_less(
    sessions: dict[str, SessionSpec], budget: dict[str, int], trials: int, noted: str
) -> None:
    space, notes = checked(sessions, budget=budget)
    assert space.budget.trials == trials
    assert noted in "".join(notes)
    assert bool(noted) == bool(notes)
    again, _ = check_space(load_space(space), sessions)  # a space object, as `search` takes it too
    assert again == space


@pytest.mark.parametrize(
    "entry", [{"float": [0.1, 1.0]}, {"int": [1, 9]}, {"float": [0.1, 1.0], "log": True}]
)
def test_bounds_without_a_step_are_no_grid(
    sessions: dict[str, SessionSpec], entry: dict[str, Any]
) -> None:
    with pytest.raises(ConfigError, match="a grid needs a list of values") as caught:
        checked(
            sessions,
            search={"sampling.time_offset" if "int" in entry else "loss.temperature": entry},
        )
    assert "step" in caught.value.remedy


def test_a_grid_too_large_to_be_meant(sessions: dict[str, SessionSpec]) -> None:
    search = {
        "loss.temperature": {"float": [0.1, 1.1], "step": 1e-4},
        "training.seed": {"int": [0, 9], "step": 1},
    }
    with pytest.raises(ConfigError, match="more than 10000 points"):
        checked(sessions, search=search)
    space, _ = checked(sessions, search=search, budget={"trials": 20})
    assert space.budget.trials == 20


@pytest.mark.filterwarnings(
    "ignore:The distribution is specified"
)  # Optuna's, of bounds that the step does not meet
def test_each_point_is_visited_once_over_a_kill_and_a_resume(
    sessions: dict[str, SessionSpec], tmp_path: Path
) -> None:
    """Three trials are under way when the driver dies: they are handed out again, and no point
    twice.
    """
    space, _ = checked(sessions)

    def result(params: dict[str, Any]) -> dict[str, Any]:
        failed = params["model.encoder.kind"] == "offset5"  # is visited, too
        return {"error": "it diverged"} if failed else {"score": params["optimizer.weight_decay"]}

    first = drive(space, tmp_path, result, modes=["max"], trials=7, slots=3, lost=3)
    second = drive(space, tmp_path, result, modes=["max"], trials=8, slots=3)
    assert second[:3] == first[-3:]
    visited = [point(params) for params in {**dict(first), **dict(second)}.values()]
    assert len(visited) == 12
    assert set(visited) == POINTS
