"""Which sessions there are to read: in a file, a folder or the files that a pattern matches."""

from __future__ import annotations

import glob
from collections.abc import Iterable
from pathlib import Path

from raylab.data.readers.companions import Folders, check_folders, companions_of, refuse_shared
from raylab.data.readers.isolation.isolated import is_torch_brain_isolated
from raylab.data.readers.read import check_torch_brain, reader_of, which_recipe
from raylab.data.readers.searching import refuse_zarr, sessions_among
from raylab.data.readers.source import Source, with_titles
from raylab.data.recipe import Recipe
from raylab.errors import DataError
from raylab.paths import local_path


def list_sources(
    path: Path, recipe: Recipe | None = None, *, companions: Folders | None = None
) -> list[Source]:
    """List the sessions in a file, a folder or the files that a pattern (`data/*_a.h5`) matches.

    The sessions are sorted, and no data is read. Without a recipe only session files of the
    torch_brain tools are listed, because these describe themselves.

    Args:
        companions: Folders in which the recipe's companions lie, by name; "" is for all of them.
            Without it a companion lies beside its file.

    Raises:
        DataError: There are no files, or they need a recipe, or a file lacks a companion.
        ConfigError: `companions` names what the recipe does not have.
    """
    path, folders = local_path(path), dict(companions or {})
    check_folders(folders, recipe)
    sessions = _in_folder(path, recipe) if path.is_dir() else _matching(path, recipe)
    if recipe is None:
        check_torch_brain(sessions[0], is_torch_brain_isolated)
        return [Source(file) for file in sessions]
    keys = list(recipe.sessions) or [""]
    sources = []
    for session in sessions:
        companions = companions_of(Source(session), recipe, folders)
        places = [(session, recipe.reader)]
        places += [(path, recipe.companions[name].reader) for name, path in companions.items()]
        read = tuple(
            file for path, reader in places if path.is_dir() for file in reader.files_in(path)
        )
        sources += [Source(session, key, tuple(companions.items()), read) for key in keys]
    refuse_shared(sources, recipe)
    return sorted(with_titles(sources))


def list_all(
    paths: Iterable[Path], recipe: Recipe | None = None, *, companions: Folders | None = None
) -> list[Source]:
    """The sessions of several files, folders and patterns, each once; see `list_sources`."""
    sources: dict[tuple[Path, str], Source] = {}
    for path in paths:
        for source in list_sources(path, recipe, companions=companions):
            sources.setdefault((source.path.resolve(), source.key), source)
    if recipe is not None:
        refuse_shared(list(sources.values()), recipe)
    return sorted(sources.values())


def _matching(pattern: Path, recipe: Recipe | None) -> list[Path]:
    """The file of this name, or the sessions that a pattern matches."""
    reader = reader_of(recipe)
    paths = [pattern] if pattern.exists() else [Path(name) for name in glob.glob(str(pattern))]
    sessions = sessions_among(paths, reader, hidden=pattern.exists())
    if sessions:
        return sessions
    if pattern.is_file():
        raise DataError(
            f"{pattern}: a session of the format {reader.format} is a folder, not one of its files",
            f"Name the folder, such as {pattern.parent}.",
        )
    if glob.has_magic(str(pattern)):
        raise DataError(
            f"{pattern}: matches no file",
            "Check the pattern, and quote it, so that the shell does not expand it.",
        )
    raise DataError(f"{pattern}: no such file or folder")


def _in_folder(folder: Path, recipe: Recipe | None) -> list[Path]:
    """The sessions in a folder, which may be one itself."""
    refuse_zarr(folder)
    reader = reader_of(recipe)
    if recipe is not None and recipe.files:
        sessions = sessions_among(_globbed(folder, (recipe.files,), recipe), reader)
    elif reader.folder:
        sessions = sessions_among([folder], reader, hidden=True)
    else:
        sessions = sessions_among(_globbed(folder, reader.patterns, recipe), reader)
    if sessions:
        return sessions
    if recipe is None:
        raise DataError(f"{folder}: has no torch_brain session files (*.h5)", which_recipe(folder))
    if reader.folder and not recipe.files:
        raise DataError(
            f"{folder}: is no session of the format {reader.format}, and has none below it",
            "Check the folder and the recipe's `format`.",
        )
    raise DataError(
        f"{folder}: has no file that matches {recipe.files or ' or '.join(reader.patterns)}",
        "Check the folder and the recipe's `format` and `files`.",
    )


def _globbed(folder: Path, patterns: Iterable[str], recipe: Recipe | None) -> list[Path]:
    try:
        return [path for pattern in patterns for path in folder.glob(pattern)]
    except (ValueError, NotImplementedError) as error:
        raise DataError(
            f"`files: {recipe.files if recipe else ''}` is not a pattern ({error})",
            "Correct the recipe's `files`.",
        ) from None
