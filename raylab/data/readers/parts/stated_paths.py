"""The paths of a recipe, checked before the activity is read: a typo is then an error at once."""

from __future__ import annotations

from collections.abc import Iterator

from raylab.data.readers.files import Files
from raylab.data.recipe import Recipe


def check_paths(files: Files, recipe: Recipe) -> None:
    """Raise a DataError for a path that the file does not have, of what is read after the activity.

    The activity takes longer to read than everything else together.
    """
    for key, path in _paths(recipe):
        files.match(path, key)


def _paths(recipe: Recipe) -> Iterator[tuple[str, str]]:
    """(key, path) of labels, given splits, groups and columns of units."""
    for name, spec in recipe.labels.items():
        if not spec.column_names:  # a table, whose columns are looked up when it is read
            yield f"labels.{name}.path", spec.path
        if spec.time is not None:
            yield f"labels.{name}.time", spec.time
    for section in ("given", "groups", "units"):
        for name, path in getattr(recipe, section).items():
            yield f"{section}.{name}", path
