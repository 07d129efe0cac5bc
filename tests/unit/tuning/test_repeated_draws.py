"""No trial of a search repeats another, also not by a config that only looks different."""

from __future__ import annotations

from functools import partial
from typing import Any

import optuna
import pytest
from helpers import dataset, session
from optuna.trial import TrialState

from raylab.data.dataset import Dataset
from raylab.space.load_space import load_space
from raylab.space.space import Space
from raylab.tuning.checks.repeats import same_draw
from raylab.tuning.checks.space import check_space
from raylab.tuning.drawing.trial_draws import Drawing

# A sample takes 100 ms: the first four are no smoothing at all. Readouts have no learning rate.
SEARCH: dict[str, Any] = {
    "view.smoothing_ms": {"categorical": [0, 3, 6, 9, 80]},
    "model.kind": {"categorical": ["knn", "ridge"]},
    "optimizer.learning_rate": {"float": [1e-4, 1e-2], "log": True},
}
DIFFERENT = 4  # two smoothings of two readouts


def space_of(sampler: str, search: dict[str, Any] = SEARCH, **budget: int) -> Space:
    task = {"kind": "decoder", "label": "position"}
    return load_space(
        {"task": task, "search": search, "sampler": {"kind": sampler}, "budget": budget}
    )


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return dataset(tmp_path_factory.mktemp("repeats") / "ds", session(samples=60))


@pytest.mark.parametrize("sampler", ["tpe", "random"])
def test_every_trial_is_new_while_there_are_new_ones(data: Dataset, sampler: str) -> None:
    space = space_of(sampler, trials=DIFFERENT)
    study = optuna.create_study(direction="maximize")
    same = partial(same_draw, space, data.sessions)
    drawn = []
    for _ in range(DIFFERENT):
        # A driver that goes on with a study reads what was drawn.
        drawing = Drawing(space, study, same)
        number, params = drawing.draw()
        drawing.tell(number, TrialState.COMPLETE, float(number))
        drawn.append(params)
    assert len(set(map(same, drawn))) == DIFFERENT
    assert [trial.params for trial in study.trials] == drawn


def test_a_grid_has_as_many_trials_as_different_points(data: Dataset) -> None:
    search = {**SEARCH, "optimizer.learning_rate": {"categorical": [1e-3, 1e-2]}}
    checked, _ = check_space(space_of("grid", search), data.sessions)
    assert checked.budget.trials == DIFFERENT
    fewer = check_space(space_of("grid", search, trials=9), data.sessions)
    assert fewer[0].budget.trials == DIFFERENT
    assert f"grid: {DIFFERENT} points, fewer than budget.trials 9" in fewer[1]


def test_a_space_that_is_soon_exhausted_is_noted(data: Dataset) -> None:
    search = {**SEARCH, "optimizer.learning_rate": {"categorical": [1e-3, 1e-2]}}
    _, notes = check_space(space_of("tpe", search, trials=9), data.sessions)
    note = f"search: there are {DIFFERENT} different draws: later trials of 9 repeat some"
    assert note in notes


KINDS = ["knn", "ridge", "mlp"]
FLAG = {"categorical": [True, False]}


def test_paths_are_not_drawn_with_choices_that_overrule_them(data: Dataset) -> None:
    """A ridge standardises its features, and only a network takes steps."""
    search: dict[str, Any] = {
        "view.zscore": FLAG,
        "optimizer.learning_rate": {"float": [1e-4, 1e-2], "log": True},
        "model.kind": {"categorical": KINDS},
    }
    points = [{"model.kind": "ridge", "view.zscore": False}, {"model.kind": "knn"}]
    given = {**space_of("tpe", search).model_dump(by_alias=True), "points": points}
    space, notes = check_space(load_space(given), data.sessions)
    assert space.search["view.zscore"].when == {"model.kind": ["knn", "mlp"]}
    assert space.search["optimizer.learning_rate"].when == {"model.kind": ["mlp"]}
    assert "view.zscore: not drawn where model.kind is one of ridge, which overrule it" in notes
    assert space.points == ({"model.kind": "ridge"}, {"model.kind": "knn"})
    assert check_space(space, data.sessions)[0] == space
    begun, _ = check_space(load_space(given), data.sessions, begun=True)
    assert begun.search == load_space(given).search


@pytest.mark.parametrize("fixed", [True, False])
def test_a_path_that_every_choice_overrules_is_left_out(data: Dataset, fixed: bool) -> None:
    kinds = {"model.kind": {"categorical": ["ridge", "svm"]}}
    space = space_of("random", {"view.zscore": FLAG, "view.sqrt": FLAG, **({} if fixed else kinds)})
    base = {"model.kind": "ridge"} if fixed else {}
    space, notes = check_space(space.model_copy(update={"base": base}), data.sessions)
    assert "view.zscore" not in space.search
    assert "view.zscore: left out, the rest of the config decides it" in notes


def test_what_a_sampler_could_no_longer_learn_stays_as_it_is(data: Dataset) -> None:
    search = {"model.kind": {"categorical": KINDS}, "view.zscore": FLAG}
    space, _ = check_space(space_of("gp", search), data.sessions)
    assert space.search["view.zscore"].when == {}
