"""Constraints, points to try first, shared draws, Python objects, and errors that point at a line
or an override.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from helpers import dataset

import raylab
from raylab.data.dataset import Dataset
from raylab.errors import ConfigError
from raylab.space.constraints import Constraint
from raylab.space.load_space import load_space
from raylab.space.space import Space
from raylab.tuning.checks.space import check_space
from raylab.tuning.planning.study_plan import make_plan

UNITS = {"int": [8, 16], "step": 8}
ATTENTION: dict[str, Any] = {
    "model.encoder.hidden_units": {
        "int": [4, 12],
        "step": 1,
        "when": {"model.encoder.kind": "attention"},
    },
    "model.encoder.heads": {"int": [1, 3], "when": {"model.encoder.kind": "attention"}},
    "model.encoder.kind": {"categorical": ["offset1", "attention"]},
}
DIVIDES = "model.encoder.hidden_units % model.encoder.heads == 0"
TEMPERATURE = {"loss.temperature": {"float": [0.1, 1.0]}}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return dataset(tmp_path_factory.mktemp("draws") / "ds")


def checked(data: Dataset, **value: Any) -> Space:
    return check_space(load_space(value), data.sessions, source="s.yaml")[0]


def problem(data: Dataset, **value: Any) -> str:
    with pytest.raises(ConfigError) as caught:
        checked(data, **value)
    return str(caught.value)


# -- constraints -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("a.b * 2 <= 8 and c == 'x'", True),
        ("1 < a.b < 4", False),
        ("not a.b == 4 or a.b // 3 == 1", True),
        ("c in ['x', 'y'] and d == null and -a.b < 0", True),
        ("a.b % 3 == 0", False),
    ],
)
def test_expressions(text: str, holds: bool) -> None:
    values = {"a.b": 4, "c": "x", "d": None}
    assert Constraint(text).holds(values.__getitem__) is holds


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').system('true') == 0",
        "a.b ** 99 > 1",
        "(lambda: 1)() == a",
        "[a for a in b] == c",
        "a.b[0] == 1",
        "f'{a}' == b",
        "a.b +",
        "a.b",
        "1 == 1",
        "a" * 600 + " > 1",
        "(" * 400 + "a" + ")" * 400 + " > 1",
        "a == b'x'",
        "(x := a) == 1",
    ],
)
def test_what_is_no_constraint_is_refused_where_it_stands(text: str) -> None:
    with pytest.raises(ConfigError, match=r"s: constraints\.1: "):
        load_space(
            {"search": TEMPERATURE, "constraints": ["loss.temperature > 0.2", text]}, source="s"
        )


def test_draws_are_valid_because_of_a_constraint(data: Dataset) -> None:
    assert "hidden_units" in problem(data, search=ATTENTION)
    space = checked(data, search=ATTENTION, constraints=[DIVIDES])
    kind = {"model.encoder.kind": "attention", "model.encoder.heads": 3}
    assert space.broken({**kind, "model.encoder.hidden_units": 9}) is None
    assert space.broken({**kind, "model.encoder.hidden_units": 10}) == DIVIDES
    assert space.broken({"model.encoder.kind": "offset1"}) is None  # which has no heads


def test_a_constraint_may_name_what_has_its_default(data: Dataset) -> None:
    search = {"training.batch_size": {"int": [64, 512]}}
    space = checked(
        data, search=search, constraints=["training.batch_size * model.output_dimension <= 1024"]
    )
    assert space.broken({"training.batch_size": 128}) is None
    assert space.broken({"training.batch_size": 129})


def test_constraints_that_cannot_be_met_or_name_nothing(data: Dataset) -> None:
    said = problem(
        data, search=TEMPERATURE, constraints=["loss.temperature < 9", "loss.temperature > 2"]
    )
    assert said.startswith("s.yaml: constraints.1: no draw meets loss.temperature > 2; drawn were")
    said = problem(data, search=TEMPERATURE, constraints=["loss.temprature < 2"])
    assert (
        "s.yaml: constraints.0: 'loss.temprature' is no config path\n  Did you mean "
        "'loss.temperature'?" in said
    )
    said = problem(data, search=TEMPERATURE, constraints=["view.clip_min < loss.temperature"])
    assert "not supported between instances of 'NoneType' and 'float'" in said


def test_a_grid_has_the_points_that_meet_the_constraints(data: Dataset) -> None:
    search = {
        "training.batch_size": {"categorical": [64, 128]},
        "sampling.time_offset": {"categorical": [1, 2]},
    }
    constraints = ["training.batch_size * sampling.time_offset <= 128"]
    assert (
        checked(
            data, search=search, constraints=constraints, sampler={"kind": "grid"}
        ).budget.trials
        == 3
    )


# -- points ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("points", "said"),
    [
        ([{"loss.temperatur": 0.5}], "points.0: 'loss.temperatur' is not searched\n  Did you mean"),
        (
            [{"loss.temperature": 0.5}, {"loss.temperature": 2}],
            "points.1.loss.temperature: 2 cannot be drawn",
        ),
        ([{"training.batch_size": 100}], "points.0.training.batch_size: 100 cannot be drawn"),
        ([{"model.normalize": 1}], "points.0.model.normalize: 1 cannot be drawn"),
        (
            [{"sampling.delta": 0.1}],
            "points.0.sampling.delta: it exists only with some sampling.conditional",
        ),
        (
            [{"sampling.delta": 0.1, "sampling.conditional": "time"}],
            "points.0.sampling.delta: its `when` is not met",
        ),
        ([{"loss.temperature": 0.5}] * 2, "points.1: this point is listed twice"),
        ([{"loss.temperature": 0.9}], "points.0: it breaks loss.temperature < 0.8"),
        ({"loss.temperature": 0.9}, "points: a list is needed"),
    ],
)
def test_points_are_checked(data: Dataset, points: Any, said: str) -> None:
    search = {
        **TEMPERATURE,
        "training.batch_size": {"int": [64, 128], "step": 32},
        "model.normalize": {"categorical": [True, False]},
        "sampling.conditional": {"categorical": ["time", "delta"]},
        "sampling.delta": {"float": [0.05, 0.3], "when": {"sampling.conditional": "delta"}},
    }
    assert said in problem(
        data, search=search, points=points, constraints=["loss.temperature < 0.8"]
    )


def test_a_pinned_path_leaves_the_points() -> None:
    search = {**TEMPERATURE, "training.batch_size": {"int": [64, 128]}}
    points = [{"loss.temperature": 0.5}, {"loss.temperature": 0.4, "training.batch_size": 64}]
    space = load_space({"search": search, "points": points}, {"loss.temperature": 0.3})
    assert space.points == ({"training.batch_size": 64},)


# -- shared draws ----------------------------------------------------------------------------------

SHARED = {**UNITS, "paths": ["model.encoder.hidden_units", "model.output_dimension"]}


def test_one_draw_for_several_paths(data: Dataset) -> None:
    delta = {"float": [0.1, 0.9], "when": {"width": 16}}
    space = checked(data, search={"width": SHARED, "loss.temperature": delta})
    config = space.config({"width": 16, "loss.temperature": 0.2}).model_dump()
    assert config["model"]["encoder"]["hidden_units"] == config["model"]["output_dimension"] == 16
    assert space.searched == (
        "model.encoder.hidden_units",
        "model.output_dimension",
        "loss.temperature",
    )
    assert not space.active("loss.temperature", space.drawn({"width": 8}))
    again = yaml.safe_load(
        yaml.safe_dump(space.model_dump(mode="json", by_alias=True, exclude_none=True))
    )
    assert load_space(again) == space


@pytest.mark.parametrize(
    ("search", "said"),
    [
        ({"model.width": SHARED}, "search.model.width: a draw for several paths needs a name"),
        ({"model": SHARED}, "search.model: a draw for several paths needs a name"),
        ({"width": {**SHARED, "paths": ["model.output_dimension"]}}, "paths needs two or more"),
        (
            {"width": {**UNITS, "paths": ["model.output_dimension", "model.encoder.unitz"]}},
            "search.width: value 8",
        ),
        (
            {"width": {**UNITS, "paths": ["model.output_dimension", "task.label"]}},
            "search.width: it determines how",
        ),
        (
            {"width": SHARED, "model.output_dimension": UNITS},
            "search.width.paths: 'model.output_dimension' is set",
        ),
        (
            {
                "width": SHARED,
                "loss.temperature": {"float": [0.1, 1], "when": {"model.output_dimension": 8}},
            },
            "name that",
        ),
    ],
)
def test_shared_draws_are_checked(data: Dataset, search: dict[str, Any], said: str) -> None:
    assert said in problem(data, search=search)


def test_a_shared_draw_is_pinned_by_its_name() -> None:
    value = {
        "search": {
            "width": SHARED,
            "loss.temperature": {"float": [0.1, 0.9], "when": {"width": 16}},
        }
    }
    space = load_space(value, {"width": 16})
    assert space.base == {"model.encoder.hidden_units": 16, "model.output_dimension": 16}
    assert space.search["loss.temperature"].when == {}
    assert list(load_space(value, {"width": 8}).search) == []
    with pytest.raises(
        ConfigError, match=r"--set model.output_dimension: it shares its draw"
    ) as caught:
        load_space(value, {"model.output_dimension": 8})
    assert caught.value.remedy == "Pin them together: --set width=8"


# -- Python objects --------------------------------------------------------------------------------


def test_python_objects_are_what_yaml_says() -> None:
    made = raylab.Space(
        search={
            "loss.temperature": raylab.Float(0.05, 3, log=True),
            "training.batch_size": raylab.Choice([128, 256]),
            "sampling.delta": raylab.Float(
                0.1, 0.5, step=0.1, when={"sampling.conditional": ("delta", "mixed")}
            ),
            "width": raylab.Int(8, 64, step=8, paths=SHARED["paths"]),
        }
    )
    text = """
    search:
      loss.temperature: {float: [0.05, 3], log: true}
      training.batch_size: {categorical: [128, 256]}
      sampling.delta: {float: [0.1, 0.5], step: 0.1, when: {sampling.conditional: [delta, mixed]}}
      width: {int: [8, 64], step: 8, paths: [model.encoder.hidden_units, model.output_dimension]}
    """
    assert load_space(made) == load_space(yaml.safe_load(text)) == made
    with pytest.raises(ConfigError, match=r"raylab\.Float: bounds \[3.0, 1.0\] must ascend"):
        raylab.Float(3, 1)


# -- where an error is -----------------------------------------------------------------------------

TEXT = """\
task: {kind: contrastive}
base:
  training.max_steps: 50
