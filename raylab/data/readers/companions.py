"""Where the companions of a session lie: beside it, or in a folder that the user names."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from raylab.config.explain import did_you_mean
from raylab.data.companion_spec import CompanionSpec
from raylab.data.readers.source import Source, absolute, is_chosen
from raylab.data.recipe import Recipe
from raylab.errors import ConfigError, DataError
from raylab.paths import local_path

Folders = Mapping[str, Path]  # of companions, by their names; "" is for all of them


def folders_of(stated: str | Path | Mapping[str, str | Path] | None) -> Folders:
    """Folders of companions by name, of one folder for all of them or of a mapping."""
    if stated is None:
        return {}
    if isinstance(stated, str | Path):
        stated = {"": stated}
    return {name: local_path(folder) for name, folder in stated.items()}


def check_folders(folders: Folders, recipe: Recipe | None) -> None:
    """Raise an error where a user names companions that a recipe does not have, or no folder."""
    names = list(recipe.companions) if recipe is not None else []
    for name, folder in folders.items():
        if not names:
            raise ConfigError(
                "--companions: the recipe has no `companions`",
                "Add them to the recipe, or remove the option.",
            )
        if name and name not in names:
            raise ConfigError(
                f"--companions {name}={folder}: the recipe has no companion '{name}'",
                did_you_mean(name, names),
            )
        if not folder.is_dir():
            raise DataError(f"{folder}: no such folder, but --companions names it")


def companions_of(source: Source, recipe: Recipe, folders: Folders) -> dict[str, Path]:
    """The path of each companion of a session.

    Raises:
        DataError: A companion does not exist, or the session's name does not match `files`.
    """
    return {
        name: _companion(source, name, spec, recipe.files, folders)
        for name, spec in recipe.companions.items()
    }


def _companion(
    source: Source, name: str, spec: CompanionSpec, files: str | None, folders: Folders
) -> Path:
    file = spec.file
    if "*" in file:
        file = file.replace("*", _middle(source, name, files))
    places = list(dict.fromkeys(_places(source, name, folders)))
    for place in places:
        path = place / file
        if path.is_file() or (spec.reader.folder and path.is_dir() and spec.reader.files_in(path)):
            return path
    raise DataError(
        f"{places[0] / file}: no such file; by the recipe's `companions.{name}` it belongs to "
        f"{source.name}",
        f"Put it beside {source.name}, or name its folder: --companions {name}=FOLDER.",
    )


def _middle(source: Source, name: str, files: str | None) -> str:
    """What `*` stands for: what it matched in `files`, without `files` the session's name."""
    if files is None:
        return source.stem
    inside = files.rpartition("/")[2]
    matched = source.stem if source.path.is_dir() else source.path.name
    before, star, after = inside.partition("*")
    if not star or not fnmatch.fnmatchcase(matched, inside):
        raise DataError(
            f"{source.path}: does not match `files: {files}`, which its companion '{name}' needs",
            "Name the file that `files` describes, or its folder.",
        )
    return matched[len(before) : len(matched) - len(after)]


def _places(source: Source, name: str, folders: Folders) -> Iterator[Path]:
    """The folders in which a companion may lie, the likeliest first."""
    stated = folders.get(name, folders.get(""))
    if stated is not None:
        yield stated
        yield stated / source.stem  # one folder for each session
        if name in folders:
            return
    if not source.path.is_dir():
        yield source.path.parent
        return
    yield source.path
    session = absolute(source.path)
    for folder in session.parents:
        yield folder
        if is_chosen(session) or is_chosen(folder):
            return


def refuse_shared(sources: Iterable[Source], recipe: Recipe) -> None:
    """Raise a DataError where several files have one companion: it belongs to one of them."""
    owners: dict[tuple[str, Path], Path] = {}
    for source in sources:
        for name, path in source.companions:
            owner = owners.setdefault((name, path.resolve()), source.path)
            if owner != source.path:
                raise DataError(
                    f"{path}: `companions.{name}: {recipe.companions[name].file}` is one file, but "
                    f"there are several sessions ({owner.name}, {source.path.name})",
                    "Write `*` where the names of the companions differ, or prepare one session.",
                )
