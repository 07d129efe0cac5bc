"""Which sessions there are to read: in a file, a folder or the files that a pattern matches."""

from __future__ import annotations

import fnmatch
import glob
from pathlib import Path

from raylab.data.readers.isolation.isolated import is_torch_brain_isolated
from raylab.data.readers.read import check_torch_brain, reader_of, which_recipe
from raylab.data.readers.source import Source
from raylab.data.recipe import Recipe
from raylab.errors import DataError
from raylab.paths import local_path


def list_sources(path: Path, recipe: Recipe | None = None) -> list[Source]:
    """List the sessions in a file, a folder or the files that a pattern (`data/*_a.h5`) matches.

    The sessions are sorted, and no data is read. Without a recipe only session files of the
    torch_brain tools are listed, because these describe themselves.

    Raises:
        DataError: There are no files, or they need a recipe, or a file lacks a companion.
    """
    path = local_path(path)
    files = _files_in(path, recipe) if path.is_dir() else _matching(path)
    if recipe is None:
        check_torch_brain(files[0], is_torch_brain_isolated)
        return [Source(file) for file in files]
    keys = list(recipe.sessions) or [""]
    return sorted(Source(file, key, _companions(file, recipe)) for file in files for key in keys)


def _matching(pattern: Path) -> list[Path]:
    if pattern.exists():
        return [pattern]
    files = sorted(Path(name) for name in glob.glob(str(pattern)) if Path(name).is_file())
    if not files and glob.has_magic(str(pattern)):
        raise DataError(
            f"{pattern}: matches no file",
            "Check the pattern, and quote it, so that the shell does not expand it.",
        )
    if not files:
        raise DataError(f"{pattern}: no such file or folder")
    return files


def _files_in(folder: Path, recipe: Recipe | None) -> list[Path]:
    patterns = recipe.patterns if recipe is not None else reader_of(None).patterns
    try:
        matching = {file for pattern in patterns for file in folder.glob(pattern)}
    except (ValueError, NotImplementedError) as error:
        raise DataError(
            f"`files: {recipe.files if recipe else ''}` is not a pattern ({error})",
            "Correct the recipe's `files`.",
        ) from None
    files = sorted(file for file in matching if file.is_file() and not file.name.startswith("."))
    if not files and recipe is None:
        raise DataError(f"{folder}: has no torch_brain session files (*.h5)", which_recipe(folder))
    if not files:
        raise DataError(
            f"{folder}: has no file that matches {' or '.join(patterns)}",
            "Check the folder and the recipe's `format` and `files`.",
        )
    return files


def _companions(file: Path, recipe: Recipe) -> tuple[tuple[str, Path], ...]:
    """The files beside a file; `*` in a companion's name is what `*` matched in `files`."""
    companions = []
    for name, pattern in recipe.companions.items():
        before, star, after = (recipe.files or "").partition("*")
        if not star or not fnmatch.fnmatchcase(file.name, recipe.files or ""):
            raise DataError(
                f"{file}: does not match `files: {recipe.files}`, which its companion '{name}' "
                "needs",
                "Name the file that `files` describes, or its folder.",
            )
        middle = file.name[len(before) : len(file.name) - len(after)]
        companion = file.with_name(pattern.replace("*", middle))
        if not companion.is_file():
            raise DataError(
                f"{companion}: no such file; by the recipe's `companions.{name}` it belongs to "
                f"{file.name}",
                "Put the two files into one folder.",
            )
        companions.append((name, companion))
    return tuple(companions)
