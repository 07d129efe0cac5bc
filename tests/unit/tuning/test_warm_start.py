"""Warm start: which trials of an earlier study inform a new one, and that they do."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pytest
import yaml
from helpers import dataset

from raylab.data.dataset import Dataset
from raylab.errors import ConfigError
from raylab.space.load_space import load_space
from raylab.tracking.events import State, TrialEnded, TrialReported, TrialStarted
from raylab.tracking.study import StudyFolder
from raylab.tuning.drawing.trial_draws import Drawing
from raylab.tuning.planning.study_plan import make_plan

BASE = {"training.max_steps": 40, "training.validate_every": 20}
SEARCH: dict[str, Any] = {
    "loss.temperature": {"float": [0.1, 2.0]},
    "optimizer.learning_rate": {"float": [1e-4, 1e-1], "log": True},
}
GOOD = 0.3  # the best temperature of the earlier study
Change = Callable[[dict[str, Any]], None]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return dataset(tmp_path_factory.mktemp("warm") / "ds")


def earlier(
    folder: Path,
    data: Dataset,
    *,
    described: dict[str, Any] | None = None,
    change: Change | None = None,
) -> Path:
    """Twelve completed trials, a pruned and a failed one, of temperatures all over the range."""
    plan = make_plan({"base": BASE, "search": SEARCH}, data.path)
    told = {
        "data": {"path": str(data.path), "fingerprint": data.fingerprint},
        "task": plan.space.fixed()["task"],
        "objective": {"metric": "decoding.score", "mode": "max"},
        "label": plan.label,
        **(described or {}),
    }
    study = StudyFolder.create(folder, told)
    for number, temperature in enumerate(np.linspace(0.15, 1.95, 14)):
        params = {
            "loss.temperature": float(temperature),
            "optimizer.learning_rate": 1e-3 * (1 + number),
        }
        config = plan.space.config(params).model_dump(mode="json")
        if change:
            change(config)
        score, name = 1 - abs(float(temperature) - GOOD), f"{number:04d}"
        states: dict[int, State] = {12: "pruned", 13: "failed"}
        state = states.get(number, "completed")
        final = score if state == "completed" else None
        study.ledger.append(
            TrialStarted(trial=name, params=params, config=config),
            TrialReported(trial=name, step=20, metrics={"decoding.score": score}),
            TrialEnded(trial=name, state=state, step=40, score=final),
        )
    study.ledger.flush()
    return folder


def warm(folder: Path, kind: str = "tpe", **more: Any) -> dict[str, Any]:
    return {
        "base": BASE,
        "search": SEARCH,
        "sampler": {"kind": kind},
        "warm_start": str(folder),
        **more,
    }


@pytest.mark.parametrize(("kind", "seeds"), [("tpe", 10), ("gp", 2), ("cmaes", 10), ("nsga2", 10)])
def test_the_first_draw_is_near_the_earlier_optimum(
    data: Dataset, tmp_path: Path, kind: str, seeds: int
) -> None:
    plan = make_plan(warm(earlier(tmp_path / "old", data), kind), data.path)
    shutil.rmtree(
        tmp_path / "old"
    )  # what informs the sampler is recorded: a resumed search needs no other folder
    recorded = yaml.safe_load(
        yaml.safe_dump(plan.space.model_dump(mode="json", by_alias=True, exclude_none=True))
    )
    assert make_plan(recorded, data.path).space == plan.space
    away = []
    for seed in range(seeds):
        study = optuna.create_study(direction="maximize")
        number, params = Drawing(load_space(recorded, {"sampler.seed": seed}), study).draw()
        away.append(abs(float(params["loss.temperature"]) - GOOD))  # type: ignore[arg-type]
        assert (number, len(study.trials)) == (0, 1)  # earlier trials are none of this study's
    assert np.mean(away) < 0.5  # at random: 0.77


def test_what_informs_it_is_said(data: Dataset, tmp_path: Path) -> None:
    old = earlier(tmp_path / "old", data)
    notes = make_plan(warm(old), data.path).notes
    assert notes[-2:] == (
        f"warm start: 13 trials of {old} inform the sampler",
        f"warm start: of {old} 1 left out failed",
    )
    notes = make_plan(warm(old, "gp"), data.path).notes
    assert (
        f"warm start: of {old} 1 left out pruned, which only tpe with one objective learns from"
        in notes
    )
    narrow = {**SEARCH, "loss.temperature": {"float": [0.1, 1.0]}}
    notes = make_plan(warm(old, search=narrow), data.path).notes
    assert (
        f"warm start: of {old} 6 left out with a loss.temperature that this space does not draw"
        in notes
    )
    other = make_plan(warm(old, base={**BASE, "model.output_dimension": 3}), data.path).notes
    assert f"warm start: trials of {old} differ from this space in model.output_dimension" in other


def test_what_was_fixed_may_be_searched_and_what_was_searched_is_fixed(
    data: Dataset, tmp_path: Path
) -> None:
    old = earlier(tmp_path / "old", data)
    search = {**SEARCH, "model.output_dimension": {"int": [2, 16]}}
    plan = make_plan(warm(old, search=search), data.path)
    assert {
        trial.params["model.output_dimension"] for trial in plan.space.warm_start[0].trials or ()
    } == {8}
    fixed = {"loss.temperature": SEARCH["loss.temperature"]}
    base = {**BASE, "optimizer.learning_rate": 2e-3}
    used = make_plan(warm(old, search=fixed, base=base), data.path).space.warm_start[0].trials or ()
    assert [trial.trial for trial in used] == ["0001"]  # the only one with that learning rate


@pytest.mark.parametrize(
    ("described", "change", "said"),
    [
        ({"data": {"path": "x", "fingerprint": "f00d"}}, None, "are of other data"),
        (
            {"objective": {"metric": "goodness_of_fit", "mode": "max"}},
            None,
            "are of another objective",
        ),
        ({"label": "choice"}, None, "are of another label"),
        ({"task": {"kind": "decoder"}}, None, "are of another family: decoder"),
        (
            {},
            lambda config: config["training"].update(max_steps=400),
            "13 of training.max_steps other than 40",
        ),
        (
            {},
            lambda config: config["evaluation"].update(max_samples=7),
            "13 with another evaluation section",
        ),
        (
            {},
            lambda config: config["loss"].update(temperature=5.0),
            "13 with a loss.temperature that this space",
        ),
    ],
)
def test_scores_that_mean_something_else_inform_nothing(
    data: Dataset, tmp_path: Path, described: dict[str, Any], change: Change | None, said: str
) -> None:
    old = earlier(tmp_path / "old", data, described=described, change=change)
    with pytest.raises(ConfigError, match=r"^space: warm_start\.0: ") as caught:
        make_plan(warm(old), data.path)
    assert said in caught.value.what


def test_a_warm_start_that_is_none(data: Dataset, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"warm_start\.0: .*not a study"):
        make_plan(warm(tmp_path / "nothing"), data.path)
    with pytest.raises(ConfigError, match="random draws do not depend on trials"):
        load_space(warm(tmp_path, "random"))
