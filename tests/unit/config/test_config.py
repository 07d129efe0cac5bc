"""Configs: what is not known is an error that says which word to mend; what is read is what was
written.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from raylab.config.contrastive import ContrastiveTrial
from raylab.config.dotted import get_path, set_path
from raylab.config.parse import parse_override, parse_trial
from raylab.config.training import TrainingConfig
from raylab.config.yaml_files import load_yaml
from raylab.data.recipe import parse_recipe
from raylab.errors import ConfigError
from raylab.space.space import Space


def problem(value: Any, source: str = "c.yaml") -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        parse_trial(value, source)
    assert caught.value.what.startswith(f"{source}: ")
    assert "\n" not in caught.value.what
    return caught.value


@pytest.mark.parametrize(
    ("value", "key", "meant"),
    [
        ({"trainig": {}}, "trainig", "training"),
        ({"training": {"max_step": 5}}, "training.max_step", "max_steps"),
        ({"model": {"encoder": {"kind": "attention", "head": 2}}}, "model.encoder.head", "heads"),
        ({"model": {"encoder": {"hiden_units": 2}}}, "model.encoder.hiden_units", "hidden_units"),
        ({"loss": {"temprature": 2}}, "loss.temprature", "temperature"),
        ({"task": {"kind": "contrastive", "lable": "x"}}, "task.lable", "label"),
    ],
)
def test_unknown_keys_are_named_with_the_word_that_was_meant(
    value: Any, key: str, meant: str
) -> None:
    error = problem(value)
    assert error.what == f"c.yaml: unknown key '{key}'"
    assert error.remedy == f"Did you mean '{meant}'?"


def test_a_key_of_another_choice_does_not_exist() -> None:
    error = problem({"model": {"encoder": {"kind": "offset5", "heads": 4}}})
    assert error.what == "c.yaml: unknown key 'model.encoder.heads'"
    assert error.remedy == "It exists where model.encoder.kind is attention."


@pytest.mark.parametrize("word", ["adam", "offset10", "contrastive", "infonce", "kind"])
def test_a_key_that_is_the_name_of_a_choice_is_still_named(word: str) -> None:
    assert problem({word: 3}).what == f"c.yaml: unknown key '{word}'"
    assert problem({"model": {"encoder": {"kind": "offset10", "offset10": 3}}}).what.endswith(
        "'model.encoder.offset10'"
    )


def test_a_label_named_as_a_kind_keeps_its_name_in_errors() -> None:
    labels = {"discrete": {"path": "x", "kind": "cont"}}
    value = {
        "format": "npz",
        "neural": {"path": "x", "kind": "rate"},
        "time": {"rate_hz": 1},
        "labels": labels,
    }
    with pytest.raises(ConfigError, match=r"labels\.discrete\.kind: 'cont' is not known"):
        parse_recipe(value, "r.yaml")


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        (
            "training.batch_size",
            "many",
            "training.batch_size: a whole number is needed (given: 'many')",
        ),
        (
            "training.batch_size",
            1,
            "training.batch_size: it should be greater than or equal to 2 (given: 1)",
        ),
        ("training.max_steps", 2.5, "training.max_steps: a whole number is needed (given: 2.5)"),
        ("training.max_steps", None, "training.max_steps: a whole number is needed"),
        ("training", 5, "training: keys and values are needed (given: 5)"),
        ("loss.temperature", 0, "loss.temperature: it should be greater than 0 (given: 0)"),
        (
            "loss.temperature",
            float("nan"),
            "loss.temperature: it should be a finite number (given: nan)",
        ),
        ("view.zscore", "maybe", "view.zscore: true or false is needed (given: 'maybe')"),
        ("model.output_dimension", 2000, "it should be less than or equal to 1024 (given: 2000)"),
        (
            "sampling",
            {"conditional": "delta", "labels": "position"},
            "sampling.labels: a list is needed (given: 'position')",
        ),
        ("task.label", 3, "task.label: text is needed (given: 3)"),
        (
            "evaluation.neighbours",
            [0],
            "evaluation: neighbours must be one or more positive integers",
        ),
    ],
)
def test_wrong_values_name_the_key_and_what_is_needed(path: str, value: Any, said: str) -> None:
    assert said in problem(set_path({}, path, value)).what


@pytest.mark.parametrize(
    ("path", "value", "choice"),
    [
        ("model.encoder.kind", "offset7", "offset5"),
        ("optimizer.kind", "sgd", "adamw"),
        ("sampling.conditional", "tim", "time_delta"),
    ],
)
def test_unknown_choices_come_with_those_there_are(path: str, value: str, choice: str) -> None:
    error = problem(set_path({}, path, value))
    assert error.what == f"c.yaml: {path}: '{value}' is not known"
    assert error.remedy.startswith("Use one of: ")
    assert choice in error.remedy


@pytest.mark.parametrize(
    "task", [{"kind": "vqvea"}, {"kind": ["a"]}, {"kind": 3}, "contrastive", None, 3]
)
def test_unknown_families(task: Any) -> None:
    assert "task" in problem({"task": task}).what


def test_settings_that_contradict_each_other() -> None:
    attention = {"kind": "attention", "hidden_units": 10, "heads": 4}
    assert (
        "hidden_units 10 is not divisible by heads 4"
        in problem({"model": {"encoder": attention}}).what
    )
    never = {"temperature": 0.01, "learnable_temperature": True}
    assert "would never change" in problem({"loss": never}).what


def test_the_encoder_s_kind_has_a_default() -> None:
    config = parse_trial({"model": {"encoder": {"hidden_units": 64}}}, "c.yaml")
    assert get_path(config, "model.encoder.kind") == "offset10"
    assert get_path(config, "model.encoder.hidden_units") == 64


def test_configs_are_frozen_and_survive_their_record() -> None:
    config = parse_trial(
        {"model": {"encoder": {"kind": "attention"}}, "view": {"smoothing_ms": 1 / 3}}, "c.yaml"
    )
    assert parse_trial(config.model_dump(mode="json"), "record") == config
    with pytest.raises(ValueError, match="frozen"):
        config.training.seed = 3  # type: ignore[misc]


@pytest.mark.parametrize(
    ("steps", "every", "interval"),
    [(3000, None, 300), (5, None, 1), (20, 7, 7), (20, 100, 20), (1, None, 1)],
)
def test_validation_interval(steps: int, every: int | None, interval: int) -> None:
    assert TrainingConfig(max_steps=steps, validate_every=every).interval == interval


# -- YAML and overrides ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "the file is empty"),
        ("# only a comment\n", "the file is empty"),
        ("[1, 2]", "found a list"),
        ("just words", "found 'just words'"),
        ("a: b: c", "not valid YAML: mapping values are not allowed here at line 1"),
        ("training:\n  seed: 1\n  seed: 2\n", "not valid YAML: 'seed' is given twice at line 3"),
        ("base: {a.b: 1}\nbase: {}", "'base' is given twice"),
        ("!!python/object/apply:os.system [echo]", "could not determine a constructor"),
    ],
)
def test_yaml_that_is_no_config(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "c.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        load_yaml(path)
    assert caught.value.what.startswith(f"{path}: ")
    assert said in caught.value.what
    assert "\n" not in caught.value.what
    assert caught.value.remedy


def test_files_that_are_no_text(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_bytes(b"\xff\xfe\x00")
    for path in (tmp_path / "c.yaml", tmp_path, tmp_path / "none.yaml"):
        with pytest.raises(ConfigError, match=r"(not readable|no such file)"):
            load_yaml(path)


def test_numbers_as_people_write_them(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text(
        "a: 1e-4\nb: 1E5\nc: -2.e3\nd: 12\ne: '1e-4'\nf: e5\nmerged: {<<: {x: 1}, x: 2}\n"
    )
    found = load_yaml(tmp_path / "c.yaml")
    assert found == {
        "a": 1e-4,
        "b": 1e5,
        "c": -2e3,
        "d": 12,
        "e": "1e-4",
        "f": "e5",
        "merged": {"x": 2},
    }


@pytest.mark.parametrize(
    ("text", "path", "value"),
    [
        ("training.batch_size=512", "training.batch_size", 512),
        ("optimizer.learning_rate=1e-3", "optimizer.learning_rate", 1e-3),
        ("task.label = head angle", "task.label", "head angle"),
        ("view.zscore=false", "view.zscore", False),
        ("sampling.labels=[a, b]", "sampling.labels", ["a", "b"]),
        ("task.label=a=b", "task.label", "a=b"),
        ("training.validate_every=", "training.validate_every", None),
    ],
)
def test_overrides(text: str, path: str, value: Any) -> None:
    assert parse_override(text) == (path, value)


@pytest.mark.parametrize("text", ["x", "", "=3", " =3", "a..b=3", ".a=3", "a.=3", "a=[1", "a={b"])
def test_overrides_that_are_none(text: str) -> None:
    with pytest.raises(ConfigError, match="--set") as caught:
        parse_override(text)
    assert caught.value.remedy


paths = st.lists(st.sampled_from("abc"), min_size=1, max_size=4).map(".".join)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(paths, st.integers()), max_size=5), paths, st.integers())
def test_set_path_sets_one_leaf_and_leaves_the_original(
    before: list[tuple[str, int]], path: str, leaf: int
) -> None:
    value: dict[str, Any] = {}
    for other, number in before:
        value = set_path(value, other, number)
    copy = repr(value)
    changed = set_path(value, path, leaf)
    assert get_path(changed, path) == leaf
    assert repr(value) == copy


def test_every_default_is_valid() -> None:
    assert parse_trial({}, "defaults") == ContrastiveTrial()
    assert Space().config({}) == ContrastiveTrial()
