"""`raylab inspect` of a file or folder that needs a recipe."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from raylab.data.drafting.drafted import drafted
from raylab.data.looking.contents import Contents, look_at
from raylab.data.looking.recognise import recognised
from raylab.data.looking.shipped import fitting_recipes
from raylab.data.looking.steps import next_steps
from raylab.errors import RaylabError


def contents_of(path: Path) -> Contents:
    """What is in a path, what it seems to be and what to do next.

    Raises:
        DataError: The path does not exist, or is a file that cannot be read.
    """
    files, others = look_at(path)
    file_format, what = recognised(path, files)
    first = next((file for file in files if file.items), None)
    names = [file.name for file in files]
    recipes = fitting_recipes(file_format, first.items, names) if first is not None else ()
    contents = Contents(
        path=str(path),
        format=file_format,
        what=what,
        files=files,
        others=others,
        recipes=recipes,
    )
    return _advised(path, contents)


def _advised(path: Path, contents: Contents) -> Contents:
    """With the next commands, or with what stands in the way of a recipe."""
    if contents.format.startswith("allen_"):
        return replace(contents, steps=next_steps(path, contents.recipes, draftable=False))
    try:
        drafted(contents)
    except RaylabError as error:
        notes = (error.what.removeprefix(f"{path}: ").capitalize() + ".", error.remedy)
        steps = next_steps(path, contents.recipes, draftable=False)
        return replace(contents, notes=tuple(filter(None, notes)), steps=steps)
    return replace(contents, steps=next_steps(path, contents.recipes, draftable=True))
