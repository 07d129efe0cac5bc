"""Which shipped recipes fit a file."""

from __future__ import annotations

import fnmatch
from collections.abc import Mapping, Sequence
from functools import cache

from raylab.data.load_recipe import load_recipe, recipe_names
from raylab.data.looking.item import Item
from raylab.data.recipe import Recipe


def fitting_recipes(
    file_format: str, items: Sequence[Item], files: Sequence[str]
) -> tuple[str, ...]:
    """The names of the shipped recipes of a format whose arrays the file has.

    Args:
        files: Names of all files, one of which must be what the recipe's `files` describes.
    """
    if file_format.startswith("allen_"):
        return (file_format,)
    names = [item.name for item in items]
    return tuple(
        name
        for name, recipe in _recipes().items()
        if _fits(recipe, file_format, names)
        and (recipe.files is None or fnmatch.filter(files, recipe.files))
    )


@cache  # a folder is looked at file by file
def _recipes() -> Mapping[str, Recipe]:
    return {name: load_recipe(name) for name in recipe_names()}


def _fits(recipe: Recipe, file_format: str, names: Sequence[str]) -> bool:
    if recipe.format != file_format or recipe.reader.reads:
        return False
    bound = recipe.bind(next(iter(recipe.sessions), ""))
    spikes, neural = bound.spikes, bound.neural
    paths = [neural.path] if neural is not None else []
    paths += [spikes.times, spikes.units] if spikes is not None else []
    paths += [label.path for label in bound.labels.values() if ":" not in label.path]
    return bool(paths) and all(_has(names, path.strip("/")) for path in paths)


def _has(names: Sequence[str], path: str) -> bool:
    """A name that is the path, or a family that the path is of."""
    return any(name == path or fnmatch.fnmatchcase(path, name) for name in names if name)
