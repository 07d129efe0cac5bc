"""`raylab inspect` of a file or folder that needs a recipe."""

from __future__ import annotations

from pathlib import Path

from raylab.data.looking.contents import Contents, look_at
from raylab.data.looking.recognise import recognised
from raylab.data.looking.shipped import fitting_recipes
from raylab.data.looking.steps import next_steps


def contents_of(path: Path) -> Contents:
    """What is in a path, what it seems to be and what to do next.

    Raises:
        DataError: The path does not exist, or is a file that cannot be read.
    """
    files, others = look_at(path)
    file_format, what = recognised(path, files)
    first = next((file for file in files if file.items), None)
    recipes = fitting_recipes(file_format, first.items) if first is not None else ()
    return Contents(
        path=str(path),
        format=file_format,
        what=what,
        files=files,
        others=others,
        recipes=recipes,
        steps=next_steps(path, recipes, draftable=False),
    )
