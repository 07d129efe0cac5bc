"""Samplers, driven without Ray: what they draw, over kills, rejected draws and conditions, and what
they never read.
"""

from __future__ import annotations

import pickle
import sqlite3
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pytest
from fake_search import drive, stored
from optuna.trial import TrialState

from raylab.errors import StudyError
from raylab.space.load_space import load_space
from raylab.space.space import Space
from raylab.tuning.checks.draws import check_sampler
from raylab.tuning.drawing.trial_draws import Drawing

SEARCH: dict[str, Any] = {
    "loss.temperature": {"float": [0.1, 1.0]},
    "optimizer.learning_rate": {"float": [1e-4, 1e-1], "log": True},
    "model.encoder.kind": {"categorical": ["offset1", "attention"]},
    "model.encoder.heads": {"int": [1, 4], "when": {"model.encoder.kind": "attention"}},
}


def space_of(kind: str, search: dict[str, Any] | None = None, **more: Any) -> Space:
    return load_space(
        {"search": search or SEARCH, "sampler": {"kind": kind}, "budget": {"trials": 12}, **more}
    )


def score(params: dict[str, Any]) -> dict[str, Any]:
    """Best at a temperature of 0.7; some trials fail, some are stopped early."""
    if params["optimizer.learning_rate"] < 2e-4:
        return {"error": "it diverged"}
    value = 1 - abs(params["loss.temperature"] - 0.7)
    return {"score": value, "steps": 7 if value < 0.5 else 10}


def draws(space: Space, result: Any, trials: int) -> list[dict[str, Any]]:
    """One after the other, in memory: for what does not depend on the database."""
    study = optuna.create_study(direction="maximize")
    drawing, drawn = Drawing(space, study), []
    for _ in range(trials):
        number, params = drawing.draw()
        drawn.append(params)
        drawing.tell(number, TrialState.COMPLETE, result(params)["score"])
    return drawn


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    ("kind", "trials"),
    [("tpe", 8), ("gp", 7), ("cmaes", 8), ("nsga2", 7), ("random", 6), ("qmc", 6)],
)
def test_a_resumed_search_goes_on_and_no_point_comes_twice(
    kind: str, trials: int, tmp_path: Path
) -> None:
    """Two slots, conditions, failed and pruned trials, and a driver killed with two trials under
    way.
    """
    space = space_of(kind)
    first = drive(space, tmp_path, score, modes=["max"], trials=5, lost=2)
    second = drive(space, tmp_path, score, modes=["max"], trials=trials - 3)
    assert second[:2] == first[-2:]
    both = {**dict(first), **dict(second)}
    assert list(both) == [f"{number:04d}" for number in range(trials)]
    assert len({str(params) for params in both.values()}) == trials
    for params in both.values():
        assert ("model.encoder.heads" in params) == (params["model.encoder.kind"] == "attention")
    ended = stored(tmp_path).trials
    assert {trial.state.name for trial in ended} <= {"COMPLETE", "PRUNED", "FAIL"}
    assert [dict(trial.params) for trial in ended] == list(both.values())
    assert [trial.user_attrs["raylab_trial"] for trial in ended] == list(both)


@pytest.mark.parametrize("kind", ["random", "qmc"])
def test_a_kill_changes_no_draw(kind: str, tmp_path: Path) -> None:
    space = space_of(kind)
    (tmp_path / "whole").mkdir()
    (tmp_path / "killed").mkdir()
    whole = drive(space, tmp_path / "whole", score, modes=["max"], trials=6)
    first = drive(space, tmp_path / "killed", score, modes=["max"], trials=4, lost=2)
    second = drive(space, tmp_path / "killed", score, modes=["max"], trials=4)
    assert {**dict(first), **dict(second)} == dict(whole)


def test_qmc_spreads_conditional_paths_too() -> None:
    """Of 64 draws each quarter of a path's range has its share, also of a path that only some draws
    have.
    """
    search = {**SEARCH, "model.encoder.dropout": {"float": [0.0, 0.8]}}
    drawn = draws(space_of("qmc", search), lambda _: {"score": 0.5}, 64)
    quarters = Counter(int(4 * (params["loss.temperature"] - 0.1) / 0.9) for params in drawn)
    assert [quarters[k] for k in range(4)] == [16] * 4
    heads = Counter(
        params["model.encoder.heads"] for params in drawn if "model.encoder.heads" in params
    )
    assert 30 <= heads.total() <= 34
    assert min(heads[k] for k in (1, 2, 3, 4)) >= 6


@pytest.mark.parametrize(("kind", "trials"), [("tpe", 40), ("gp", 10), ("cmaes", 60)])
def test_learning_beats_chance(kind: str, trials: int) -> None:
    """Draws get nearer to the optimum; of random ones the mean distance would be 0.31."""
    search = {key: SEARCH[key] for key in ("loss.temperature", "optimizer.learning_rate")}
    sampler = {"kind": kind, "startup_trials": 5} if kind != "cmaes" else {"kind": kind}
    space = space_of(kind, search, sampler=sampler)

    def bowl(params: dict[str, Any]) -> dict[str, Any]:
        away = np.log10(params["optimizer.learning_rate"]) + 2
        return {"score": -((params["loss.temperature"] - 0.8) ** 2) - (away / 3) ** 2}

    late = [abs(params["loss.temperature"] - 0.8) for params in draws(space, bowl, trials)[-4:]]
    assert np.mean(late) < (0.2 if kind == "tpe" else 0.12)


