"""Reading configs: YAML, overrides, dotted paths, and errors that name the file, the key and the remedy."""

from __future__ import annotations

import contextlib
import copy
import difflib
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar, get_origin

import yaml
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from raylab.config import FAMILIES, TrialConfig
from raylab.errors import ConfigError

M = TypeVar("M", bound=BaseModel)


class _Loader(yaml.SafeLoader):
    """safe_load that refuses a key given twice, where YAML would silently keep the last, and reads 1e-4 as a number."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
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


def _loaded(text: str) -> Any:
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
        raise yaml.YAMLError("nested too deeply, or an alias stands inside what it names") from None
    except (
        Exception
    ) as error:  # a date of month 13, `!!float x` ...: the constructors of PyYAML check nothing
        raise yaml.YAMLError(
            f"a value is not what its form says ({error or type(error).__name__})"
        ) from None
    finally:
        loader.dispose()


def _size(node: yaml.Node, known: dict[int, int], depth: int) -> int:
    """Nodes below `node`, each as often as an alias repeats it; RecursionError where they are nested without end."""
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


def load_yaml(path: Path) -> dict[str, Any]:
    """A YAML mapping, read safely; ConfigError names the file and line."""
    try:
        value = _loaded(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file", "Give the path of a YAML file.") from None
    except (OSError, UnicodeDecodeError) as error:
        said = error.strerror if isinstance(error, OSError) else "not a text file"
        raise ConfigError(
            f"{path}: not readable ({said})", "Give the path of a YAML file."
        ) from None
    except yaml.YAMLError as error:
        text = " ".join(str(error).replace('in "<unicode string>", ', "at ").split())
        raise ConfigError(f"{path}: not valid YAML: {text}", "Mend that line.") from None
    if not isinstance(value, dict):
        found = {type(None): "the file is empty", list: "found a list"}.get(
            type(value), f"found {value!r:.40}"
        )
        raise ConfigError(
            f"{path}: {found}, keys and values are needed",
            "For example: `training: {max_steps: 50}`.",
        )
    return value


def key_lines(path: Path) -> dict[str, int]:
    """The line, from 1, of every dotted key of a YAML file, entries of a list by number. Empty where unreadable."""
    found: dict[str, int] = {}

    def walk(node: yaml.Node, prefix: str) -> None:
        pairs: list[tuple[Any, yaml.Node, yaml.Node]] = []
        if isinstance(node, yaml.MappingNode):
            pairs = [
                (key.value, key, inner)
                for key, inner in node.value
                if isinstance(key, yaml.ScalarNode)
            ]
        elif isinstance(node, yaml.SequenceNode):
            pairs = [(number, inner, inner) for number, inner in enumerate(node.value)]
        for name, marked, inner in pairs:
            found.setdefault(f"{prefix}{name}", marked.start_mark.line + 1)
            walk(inner, f"{prefix}{name}.")

    with contextlib.suppress(OSError, UnicodeDecodeError, yaml.YAMLError, RecursionError):
        node = yaml.compose(path.read_text(encoding="utf-8"), Loader=_Loader)
        if node is not None and _size(node, {}, 0) <= MOST_NODES:
            walk(node, "")
    return found


@contextlib.contextmanager
def blamed(
    source: str, file: Path | None, overrides: Mapping[str, Any] | None = None
) -> Iterator[None]:
    """Errors that call a file `source` say the line of the key they name, or the `--set` that gave it its value."""
    try:
        yield
    except ConfigError as error:
        what = error.what.removeprefix(f"{source}: ")
        if what == error.what:
            raise
        where = _place(what, source, file, overrides or {})
        raise type(error)(f"{where}: {what}", error.remedy) from None


_SECTIONS = ("", "search.", "base.")  # of a space file, where a config path may stand
# What an error names: its first word, what it quotes, and dotted paths.
_NAMED = re.compile(r"^[\w.]+|'[\w.]+'|[A-Za-z_]\w*(?:\.\w+)+")


def _place(what: str, source: str, file: Path | None, overrides: Mapping[str, Any]) -> str:
    """Keys are tried in the order they are named, each by its longest part that is found."""
    keys = [key.strip("'.") for key in _NAMED.findall(what.partition("; drawn were")[0])]
    lines = key_lines(file) if file is not None else {}
    for key in keys:
        bare = key.removeprefix("search.").removeprefix("base.")
        given = next((path for path in overrides if f"{bare}.".startswith(f"{path}.")), None)
        if given is not None:
            return f"--set {given}"
        parts = key.split(".")
        for end in range(len(parts), 0, -1):
            names = [section + ".".join(parts[:end]) for section in _SECTIONS]
            line = next((lines[name] for name in names if name in lines), None)
            if line is not None:
                return f"{source}:{line}"
    within = next((path for key in keys for path in overrides if path.startswith(f"{key}.")), None)
    return source if within is None else f"--set {within}"


def parse(model: type[M], value: Mapping[str, Any], source: str) -> M:
    """Validate `value`; a ConfigError names `source`, the key and the remedy."""
    try:
        return model.model_validate(value)
    except ValidationError as error:
        raise _explain(error, model, source) from None


def parse_trial(value: Mapping[str, Any], source: str) -> TrialConfig:
    """A trial config of the family that `task.kind` names."""
    task = value.get("task", {})
    kind = task.get("kind", "contrastive") if isinstance(task, Mapping) else None
    if not isinstance(kind, str) or kind not in FAMILIES:
        raise ConfigError(
            f"{source}: task.kind '{kind}' is not known", f"Use one of: {', '.join(FAMILIES)}."
        )
    return parse(FAMILIES[kind], value, source)


def parse_override(text: str) -> tuple[str, Any]:
    """`training.batch_size=512` -> ("training.batch_size", 512); the value is YAML."""
    path, separator, raw = text.partition("=")
    if not separator or not all(path.strip().split(".")):
        raise ConfigError(
            f"--set {text}: not of the form path=value", "For example: --set training.max_steps=50"
        )
    try:
        return path.strip(), _loaded(raw)
    except yaml.YAMLError:
        raise ConfigError(
            f"--set {path}: '{raw}' is not a YAML value", "Quote the text, or close its brackets."
        ) from None


def set_path(value: Mapping[str, Any], path: str, leaf: Any) -> dict[str, Any]:
    """A copy of `value` with the dotted `path` set."""
    result = copy.deepcopy(dict(value))
    *parents, last = path.split(".")
    node = result
    for key in parents:
        child = node.get(key)
        node[key] = dict(child) if isinstance(child, Mapping) else {}
        node = node[key]
    node[last] = leaf
    return result


def get_path(value: Any, path: str) -> Any:
    for key in path.split("."):
        value = value[key] if isinstance(value, Mapping) else getattr(value, key)
    return value


def did_you_mean(word: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f"Did you mean '{close[0]}'?" if close else f"Known: {', '.join(known)}."


# What pydantic says of a wrong type, in the words of someone who writes YAML.
_NEEDED = {
    "missing": "is missing",
    "model_type": "keys and values are needed",
    "dict_type": "keys and values are needed",
    "model_attributes_type": "keys and values are needed",
    "tuple_type": "a list is needed",
    "list_type": "a list is needed",
    "int_type": "a whole number is needed",
    "int_parsing": "a whole number is needed",
    "int_from_float": "a whole number is needed",
    "float_type": "a number is needed",
    "float_parsing": "a number is needed",
    "bool_type": "true or false is needed",
    "bool_parsing": "true or false is needed",
    "string_type": "text is needed",
}


def _explain(error: ValidationError, model: type[BaseModel], source: str) -> ConfigError:
    # A misspelt required key is both missing and unknown; the second says which word to mend.
    first = min(error.errors(), key=lambda entry: entry["type"] != "extra_forbidden")
    written, holders, union = _walk(model, first["loc"])
    kind, context, given = first["type"], first.get("ctx", {}), first.get("input")
    if kind.startswith("union_tag"):
        written, given = [*written, context["discriminator"].strip("'")], context.get("tag")
    key = ".".join(written)
    if kind == "extra_forbidden":
        known = sorted(
            {
                field.alias or name
                for holder in holders
                for name, field in holder.model_fields.items()
            }
        )
        elsewhere = [
            tag for other in union if written[-1] in other.model_fields for tag in _tags(other)
        ]
        if elsewhere:
            where = f"{'.'.join([*written[:-1], _choice(union[0])])} is {' or '.join(elsewhere)}"
            return ConfigError(f"{source}: unknown key '{key}'", f"It exists where {where}.")
        return ConfigError(f"{source}: unknown key '{key}'", did_you_mean(written[-1], known))
    if kind == "union_tag_not_found":
        tags = ", ".join(tag for other in union for tag in _tags(other))
        return ConfigError(f"{source}: {key} is missing", f"Use one of: {tags}.")
    if kind in ("union_tag_invalid", "literal_error"):
        choices = str(context.get("expected_tags") or context.get("expected")).replace("'", "")
        return ConfigError(
            f"{source}: {key}: {given!r} is not known",
            f"Use one of: {choices.replace(' or ', ', ')}.",
        )
    text = (
        _NEEDED.get(kind, first["msg"])
        .removeprefix("Value error, ")
        .replace("Input should", "it should")
    )
    shown = f" (given: {given!r})" if isinstance(given, (str, int, float, bool)) else ""
    return ConfigError(
        f"{source}: {key}: {text}{shown}" if key else f"{source}: {text}",
        f"Change '{key}'." if key else "",
    )


def _walk(
    model: type[BaseModel], location: Iterable[int | str]
) -> tuple[list[str], list[type[BaseModel]], list[type[BaseModel]]]:
    """The location as users write it, the models that may hold its last part, and the union these were chosen from.

    Pydantic puts the tag of a union (`kind`) into the location; users do not write it there.
    """
    written: list[str] = []
    within, holders, union = [model], [model], [model]
    tagged = named = False  # the next part may be a tag; is a name that users gave
    for part in location:
        if tagged and part in {tag for candidate in within for tag in _tags(candidate)}:
            within, union, tagged = (
                [candidate for candidate in within if part in _tags(candidate)],
                within,
                False,
            )
            continue
        written.append(str(part))
        if named:
            tagged, named = all(map(_tags, within)), False
            continue
        fields = [found for holder in within if (found := _field(holder, part)) is not None]
        holders, tagged = within, any(field.discriminator for field in fields)
        named = any(get_origin(field.annotation) is dict for field in fields)
        within = [inner for field in fields for inner in _models_in(field.annotation)] or within
    return written, holders, within if tagged else union


def _field(model: type[BaseModel], part: int | str) -> FieldInfo | None:
    return next(
        (field for name, field in model.model_fields.items() if part in (name, field.alias)), None
    )


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [
        found for argument in getattr(annotation, "__args__", ()) for found in _models_in(argument)
    ]


def _tags(model: type[BaseModel]) -> tuple[str, ...]:
    """What says that this model of a union is meant."""
    choice = model.model_fields.get(_choice(model))
    return tuple(getattr(choice.annotation, "__args__", ())) if choice is not None else ()


def _choice(model: type[BaseModel]) -> str:
    return "conditional" if "conditional" in model.model_fields else "kind"
