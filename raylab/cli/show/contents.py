"""What is in a file or a folder that needs a recipe, as a tree."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from raylab.cli.show.screen import console

if TYPE_CHECKING:
    from rich.text import Text
    from rich.tree import Tree

    from raylab.data.looking.contents import Contents
    from raylab.data.looking.item import FileContents, Item, Values

MOST = 24  # entries of a group that are shown
HIDDEN = ("specifications",)  # groups of NWB that describe the format
OF_FORMAT = ("neurodata_type", "MATLAB_class")
# Attributes that say what was recorded, in the order in which they are shown.
SHOWN = (
    *("rate", "rate_hz", "fs", "sampling_rate", "fr", "conversion", "offset"),
    *("nwb_version", "version", "description"),
)


def print_contents(contents: Contents) -> None:
    """What the path seems to be, its tree, and what to do next."""
    from rich.text import Text
    from rich.tree import Tree

    root = Tree(Text(contents.path, "bold").append(f"  {contents.what}", "not bold"))
    shown: dict[tuple[str, ...], str] = {}  # a file by the names of its arrays
    for file in contents.files:
        names = tuple(item.name for item in file.items)
        if len(contents.files) == 1 and not Path(contents.path).is_dir():
            _grow(root, file)
        elif len(names) > 1 and names in shown:
            root.add(_like(file, shown[names]))
        else:
            shown[names] = file.name
            _grow(root.add(_file_line(file)), file)
    for suffix, number in contents.others.items():
        root.add(Text(f"{number} {suffix} files that were not looked into", "dim"))
    screen = console(stderr=False)
    screen.print(root, soft_wrap=False)
    for line in _advice(contents):
        screen.print(Text(line), soft_wrap=True)


def _advice(contents: Contents) -> Iterator[str]:
    yield ""
    if contents.recipes:
        yield f"The shipped recipe {' or '.join(contents.recipes)} fits."
    yield from contents.notes
    if contents.steps:
        yield "Next:"
        yield from (f"  {step}" for step in contents.steps)


def _file_line(file: FileContents) -> Text:
    from rich.text import Text

    line = Text(file.name, "bold")
    if file.error:
        return line.append(f"  not readable: {file.error}", "not bold red")
    return line.append(f"  {file.what}, {_size(file.bytes)}", "not bold dim")


def _like(file: FileContents, first: str) -> Text:
    """A file whose arrays have the names of an earlier one: the shape of its largest array."""
    arrays = (item for item in file.items if item.kind == "array")
    largest = max(arrays, key=lambda item: math.prod(map(abs, item.shape)), default=None)
    shape = f", {largest.name} {_shape(largest.shape)}" if largest is not None else ""
    return _file_line(file).append(f", as {first}{shape}", "not bold dim")


def _grow(root: Tree, file: FileContents) -> None:
    """Add the items of a file, each below its group."""
    from rich.text import Text

    branches, shown, left = {"": root}, dict[str, int](), dict[str, int]()
    groups = {item.name for item in file.items}
    for item in file.items:
        is_top = item.parent not in groups  # such as a column of a table, which has no groups
        parent = "" if is_top else item.parent
        if not item.name or parent not in branches or item.name in HIDDEN:
            continue
        shown[parent] = shown.get(parent, 0) + 1
        if shown[parent] > MOST:
            left[parent] = left.get(parent, 0) + 1
            continue
        branch = branches[parent].add(_line(item, item.name if is_top else item.leaf))
        if item.kind == "group":
            branches[item.name] = branch
    for parent, number in left.items():
        branches[parent].add(Text(f"... and {number} more", "dim"))


def _line(item: Item, name: str) -> Text:
    from rich.text import Text

    line = Text(name, "" if item.kind == "group" else "cyan")
    line.append(f"  {item.count} x" if item.count > 1 else "", "bold")
    facts = ", ".join(part for part in _facts(item) if part)
    return line.append(f"  {facts}" if facts else "", "dim")


def _facts(item: Item) -> Iterator[str]:
    for key in OF_FORMAT:
        kind = str(item.attributes.get(key, ""))
        yield kind if item.kind == "group" else ""
    if item.kind == "array" or item.shape:
        yield f"{_shape(item.shape)} {item.dtype}".strip()
    yield f"[{item.unit}]" if item.unit else ""
    yield _values(item.values) if item.values is not None else ""
    for key in SHOWN:
        value = item.attributes.get(key, "")
        plain = (key, value) in (("conversion", 1.0), ("offset", 0.0)) or value == "no description"
        yield f"{key} {value}" if value != "" and not plain else ""
    yield item.note


def _values(values: Values) -> str:
    if values.examples:
        more = ", ..." if values.distinct > len(values.examples[:3]) else ""
        return ", ".join(f"'{text}'" for text in values.examples[:3]) + more
    if values.low is None or values.high is None:
        return "no finite value" if values.size else ""
    missing = f", {values.missing:.1%} missing" if values.missing else ""
    if values.size == 1 or values.low == values.high:
        return f"{values.low:.6g}{missing}"
    about = "" if values.all else "about "
    return f"{about}{values.low:.4g} ... {values.high:.4g}{_step(values)}{missing}"


def _step(values: Values) -> str:
    return f" by {values.step:.4g}" if values.increasing and values.step else ""


def _shape(shape: Sequence[int]) -> str:
    return f"({', '.join('?' if size < 0 else str(size) for size in shape)})" if shape else ""


def _size(size: float) -> str:
    power = min(4, int(math.log10(size) // 3)) if size >= 1 else 0
    return f"{size / 1000**power:.3g} {('B', 'kB', 'MB', 'GB', 'TB')[power]}"