@pytest.mark.parametrize("kind", ["tpe", "random"])
def test_a_small_space_is_visited_before_it_repeats(kind: str) -> None:
    search = {
        "training.batch_size": {"categorical": [64, 128, 256]},
        "model.normalize": {"categorical": [True, False]},
    }
    space = space_of(kind, search)
    drawn = draws(space, lambda params: {"score": float(params["training.batch_size"] == 64)}, 8)
    assert len({str(params) for params in drawn[:6]}) == 6
    assert len(drawn) == 8  # and then it repeats some: the budget is the user's
    assert check_sampler(space, "s") == [
        "search: there are 6 different draws: later trials of 12 repeat some"
    ]


def test_a_poisoned_database_runs_nothing(tmp_path: Path) -> None:
    """Optuna's own CMA-ES unpickles its state from the study's storage."""
    space = space_of(
        "cmaes", {key: SEARCH[key] for key in ("loss.temperature", "optimizer.learning_rate")}
    )
    drive(space, tmp_path, score, modes=["max"], trials=8)

    class Poison:
        def __reduce__(self) -> tuple[Any, ...]:
            return Path.touch, (tmp_path / "executed",)

    assert pickle.loads(pickle.dumps(Poison())) is None  # it would run
    (tmp_path / "executed").unlink()
    database = sqlite3.connect(tmp_path / "optuna.db")
    keys = {row[0] for row in database.execute("SELECT key FROM trial_system_attributes")}
    assert keys <= {"cma:generation"}  # no pickle was written
    hexed = f'"{pickle.dumps(Poison()).hex()}"'
    for (trial,) in database.execute("SELECT trial_id FROM trials").fetchall():
        database.execute(
            "INSERT INTO trial_system_attributes (trial_id, key, value_json) VALUES (?, "
            "'cma:optimizer:0', ?)",
            (trial, hexed),
        )
    database.commit()
    database.close()
    assert len(drive(space, tmp_path, score, modes=["max"], trials=6)) == 6
    assert not (tmp_path / "executed").exists()


def test_cmaes_goes_through_generations(tmp_path: Path) -> None:
    search = {key: SEARCH[key] for key in ("loss.temperature", "optimizer.learning_rate")}
    space = space_of("cmaes", search, sampler={"kind": "cmaes", "population": 4})
    for _ in range(
        2
    ):  # resumed: the second half goes on from the generation that the first reached
        drive(
            space,
            tmp_path,
            lambda p: {"score": p["loss.temperature"]},
            modes=["max"],
            trials=10,
            slots=1,
        )
    found = [trial.system_attrs.get("cma:generation") for trial in stored(tmp_path).trials]
    assert found == [None, *np.repeat(range(5), 4).tolist()][:20]


@pytest.mark.parametrize("kind", ["tpe", "qmc", "grid", "nsga2"])
def test_draws_meet_the_constraints(kind: str) -> None:
    search = {
        "training.batch_size": {"int": [64, 512], "step": 64},
        "sampling.time_offset": {"int": [1, 8], "step": 1},
    }
    space = space_of(
        kind, search, constraints=["training.batch_size * sampling.time_offset <= 512"]
    )
    drawn = draws(space, lambda _: {"score": 0.5}, 16)
    assert all(one["training.batch_size"] * one["sampling.time_offset"] <= 512 for one in drawn)
    assert len({str(one) for one in drawn}) == 16


def test_a_space_of_which_nothing_is_left() -> None:
    space = space_of("tpe", constraints=["loss.temperature > 2"])
    with pytest.raises(StudyError, match="no draw meets the constraints"):
        draws(space, score, 1)


@pytest.mark.parametrize("kind", ["tpe", "qmc", "grid"])
def test_points_come_first_and_once(kind: str, tmp_path: Path) -> None:
    search = {
        "loss.temperature": {"float": [0.1, 1.0], "step": 0.1},
        "optimizer.learning_rate": {"categorical": [1e-3, 1e-2]},
    }
    points: list[dict[str, Any]] = [
        {"loss.temperature": 0.5, "optimizer.learning_rate": 1e-3},
        {"loss.temperature": 0.3},
        {"optimizer.learning_rate": 1e-2},
    ]
    space = space_of(kind, search, points=points)
    first = drive(space, tmp_path, score, modes=["max"], trials=2, lost=1)
    second = drive(space, tmp_path, score, modes=["max"], trials=6)
    both = list({**dict(first), **dict(second)}.values())
    assert len(both) == 7
    for point, params in zip(points, both):
        assert {path: pytest.approx(params[path]) for path in point} == point
    assert len({str(params) for params in both}) == 7


def test_what_a_sampler_does_not_learn_of_is_said() -> None:
    conditional = ["sampler: gp draws model.encoder.heads at random"]
    assert check_sampler(space_of("gp"), "s") == conditional
    said = check_sampler(space_of("cmaes"), "s")
    assert said == ["sampler: cmaes draws model.encoder.kind, model.encoder.heads at random"]
    assert check_sampler(space_of("tpe"), "s") == []