search:
  loss.temperature: {float: [0.1, 1.0]}
  model.encoder.kind:
    categorical: [offset1, offset5]
"""


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("max_steps: 50", "max_stepz: 50", ":3: unknown key 'training.max_stepz'"),
        (
            "max_steps: 50",
            "max_steps: true",
            ":3: training.max_steps: a whole number is needed (given: True)",
        ),
        ("[0.1, 1.0]", "[0.1, 999]", ":5: search.loss.temperature: value 999.0 is not valid"),
        ("[0.1, 1.0]", "[true, 2]", ":5: search.loss.temperature.float: a number is needed"),
        ("float:", "floot:", ":5: unknown key 'search.loss.temperature.floot'"),
        ("loss.temperature", "los.temperature", ":5: "),
        (
            "categorical: [offset1, offset5]",
            "categorical: [offset1, offset6]",
            ":6: search.model.encoder.kind",
        ),
        ("task:", "sampler: {kind: cma}\ntask:", ":1: sampler.kind: 'cma' is not known"),
        (
            "search:",
            "constraints:\n  - loss.temperature > 0\n  - loss.temperature > 2\nsearch:",
            ":6: constraints.1",
        ),
        (
            "search:",
            "points:\n- {loss.temperature: 7}\nsearch:",
            ":5: points.0.loss.temperature: 7 cannot be drawn",
        ),
    ],
)
def test_errors_point_at_the_line(
    data: Dataset, tmp_path: Path, old: str, new: str, said: str
) -> None:
    path = tmp_path / "space.yaml"
    path.write_text(TEXT.replace(old, new, 1))
    with pytest.raises(ConfigError) as caught:
        make_plan(path, data.path)
    assert caught.value.what.startswith(f"{path}{said}")


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("training.max_stepz", 3, "--set training.max_stepz: unknown key 'training.max_stepz'"),
        (
            "training.max_steps",
            True,
            "--set training.max_steps: training.max_steps: a whole number is needed",
        ),
        ("loss.temperature", 999, "--set loss.temperature: loss.temperature"),
        ("budget.trials", 0, "--set budget.trials: budget.trials"),
        ("scheduler.kind", "aha", "--set scheduler.kind: scheduler.kind: 'aha' is not known"),
        ("search.loss.temperature", 1, "--set search.loss.temperature: an override names"),
    ],
)
def test_errors_name_the_override(
    data: Dataset, tmp_path: Path, path: str, value: Any, said: str
) -> None:
    (tmp_path / "space.yaml").write_text(TEXT)
    with pytest.raises(ConfigError) as caught:
        make_plan(tmp_path / "space.yaml", data.path, overrides={"training.seed": 1, path: value})
    assert caught.value.what.startswith(said)


def test_points_that_the_dataset_cannot_use_are_left_out(data: Dataset) -> None:
    """A shipped space has points for every kind of label."""
    value = {
        "search": {
            "sampling.conditional": {"categorical": ["time", "time_delta", "discrete"]},
            "loss.temperature": {"float": [0.1, 1]},
        },
        "points": [
            {"sampling.conditional": "discrete", "loss.temperature": 0.3},
            {"sampling.conditional": "time", "loss.temperature": 0.2},
        ],
    }
    space, notes = check_space(load_space(value), data.sessions)
    assert space.points == ({"sampling.conditional": "time", "loss.temperature": 0.2},)
    assert "points: sampling.conditional=discrete, loss.temperature=0.3 left out" in " ".join(notes)
