"""Search spaces: every path, type and bound against the config and the dataset, before anything
starts.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pytest
import yaml
from helpers import dataset, session
from hypothesis import given, settings
from hypothesis import strategies as st

from raylab.config.contrastive import ContrastiveTrial
from raylab.config.dotted import get_path
from raylab.config.losses import FocalInfoNCEConfig
from raylab.config.splits import GivenSplits
from raylab.data.datasets.specs import SessionSpec
from raylab.data.session import Label
from raylab.errors import ConfigError
from raylab.space.load_space import load_space
from raylab.space.space import Space
from raylab.tuning.checks.objectives import modes
from raylab.tuning.checks.space import check_space

SHIPPED = Path(__file__).resolve().parents[3] / "search_spaces"
TEMPERATURE: dict[str, Any] = {"loss.temperature": {"float": [0.1, 1.0]}}
DROPOUT: dict[str, Any] = {"augmentation.unit_dropout": {"float": [0.1, 0.9]}}
KINDS = {"categorical": ["offset1", "attention"]}


@pytest.fixture(scope="module")
def sessions(tmp_path_factory: pytest.TempPathFactory) -> dict[str, SessionSpec]:
    return dataset(tmp_path_factory.mktemp("space") / "ds").sessions


@pytest.fixture(scope="module")
def unlabelled(tmp_path_factory: pytest.TempPathFactory) -> dict[str, SessionSpec]:
    return dataset(tmp_path_factory.mktemp("space") / "ds", session(labels={})).sessions


def checked(
    sessions: dict[str, SessionSpec], overrides: dict | None = None, **value: Any
) -> tuple[Space, list[str]]:
    return check_space(
        load_space({"search": TEMPERATURE, **value}, overrides), sessions, source="s.yaml"
    )


def problem(sessions: dict[str, SessionSpec], overrides: dict | None = None, **value: Any) -> str:
    with pytest.raises(ConfigError) as caught:
        checked(sessions, overrides, **value)
    assert caught.value.what.count("\n") == 0
    return str(caught.value)


# -- what is checked -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("search", "said"),
    [
        ({"los.temperature": {"float": [0.1, 1]}}, "unknown key 'los'\n  Did you mean 'loss'?"),
        ({"loss.temprature": {"float": [0.1, 1]}}, "search.loss.temprature: value 0.1 is not "
                                                   "valid"),
        ({"loss.temperature": {"float": [0, 1]}}, "search.loss.temperature: value 0.0 is not "
                                                  "valid"),
        ({"loss.temperature": {"float": [0.1, 999]}}, "search.loss.temperature: value 999.0 is not "
                                                      "valid"),
        ({"loss.temperature": {"float": [1, 0.1]}}, "search.loss.temperature: bounds [1.0, 0.1] "
                                                    "must ascend"),
        ({"loss.temperature": {"float": [0.1, 1], "step": 2}}, "the step 2 is wider than the "
                                                               "bounds"),
        ({"loss.temperature": {"float": [0.1, 1], "log": True, "step": 0.1}}, "log needs bounds "
                                                                              "above 0 and no "
                                                                              "step"),
        ({"view.smoothing_ms": {"float": [0, 1], "log": True}}, "log needs bounds above 0"),
        ({"loss.temperature": {"float": [0.1, 1], "int": [1, 2]}}, "exactly one of float"),
        ({"loss.temperature": {"flaot": [0.1, 1]}}, "unknown key 'search.loss.temperature.flaot'\n "
                                                    " Did you mean"),
        ({"loss.temperature": {"categorical": []}}, "at least one choice"),
        ({"loss.temperature": {"categorical": [0.1, "hot"]}}, "value 'hot' is not valid"),
        ({"training.batch_size": {"float": [16, 64]}}, "a whole number is needed\n  Use int: [low, "
                                                       "high]."),
        ({"training.batch_size": {"int": [1, 64]}}, "search.training.batch_size: value 1 is not "
                                                    "valid"),
        ({"training.batch_size": {"int": [16, 64], "step": 0.5}}, "the step of an int must be "
                                                                  "whole"),
        ({"model.encoder.kind": {"categorical": ["offset1", "offset2"]}}, "value 'offset2' is not "
                                                                          "valid"),
        ({"model.encoder.kind": KINDS, "model.encoder.heads": {"int": [1, 4]}}, "unknown key "
                                                                                "'model.encoder.heads'"),
        ({"evaluation.max_samples": {"int": [10, 100]}}, "determines how trials are scored"),
        ({"task.label": {"categorical": ["position", "choice"]}}, "determines how trials"),
    ],
)  # fmt: skip
def test_paths_types_and_bounds(sessions: dict[str, SessionSpec], search: Any, said: str) -> None:
    assert said in problem(sessions, search=search)


@pytest.mark.parametrize(
    ("when", "said"),
    [
        ({"model.encoder.kind": "attentive"}, "kind is never 'attentive'\n  Its choices: offset1, "
                                              "attention"),
        ({"model.encodr.kind": "attention"}, "is not a config path\n  Did you mean "
                                             "'model.encoder.kind'"),
        ({"optimizer.kind": "adamw"}, "is never searched: optimizer.kind is always 'adam', not "
                                      "'adamw'"),
        ({"model.encoder.heads": 2}, "`when` conditions of model.encoder.heads form a circle"),
    ],
)  # fmt: skip
def test_conditions_that_can_never_be_met(
    sessions: dict[str, SessionSpec], when: Any, said: str
) -> None:
    heads = {"categorical": [1, 2], "when": when}
    assert said in problem(
        sessions, search={"model.encoder.kind": KINDS, "model.encoder.heads": heads}
    )


def test_longer_circles(sessions: dict[str, SessionSpec]) -> None:
    search = {
        "loss.temperature": {"float": [0.1, 1], "when": {"optimizer.learning_rate": 0.1}},
        "optimizer.learning_rate": {"float": [0.1, 1], "when": {"loss.temperature": 0.1}},
    }
    assert "circle" in problem(sessions, search=search)


def test_values_that_are_valid_alone_but_not_together(sessions: dict[str, SessionSpec]) -> None:
    search = {
        "model.encoder.kind": KINDS,
        "model.encoder.hidden_units": {"int": [8, 64], "when": {"model.encoder.kind": "attention"}},
    }
    said = problem(sessions, search=search)
    assert "is not divisible by heads 4; drawn were model.encoder.kind=attention" in said
    search["model.encoder.hidden_units"]["step"] = 4
    checked(sessions, search=search)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({"base": {"training.max_step": 3}}, "s.yaml: unknown key 'training.max_step'\n  Did you "
                                             "mean 'max_steps'"),
        ({"base": {"training": {"max_steps": "many"}}}, "s.yaml: training.max_steps: a whole "
                                                        "number is needed"),
        ({"base": {"loss.temperature": 0.5}}, "'loss.temperature' is in `base` and in `search`"),
        ({"base": {"training.seed": 1, "training": {"seed": 2}}}, "base gives 'training.seed' "
                                                                  "twice"),
        ({"task": {"label": "posiion"}}, "s.yaml: task.label: session 'rat' has no label "
                                         "'posiion'\n  Its labels"),
        (
            {"base": {"sampling.labels": ["x"], "sampling.conditional": "delta"}},
            "sampling.labels: session 'rat' has no label 'x'",
        ),
        ({"task": {"kind": "vqvea"}}, "task.kind 'vqvea' is not known"),
        ({"base": {"sampling.conditional": "discrete"}}, "'discrete' cannot use a"),
        (
            {"scheduler": {"kind": "asha"}, "search": {"training.max_steps": {"int": [9, 99]}}},
            "rungs would differ",
        ),
        ({"sampler": {"kind": "gird"}}, "sampler.kind: 'gird' is not known"),
        ({"budgt": {}}, "unknown key 'budgt'\n  Did you mean 'budget'"),
    ],
)  # fmt: skip
def test_what_is_wrong_whatever_is_drawn_is_said_of_itself(
    sessions: dict[str, SessionSpec], value: Any, said: str
) -> None:
    assert said in problem(sessions, **value)
    if (
        "search" not in value
        and "budgt" not in value
        and "loss.temperature" not in value.get("base", {})
    ):
        assert said in problem(
            sessions, **{"search": {}, **value}
        )  # one fixed config, as `raylab train` checks it


SELECTION = {"categorical": ["all", "variance", "correlation", "random"]}


def test_a_choice_inside_the_view_has_parameters_of_its_own(
    sessions: dict[str, SessionSpec],
) -> None:
    search = {
        "view.selection.count": {
            "int": [2, 40],
            "when": {"view.selection.kind": ["variance", "correlation"]},
        },
        "view.selection.seed": {"int": [0, 9], "when": {"view.selection.kind": "random"}},
        "view.selection.label": {
            "categorical": ["position", "heading"],
            "when": {"view.selection.kind": "correlation"},
        },
        "view.selection.kind": SELECTION,
        "view.clip_max": {"float": [1, 9]},
        "view.resample_hz": {"categorical": [None, 5.0]},
    }
    space, notes = checked(sessions, search=search)
    assert notes == []
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    seen = set()
    for seed in range(12):
        trial = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=seed)).ask()
        space.define()(trial)
        selection = get_path(space.config(trial.params), "view.selection")
        assert ("view.selection.count" in trial.params) == (
            selection.kind in ("variance", "correlation")
        )
        assert ("view.selection.seed" in trial.params) == (selection.kind == "random")
        assert (
            selection.model_dump().items()
            >= {
                path.rpartition(".")[2]: value
                for path, value in trial.params.items()
                if "selection" in path
            }.items()
        )
        seen.add(selection.kind)
    assert seen == set(SELECTION["categorical"])


@pytest.mark.parametrize(
    ("search", "said"),
    [
        ({"view.selection.count": {"int": [2, 9]}}, "selection needs a kind: all, variance, "
                                                    "correlation or random"),
        ({"view.selection.kind": SELECTION, "view.selection.count": {"int": [2, 9]}}, "unknown key "
                                                                                      "'view.selection.c"),
        ({"view.selection.kind": {"categorical": ["all", "best"]}}, "value 'best' is not valid"),
        ({"view.bin_ms": {"int": [0, 9]}, "view.resample_hz": {"float": [1, 9]}}, "bin_ms and "
                                                                                  "resample_hz "
                                                                                  "both set"),
        ({"view.clip_min": {"float": [0, 3]}, "view.clip_max": {"float": [2, 4]}}, "must be below "
                                                                                   "clip_max"),
        ({"sessions.combine": {"categorical": ["separate", "first"]}}, "'first' leaves sessions "
                                                                       "out"),
    ],
)  # fmt: skip
def test_views_and_sessions_that_cannot_be(
    sessions: dict[str, SessionSpec], search: Any, said: str
) -> None:
    assert said in problem(sessions, search=search)


def test_labels_that_a_view_names_or_adds(sessions: dict[str, SessionSpec]) -> None:
    chosen = {"view.selection": {"kind": "correlation", "label": "x"}}
    assert "view.selection.label: session 'rat' has no label 'x'" in problem(sessions, base=chosen)
    timed = {"sampling.labels": ["time"], "sampling.conditional": "time_delta"}
    assert "sampling.labels: session 'rat' has no label 'time'" in problem(sessions, base=timed)
    checked(sessions, base={**timed, "view.normalized_time": True})
    space, _ = checked(
        sessions, base={"view.normalized_time": True}, task={"kind": "contrastive", "label": "time"}
    )
    assert modes(space, sessions) == {space.rung: "max"}


def test_ways_to_combine_that_a_dataset_has_no_use_for(tmp_path: Path) -> None:
    whole = np.array([[0, 400]])
    two = [session("a", given={"train": whole}), session("b", given={"valid": whole}, seed=1)]
    held_out = dataset(tmp_path / "ds", *two, splits=GivenSplits()).sessions
    search = {"sessions.combine": {"categorical": ["separate", "padded"]}}
    space, notes = checked(held_out, search=search)
    assert space.search["sessions.combine"].categorical == ("padded",)
    assert "session 'b' has no training samples" in notes[0]
    kinds = {"view.selection.kind": SELECTION}
    space, notes = checked(held_out, search=kinds, base={"sessions.combine": "padded"})
    assert space.search["view.selection.kind"].categorical == ("all", "random")


def test_objectives_negatives_and_the_focal_loss_are_searched(
    sessions: dict[str, SessionSpec],
) -> None:
    named = {
        "near": {"conditional": "delta", "labels": ["position"]},
        "time": {"conditional": "time"},
    }
    base = {"sampling.conditional": "multi", "sampling.objectives": named}
    search = {
        "sampling.objectives.time.weight": {"float": [0.1, 10], "log": True},
        "sampling.objectives.near.delta": {"float": [0.01, 0.3]},
        "sampling.negatives": {"categorical": [64, 4096]},
        "loss.kind": {"categorical": ["infonce", "focal"]},
        "loss.gamma": {"float": [0.5, 4], "when": {"loss.kind": "focal"}},
    }
    space, _ = checked(sessions, search=search, base=base)
    config = space.config(
        {"sampling.objectives.time.weight": 3.0, "loss.kind": "focal", "loss.gamma": 1.0}
    )
    assert isinstance(config, ContrastiveTrial)
    assert config.sampling.losses["time"].weight == 3.0
    assert config.loss == FocalInfoNCEConfig(kind="focal", gamma=1.0)
    wrong = {"sampling.objectives.time.delta": {"float": [0.01, 0.3]}}
    assert "unknown key 'sampling.objectives.time.delta'" in problem(
        sessions, search=wrong, base=base
    )
    unknown = {**named, "near": {"conditional": "delta", "labels": ["x"]}}
    said = problem(sessions, base={**base, "sampling.objectives": unknown})
    assert "sampling.objectives.near.labels: session 'rat' has no label 'x'" in said


def test_the_space_of_the_documentation_is_valid(sessions: dict[str, SessionSpec]) -> None:
    text = (SHIPPED.parent / "docs" / "contrastive.md").read_text()
    (block,) = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    space, notes = checked(sessions, **yaml.safe_load(block))
    assert len(space.search) == 5
    assert notes == []


def test_positives_across_sessions_need_several(sessions: dict[str, SessionSpec]) -> None:
    search = {"sampling.positives": {"categorical": ["across", "within"]}}
    base = {"sampling.conditional": "time_delta"}
    space, notes = checked(sessions, search=search, base=base)
    assert space.search["sampling.positives"].categorical == ("within",)
    assert "1 session trains, two are needed" in notes[0]


# -- objectives ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    [
        "view.smoothing_ms", "view.bin_ms", "sampling.time_offset", "sampling.conditional",
        "model.encoder.kind", "loss.similarity", "view.zscore", "view.lag_ms", "view.clip_max",
        "view.resample_hz", "view.outlier_z", "view.selection.kind", "view.normalized_time",
        "loss.temperature", "loss.learnable_temperature",
    ],
)  # fmt: skip
def test_goodness_of_fit_is_refused_where_pairs_input_or_temperature_change(
    sessions: dict[str, SessionSpec], path: str
) -> None:
    parameters: dict[str, Any] = {
        "sampling.conditional": {"categorical": ["time", "time_delta"]},
        "model.encoder.kind": {"categorical": ["offset1", "offset5"]},
        "loss.similarity": {"categorical": ["cosine", "euclidean"]},
        "view.zscore": {"categorical": [True, False]},
        "view.normalized_time": {"categorical": [True, False]},
        "loss.learnable_temperature": {"categorical": [True, False]},
        "view.selection.kind": {"categorical": ["all", "variance"]},
    }
    parameter = parameters.get(path, {"int": [1, 100]})
    said = problem(sessions, objective={"metric": "goodness_of_fit"}, search={path: parameter})
    assert f"cannot compare trials that differ in {path}" in said
    checked(sessions, search={path: parameter})  # by decoding it compares


def test_a_study_that_began_with_temperatures_goes_on(sessions: dict[str, SessionSpec]) -> None:
    """Earlier versions compared temperatures by goodness of fit."""
    space = load_space({"search": TEMPERATURE, "objective": {"metric": "goodness_of_fit"}})
    assert check_space(space, sessions, begun=True)[0].metrics == ("goodness_of_fit",)


def test_goodness_of_fit_compares_losses_and_numbers_of_negatives(
    sessions: dict[str, SessionSpec],
) -> None:
    """It is plain InfoNCE on fixed batches, whatever was trained with."""
    search = {
        "sampling.negatives": {"int": [64, 512]},
        "loss.kind": {"categorical": ["infonce", "focal"]},
    }
    checked(sessions, objective={"metric": "goodness_of_fit"}, search=search)


@pytest.mark.parametrize(
    ("objective", "task", "said"),
    [
        ({"metric": "loss"}, {}, "it cannot compare trials"),
        ({"metric": "r2"}, {}, "Use one of: goodness_of_fit, decoding.score, decoding.r2"),
        ({"metric": "decoding.r2", "mode": "min"}, {}, "better when higher"),
        ({"metric": "decoding.median_abs_error", "mode": "max"}, {}, "better when lower"),
        ({"metric": "decoding.r2"}, {"label": "choice"}, "'decoding.r2' does not exist here"),
        (
            {"metric": "decoding.accuracy"},
            {"label": "position"},
            "'decoding.accuracy' does not exist here",
        ),
    ],
)
def test_objectives_that_do_not_compare(
    sessions: dict[str, SessionSpec], objective: dict, task: dict, said: str
) -> None:
    assert said in problem(sessions, objective=objective, task={"kind": "contrastive", **task})


def test_objectives_of_a_dataset_without_labels(unlabelled: dict[str, SessionSpec]) -> None:
    assert "The dataset has no label. Use one of: goodness_of_fit." in problem(unlabelled)
    space, _ = checked(unlabelled, search=DROPOUT, objective={"metric": "goodness_of_fit"})
    assert modes(space, unlabelled) == {space.rung: "max"}


def test_the_direction_is_the_metric_s(sessions: dict[str, SessionSpec]) -> None:
    for metric, mode in (
        ("decoding.score", "max"),
        ("decoding.median_abs_error", "min"),
        ("goodness_of_fit", "max"),
    ):
        space, _ = checked(sessions, search=DROPOUT, objective={"metric": metric})
        assert modes(space, sessions) == {space.rung: mode}


# -- what a dataset can use ------------------------------------------------------------------------


def test_choices_that_the_label_has_no_meaning_for_are_left_out_and_said(
    sessions: dict[str, SessionSpec],
) -> None:
    conditional = {"categorical": ["time", "time_delta", "discrete"]}
    space, notes = checked(
        sessions, search={"sampling.conditional": conditional}, budget={"trials": 2}
    )
    assert space.search["sampling.conditional"].categorical == ("time", "time_delta")
    assert len(notes) == 1
    assert "sampling.conditional: discrete left out" in notes[0]
    discrete, _ = checked(
        sessions, search={"sampling.conditional": conditional}, task={"label": "choice"}
    )
    assert discrete.search["sampling.conditional"].categorical == ("time", "discrete")


def test_what_hangs_on_a_choice_left_out_goes_with_it(sessions: dict[str, SessionSpec]) -> None:
    search = {
        "sampling.delta": {"float": [0.05, 0.3], "when": {"sampling.conditional": "delta"}},
        "sampling.conditional": {"categorical": ["time", "delta"]},
        "loss.temperature": {
            "float": [0.1, 1],
            "when": {"sampling.conditional": ["delta", "time"]},
        },
    }
    space, notes = checked(sessions, search=search, task={"label": "choice"})
    assert list(space.search) == ["sampling.conditional", "loss.temperature"]
    assert any("sampling.delta: left out" in note for note in notes)


def test_no_usable_choice_is_an_error(sessions: dict[str, SessionSpec]) -> None:
    search = {"sampling.conditional": {"categorical": ["discrete"]}}
    assert "'discrete' cannot use a continuous label" in problem(sessions, search=search)


def test_grace_beyond_the_last_step_is_said(sessions: dict[str, SessionSpec]) -> None:
    _, notes = checked(
        sessions, scheduler={"kind": "asha", "grace_steps": 300}, base={"training.max_steps": 100}
    )
    assert "no trial will be stopped early" in notes[0]


# -- overrides -------------------------------------------------------------------------------------


def test_overrides_pin_searched_paths_and_what_hangs_on_them() -> None:
    search = {
        "model.encoder.kind": KINDS,
        "model.encoder.heads": {"categorical": [1, 2], "when": {"model.encoder.kind": "attention"}},
        **TEMPERATURE,
    }
    for override in ({"model.encoder.kind": "offset1"}, {"model.encoder": {"kind": "offset1"}}):
        space = load_space({"search": search}, override)
        assert list(space.search) == ["loss.temperature"]
        assert get_path(space.config({}), "model.encoder.kind") == "offset1"
    space = load_space({"search": search}, {"model.encoder.kind": "attention"})
    assert list(space.search) == ["model.encoder.heads", "loss.temperature"]


def test_an_override_beats_the_base_however_that_is_written() -> None:
    for base in ({"training.max_steps": 9}, {"training": {"max_steps": 9, "seed": 4}}):
        space = load_space(
            {"base": base, "search": TEMPERATURE}, {"training.max_steps": 50, "budget.trials": 3}
        )
        assert space.config({}).training.max_steps == 50
        assert space.budget.trials == 3
        assert space.config({}).training.seed == base.get("training", {}).get("seed", 0)


def test_a_pinned_conditional_is_still_checked(sessions: dict[str, SessionSpec]) -> None:
    search = {
        "sampling.conditional": {"categorical": ["time", "delta"]},
        "sampling.delta": {"float": [0.05, 0.3], "when": {"sampling.conditional": "delta"}},
    }
    space, _ = checked(sessions, {"sampling.conditional": "delta"}, search=search)
    assert list(space.search) == ["sampling.delta"]
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    trial = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0)).ask()
    space.define()(trial)
    assert 0.05 <= trial.params["sampling.delta"] <= 0.3


def test_conditions_on_defaults_hold_in_every_trial(sessions: dict[str, SessionSpec]) -> None:
    parameter = {"float": [0.0, 0.1], "when": {"optimizer.kind": ["adam", "adamw"]}}
    space, _ = checked(sessions, search={"optimizer.weight_decay": parameter})
    trial = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0)).ask()
    space.define()(trial)
    assert list(trial.params) == ["optimizer.weight_decay"]


@pytest.mark.parametrize(
    "path", ["search.loss.temperature", "base.training.seed", "search", "base"]
)
def test_overrides_name_config_paths(path: str) -> None:
    with pytest.raises(ConfigError, match="names a config path, without"):
        load_space({"search": TEMPERATURE}, {path: 1})


@pytest.mark.parametrize("text", ["search:\n", "base:\n", "search: 3\n", "base: [1]\n"])
def test_overrides_of_a_space_that_is_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "s.yaml").write_text(text)
    with pytest.raises(ConfigError, match=r"s\.yaml:1: (search|base): keys and values are needed"):
        load_space(tmp_path / "s.yaml", {"loss.temperature": 1})


# -- draws -----------------------------------------------------------------------------------------


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_draws_stay_inside_and_follow_their_conditions(seed: int) -> None:
    search = {
        "model.encoder.heads": {
            "int": [1, 4],
            "step": 3,
            "when": {"model.encoder.kind": "attention"},
        },
        "model.encoder.kind": {"categorical": ["offset1", "linear", "attention"]},
        "model.encoder.receptive_field": {
            "int": [2, 9],
            "when": {"model.encoder.kind": ["linear", "attention"]},
        },
        "loss.temperature": {"float": [0.1, 1], "log": True},
        "optimizer.weight_decay": {"float": [0, 1], "step": 0.25},
    }
    space = load_space({"search": search})
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    trial = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=seed)).ask()
    space.define()(trial)
    params, kind = trial.params, trial.params["model.encoder.kind"]
    assert ("model.encoder.heads" in params) == (kind == "attention")
    assert ("model.encoder.receptive_field" in params) == (kind != "offset1")
    assert params.get("model.encoder.heads", 1) in (1, 4)
    assert params["optimizer.weight_decay"] in (0, 0.25, 0.5, 0.75, 1)
    config = space.config(params)
    for path, value in params.items():
        assert get_path(config, path) == pytest.approx(value) if isinstance(value, float) else value


@pytest.mark.parametrize("path", sorted(SHIPPED.glob("*.yaml")), ids=lambda path: path.stem)
def test_shipped_spaces_are_valid(path: Path, tmp_path: Path) -> None:
    labels = {**session().labels, "direction": Label.discrete(session().labels["choice"].values)}
    sessions = dataset(tmp_path / "ds", session(labels=labels)).sessions
    space, _ = check_space(load_space(path), sessions, source=path.name)
    again = yaml.safe_load(
        yaml.safe_dump(space.model_dump(mode="json", by_alias=True, exclude_none=True))
    )
    assert check_space(load_space(again), sessions) == (
        space,
        [],
    )  # as `resume` reads it from the study


def test_the_smoke_space_needs_no_label(unlabelled: dict[str, SessionSpec]) -> None:
    check_space(load_space(SHIPPED / "smoke.yaml"), unlabelled)


def test_what_the_rest_decides_is_not_searched(tmp_path: Path) -> None:
    """Whole trials have no window: a search over it would draw the same config again and again."""
    space, notes = checked(
        dataset(tmp_path).sessions,
        task={"kind": "decoder"},
        objective={"metric": "decoding.score"},
        base={"evaluation.per": "segment"},
        budget={"trials": 2},
        search={
            "input.window": {"categorical": [1, 5]},
            "model.kind": {"categorical": ["ridge", "knn"]},
        },
    )
    assert list(space.search) == ["model.kind"]
    assert notes == ["input.window: left out, the rest of the config decides it"]
