"""YAML files are read by the rules of YAML 1.2, and texts stay as they are written."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path

import pytest
import yaml
from pydantic import TypeAdapter

from raylab.config.parse import parse_override
from raylab.config.splits import SessionName
from raylab.config.yaml_files import load_yaml
from raylab.errors import ConfigError
from raylab.space.load_space import load_space


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("010", "010"),
        ("007", "007"),
        ("2022-07-26", "2022-07-26"),
        ("12:30", "12:30"),
        ("on", "on"),
        ("No", "No"),
        ("1_000", "1_000"),
        ("0x1F", "0x1F"),
        ("true", True),
        ("8", 8),
        ("-5", -5),
        ("20230415123456789", 20230415123456789),
        ("3.10", 3.1),
        ("1e-4", 1e-4),
        ("1e3", 1000.0),
        (".5", 0.5),
        ("~", None),
        ("", None),
        ("'8'", "8"),
    ],
)
def test_a_value(text: str, value: object, tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(f"key: {text}\nlist: [{text or '~'}]\n")
    assert load_yaml(path) == {"key": value, "list": [value]}
    assert type(load_yaml(path)["key"]) in (type(value), *type(value).__subclasses__())


def test_keys_are_texts(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("on: 1\n010: 2\n3.10: 3\n5: 4\nbase: &b {x: 1}\nmerged: {<<: *b, y: 2}\n")
    loaded = load_yaml(path)
    assert list(loaded) == ["on", "010", "3.10", "5", "base", "merged"]
    assert loaded["merged"] == {"x": 1, "y": 2}
    path.write_text("1: a\n'1': b\n")
    with pytest.raises(ConfigError, match="given twice"):
        load_yaml(path)


def test_an_id_keeps_its_digits() -> None:
    ids = TypeAdapter(tuple[SessionName, ...])
    _, stated = parse_override("splits.test=[010, 3.10, 3.1, 8, 2022-07-26, 1e3]")
    assert ids.validate_python(stated) == ("010", "3.10", "3.1", "8", "2022-07-26", "1e3")


def test_a_number_as_written_is_a_number_elsewhere() -> None:
    _, number = parse_override("x=3.10")
    assert isinstance(number, float)
    for same in (copy.deepcopy(number), pickle.loads(pickle.dumps(number))):
        assert (same, str(same)) == (3.1, "3.10")
    assert yaml.safe_dump([number]) == "- 3.1\n"


def test_a_list_is_no_choice() -> None:
    space = {"search": {"evaluation.neighbours": {"categorical": [[1, 2], [3]]}}}
    with pytest.raises(ConfigError, match=r"a choice is a single value .* not \[1, 2\]"):
        load_space(space)
