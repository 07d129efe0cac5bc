"""`inspect`: what a prepared dataset, raw recordings, or any file or folder hold."""

from __future__ import annotations

from pathlib import Path
from typing import overload

from raylab.data.dataset import Dataset
from raylab.data.describing.description import Description
from raylab.data.describing.entries import description_of
from raylab.data.describing.recordings import (
    Companions,
    describes_itself,
    raw_entry,
    refuse_companions,
)
from raylab.data.load_recipe import RecipeSource, load_recipe, name_of_recipe
from raylab.data.looking.contents import Contents
from raylab.data.looking.overview import contents_of
from raylab.data.manifest import MANIFEST
from raylab.data.preparation.sections import read_sections
from raylab.data.readers.companions import folders_of
from raylab.data.readers.sources import list_sources
from raylab.paths import local_path


@overload
def inspect(
    path: str | Path, *, recipe: str | Path, companions: Companions = None
) -> Description: ...
@overload
def inspect(
    path: str | Path, *, recipe: None = None, companions: Companions = None
) -> Description | Contents: ...
def inspect(
    path: str | Path, *, recipe: RecipeSource | None = None, companions: Companions = None
) -> Description | Contents:
    """Describe a prepared dataset, raw recordings, or any file or folder.

    The hashes of a dataset's files are checked.

    Args:
        path: A dataset, or a file, a folder or a pattern of raw recordings.
        recipe: For raw recordings, the name of a shipped recipe or a YAML file; session files of
            the torch_brain tools need none.
        companions: For raw recordings, the folder with the recipe's companions, or a folder for
            each companion by its name. Default: beside each file.

    Returns:
        A `Description` of a dataset, of recordings with a recipe and of torch_brain files: the
        sessions and their sums. Splits of raw recordings are those that `prepare` would make.
        For any other path a `Contents`: the arrays that are in it, what it seems to be, and the
        commands that turn it into a dataset.

    Raises:
        DataError: A file is missing, damaged, changed since it was prepared, or not what the recipe
            says.

    Example:
        >>> description = raylab.inspect("dataset")
        >>> [session.id for session in description.sessions]
        ['a', 'b']
    """
    refuse_companions(recipe, companions)
    if (local_path(path) / MANIFEST).is_file():
        dataset = Dataset(path)
        dataset.verify()
        return description_of(dataset.manifest["sessions"], dataset.manifest)
    if recipe is None and not describes_itself(Path(path)):
        return contents_of(Path(path))
    chosen = load_recipe(recipe) if recipe else None
    sections = read_sections(chosen, {}, name_of_recipe(recipe))
    sources = list_sources(Path(path), chosen, companions=folders_of(companions))
    return description_of(raw_entry(source, chosen, sections) for source in sources)
