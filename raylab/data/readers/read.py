"""Recordings -> Sessions: `read_source` reads one session, whatever the format of its file."""

from __future__ import annotations

import contextlib
import dataclasses
import re
from collections.abc import Callable, Iterator
from pathlib import Path

from raylab.config.base import Strict
from raylab.data.checks.table import checked
from raylab.data.load_recipe import recipe_names
from raylab.data.readers.causes import explained
from raylab.data.readers.files import Files
from raylab.data.readers.formats.torch_brain import is_torch_brain
from raylab.data.readers.guard import guard
from raylab.data.readers.parts.align import rebin
from raylab.data.readers.parts.assemble import assemble
from raylab.data.readers.parts.features import with_features
from raylab.data.readers.registry import READERS, WITHOUT_RECIPE, Reader
from raylab.data.readers.source import Source
from raylab.data.readers.store import Store, notes_of, unit_columns_of
from raylab.data.recipe import Recipe
from raylab.data.session import Session
from raylab.errors import DataError


def read_source(source: Source, recipe: Recipe | None = None) -> Session:
    """Read one session whole.

    Raises:
        DataError: The file is missing, damaged, or not what the recipe says; names the file and the
            key.
    """
    for path in source.paths:
        if not path.is_file():
            raise DataError(f"{path}: no such file")
    if recipe is None:
        check_torch_brain(source.path)
    with _naming(source):
        session = _read(source, recipe)
        # Checked before binning too: a label that does not fit cannot be binned.
        session = with_features(
            session.check(str(source)), recipe.features if recipe is not None else {}
        )
        session = checked(session, recipe.bind(source.key) if recipe is not None else None)
        session = rebin(session, recipe.bin if recipe is not None else 1)
    return _compared_with_name(session.check(str(source)), source, recipe)


def reader_of(recipe: Recipe | None) -> Reader:
    """What reads the files of a recipe, or the files that need none."""
    return READERS.of(recipe.format if recipe is not None else WITHOUT_RECIPE)


def _read(source: Source, recipe: Recipe | None) -> Session:
    reader = reader_of(recipe)
    if reader.reads:
        read: Callable[[Path, Recipe | None], Session] = reader.load(reader.reads)
        return read(source.path, recipe)
    assert recipe is not None  # files that are read without one describe themselves
    return _read_stores(source, recipe.bind(source.key))


def _compared_with_name(session: Session, source: Source, recipe: Recipe | None) -> Session:
    """Add a note where the file's name contradicts the session's id.

    A file renamed by hand keeps its session: the id inside of the file counts.
    """
    inside = bool(reader_of(recipe).reads) or (
        recipe is not None and recipe.session.id_path is not None
    )
    own = session.id.removesuffix(f"_{session.area}")  # of a recording that is several sessions
    name, identity = (re.sub(r"[\W_]", "", text.lower()) for text in (source.stem, own))
    if not inside or identity in name:
        return session
    note = f"The file is called '{source.name}', but holds session '{session.id}'."
    return dataclasses.replace(session, notes=(*session.notes, note))


def _read_stores(source: Source, recipe: Recipe) -> Session:
    paths = {"": source.path, **dict(source.companions)}
    readers = {"": recipe.reader} | {
        name: spec.reader for name, spec in recipe.companions.items() if name in paths
    }
    stores: dict[str, Store] = {}
    with contextlib.ExitStack() as opened:
        for name, path in paths.items():
            options = recipe if name == "" else recipe.companions[name].options
            stores[name] = _opened(readers[name], path, options)
            opened.callback(stores[name].close)
        columns = {k: v for k, v in unit_columns_of(stores[""]).items() if k not in recipe.units}
        recipe = recipe.model_copy(update={"units": {**columns, **recipe.units}})
        files = Files(stores, paths, {name: reader.format for name, reader in readers.items()})
        session = assemble(files, recipe, stem=source.stem)
        notes = tuple(note for store in stores.values() for note in notes_of(store))
    return dataclasses.replace(session, notes=(*notes, *session.notes))


def _opened(reader: Reader, path: Path, options: Strict | None) -> Store:
    """The file as a Store; formats with options of their own get them, too."""
    open_store: Callable[..., Store] = reader.load(reader.opens)
    with guard(path, reader.format):
        return open_store(path, options) if reader.options else open_store(path)


@contextlib.contextmanager
def _naming(source: Source) -> Iterator[None]:
    """Put the file's name before errors that only name the recipe's key."""
    try:
        yield
    except MemoryError as error:
        raise DataError(
            f"{source}: does not fit into memory ({error or 'while it was read'})",
            "Read it on a larger machine.",
        ) from None
    except DataError as error:
        if any(str(path) in error.what for path in (*source.places, *source.files)):
            raise
        raise DataError(f"{source}: {error.what}", error.remedy) from error


def check_torch_brain(path: Path, check: Callable[[Path], bool] = is_torch_brain) -> None:
    """Raise a DataError where a file needs a recipe, because it does not describe itself."""
    if not check(path):
        raise explained(path, WITHOUT_RECIPE) or DataError(
            f"{path}: not a torch_brain session file, so raylab cannot know what is where in it",
            which_recipe(path.parent),
        )


def which_recipe(folder: Path) -> str:
    """A remedy that names the shipped recipes, and first the one that is called like the folder."""
    hint = f"Perhaps --recipe {folder.name}. " if folder.name in recipe_names() else ""
    return (
        f"{hint}Draft a recipe with `raylab inspect PATH --draft recipe.yaml`, and pass it as "
        f"--recipe recipe.yaml. Or pass a shipped one ({', '.join(recipe_names())})."
    )
