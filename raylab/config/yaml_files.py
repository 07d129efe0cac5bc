"""YAML files, read safely: limits on size and depth, no repeated keys, errors with the line."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path

import yaml

from raylab.errors import ConfigError


class _Loader(yaml.SafeLoader):
    """A safe loader that refuses repeated keys, of which YAML would keep the last, and reads 1e-4
    as a number.
    """

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[object, object]:
        seen: set[str] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.tag != "tag:yaml.org,2002:merge":
                if key.value in seen:
                    raise yaml.constructor.ConstructorError(
                        None, None, f"'{key.value}' is given twice", key.start_mark
                    )
                seen.add(key.value)
        return super().construct_mapping(node, deep=deep)


_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"[-+]?\d+(\.\d*)?[eE][-+]?\d+$"), list("-+0123456789")
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
