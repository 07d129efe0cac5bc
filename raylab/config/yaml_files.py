"""YAML files, read safely: limits on size and depth, no repeated keys, errors with the line."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path

import yaml

from raylab.errors import ConfigError
from raylab.paths import local_path


class _Loader(yaml.SafeLoader):
    """A safe loader that reads values by the rules of YAML 1.2, and keys as they are written.

    PyYAML follows YAML 1.1, in which `010` is 8, `on` is true, `12:30` is 750 and `2022-07-26` is
    a date. Ids of sessions look like this; here they are texts. Repeated keys, of which YAML would
    keep the last, are refused.
    """

    # Resolvers by the first character of a value, without those of YAML 1.1.
    yaml_implicit_resolvers = {}

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[object, object]:
        seen: set[str] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.tag != MERGE:
                if key.value in seen:
                    raise yaml.constructor.ConstructorError(
                        None, None, f"'{key.value}' is given twice", key.start_mark
                    )
                seen.add(key.value)
                key.tag = TEXT
        return super().construct_mapping(node, deep=deep)


MERGE, TEXT = "tag:yaml.org,2002:merge", "tag:yaml.org,2002:str"
for _tag, _pattern, _first in (
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("int", r"[-+]?(0|[1-9][0-9]*)", "-+0123456789"),
    ("float", r"[-+]?(\.[0-9]+|(0|[1-9][0-9]*)(\.[0-9]*)?)([eE][-+]?[0-9]+)?", "-+.0123456789"),
    ("float", r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)", "-+."),
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("merge", r"<<", "<"),
):
    _Loader.add_implicit_resolver(
        f"tag:yaml.org,2002:{_tag}", re.compile(f"(?:{_pattern})$"), list(_first)
    )


class WrittenFloat(float):
    """A number that Python would write in another way than its file does, such as 3.10.

    `str` gives the text of the file: where a config wants a text, an id 3.10 must not become 3.1.
    """

    def __new__(cls, value: float | str, text: str = "") -> WrittenFloat:
        number = super().__new__(cls, value)
        number._text = text or str(value)
        return number

    _text: str

    def __getnewargs__(self) -> tuple[float, str]:  # type: ignore[override]
        return float(self), self._text

    def __str__(self) -> str:
        return self._text


def _float(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> float:
    value = loader.construct_yaml_float(node)
    return value if str(value) == node.value else WrittenFloat(value, node.value)


_Loader.add_constructor("tag:yaml.org,2002:float", _float)
yaml.SafeDumper.add_representer(
    WrittenFloat, lambda dumper, value: dumper.represent_float(float(value))
)

MOST_NODES, DEEPEST = 100_000, 50


def _loaded(text: str) -> object:
    """The value that YAML describes.

    Raises:
        YAMLError: Not YAML, too deep, or too large once its aliases (`*name`) are written out.
    """
    loader = _Loader(text)
    try:
        node = loader.get_single_node()
        if node is None:
            return None
        if _size(node, {}, 0) > MOST_NODES:
            raise yaml.YAMLError(f"more than {MOST_NODES} values, its aliases written out")
        return loader.construct_document(node)
    except yaml.YAMLError:
        raise
    except RecursionError:
        raise yaml.YAMLError(
            "nested too deeply, or an alias refers to a value that contains it"
        ) from None
    except (
        Exception
    ) as error:  # a date of month 13, `!!float x` ...: the constructors of PyYAML check nothing
        raise yaml.YAMLError(
            f"a value does not have the type that its form states ({error or type(error).__name__})"
        ) from None
    finally:
        loader.dispose()


def _size(node: yaml.Node, known: dict[int, int], depth: int) -> int:
    """Nodes below `node`, each as often as an alias repeats it; RecursionError where they are
    nested without end.
    """
    if depth > DEEPEST:
        raise RecursionError
    if not isinstance(node, yaml.CollectionNode):
        return 1
    if id(node) not in known:
        inner = [
            part for item in node.value for part in (item if isinstance(item, tuple) else (item,))
        ]
        known[id(node)] = 1 + sum(_size(part, known, depth + 1) for part in inner)
    return known[id(node)]


def load_yaml(path: Path) -> dict[str, object]:
    """A YAML mapping, read safely; ConfigError names the file and line."""
    path = local_path(path)
    try:
        value = _loaded(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file", "Give the path of a YAML file.") from None
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not a text file"
        raise ConfigError(
            f"{path}: not readable ({reason})", "Give the path of a YAML file."
        ) from None
    except yaml.YAMLError as error:
        text = " ".join(str(error).replace('in "<unicode string>", ', "at ").split())
        raise ConfigError(f"{path}: not valid YAML: {text}", "Correct that line.") from None
    if not isinstance(value, dict):
        content = {type(None): "the file is empty", list: "found a list"}.get(
            type(value), f"found {value!r:.40}"
        )
        raise ConfigError(
            f"{path}: {content}, keys and values are needed",
            "For example: `training: {max_steps: 50}`.",
        )
    return value


def key_lines(path: Path) -> dict[str, int]:
    """The line, from 1, of every dotted key of a YAML file, entries of a list by number. Empty
    where unreadable.
    """
    lines: dict[str, int] = {}

    def walk(node: yaml.Node, prefix: str) -> None:
        pairs: list[tuple[object, yaml.Node, yaml.Node]] = []
        if isinstance(node, yaml.MappingNode):
            pairs = [
                (key.value, key, inner)
                for key, inner in node.value
                if isinstance(key, yaml.ScalarNode)
            ]
        elif isinstance(node, yaml.SequenceNode):
            pairs = [(number, inner, inner) for number, inner in enumerate(node.value)]
        for name, marked, inner in pairs:
            lines.setdefault(f"{prefix}{name}", marked.start_mark.line + 1)
            walk(inner, f"{prefix}{name}.")

    with contextlib.suppress(OSError, UnicodeDecodeError, yaml.YAMLError, RecursionError):
        node = yaml.compose(path.read_text(encoding="utf-8"), Loader=_Loader)
        if node is not None and _size(node, {}, 0) <= MOST_NODES:
            walk(node, "")
    return lines
