"""Recordings -> Sessions: one reader a format behind `list_sources` and `read_source`."""

from __future__ import annotations

import contextlib
import dataclasses
import fnmatch
import glob
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from raylab.data.allen.ecephys import read_allen_ecephys
from raylab.data.allen.ophys import read_allen_ophys
from raylab.data.readers.align import rebin
from raylab.data.readers.assemble import assemble
from raylab.data.readers.features import with_features
from raylab.data.readers.formats.hdf5 import Hdf5Store
from raylab.data.readers.formats.joblib import open_joblib
from raylab.data.readers.formats.mat import open_mat
from raylab.data.readers.formats.npz import NpzStore
from raylab.data.readers.formats.nwb import NwbStore
from raylab.data.readers.formats.table import ParquetStore, open_csv
from raylab.data.readers.formats.torch_brain import is_torch_brain, read_torch_brain
from raylab.data.readers.isolation.isolated import is_torch_brain_isolated
from raylab.data.readers.store import Files, Store, guard
from raylab.data.recipe import Recipe, recipe_names
from raylab.data.session import Session
from raylab.errors import DataError

# A format is a function from a path to a Store, and one line here; parsers are imported when one is
# called.
STORES: dict[str, Callable[[Path], Store]] = {
    "hdf5": Hdf5Store,
    "mat": open_mat,
    "npz": NpzStore,
    "nwb": NwbStore,
    "csv": open_csv,
    "parquet": ParquetStore,
    "joblib": open_joblib,
}
SELF_DESCRIBED = (
    "torch_brain",
    "allen_ophys",
    "allen_ecephys",
)  # formats that name their session themselves


@dataclass(frozen=True, order=True)
class Source:
    """One session to read: a file, the files beside it, and which session of the file.

    Attributes:
        companions: (name, path) of the recipe's companion files.
        key: Of the recipe's `sessions`; empty where a file holds one session.
    """

    path: Path
    key: str = ""
    companions: tuple[tuple[str, Path], ...] = ()

    def __str__(self) -> str:
        return f"{self.path}[{self.key}]" if self.key else str(self.path)

    @property
    def paths(self) -> tuple[Path, ...]:
        """Every file that the session is read from."""
        return (self.path, *(path for _, path in self.companions))


def list_sources(path: Path, recipe: Recipe | None = None) -> list[Source]:
    """The sessions in a file, a folder or the files that a pattern (`data/*_a.h5`) matches, sorted;
    reads no data.

    Without a recipe only session files of the torch_brain tools are listed: they say where things
    are.

    Raises:
        DataError: Nothing there, or files that need a recipe or lack a companion.
    """
    path = Path(path)
    files = _files_in(path, recipe) if path.is_dir() else _matching(path)
    if recipe is None:
        _check_torch_brain(files[0], is_torch_brain_isolated)
        return [Source(file) for file in files]
    keys = list(recipe.sessions) or [""]
    return sorted(Source(file, key, _companions(file, recipe)) for file in files for key in keys)


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
        _check_torch_brain(source.path)
    with _naming(source):
        if recipe is None or recipe.format == "torch_brain":
            session = read_torch_brain(source.path, recipe)
        elif recipe.format == "allen_ophys":
            session = read_allen_ophys(source.path, recipe)
        elif recipe.format == "allen_ecephys":
            session = read_allen_ecephys(source.path, recipe)
        else:
            session = _read_stores(source, recipe.bind(source.key))
        # Checked before binning too: a label that does not fit cannot be binned.
        session = with_features(
            session.check(str(source)), recipe.features if recipe is not None else {}
        )
        session = rebin(session, recipe.bin if recipe is not None else 1)
    return _compared_with_name(session.check(str(source)), source, recipe)


def _compared_with_name(session: Session, source: Source, recipe: Recipe | None) -> Session:
    """A file renamed by hand keeps its session: the id inside counts, and a name that says another
    is reported.
    """
    inside = recipe is None or recipe.format in SELF_DESCRIBED or recipe.session.id_path is not None
    own = session.id.removesuffix(f"_{session.area}")  # of a recording that is several sessions
    name, found = (re.sub(r"[\W_]", "", text.lower()) for text in (source.path.stem, own))
    if not inside or found in name:
        return session
    note = f"The file is called '{source.path.name}', but holds session '{session.id}'."
    return dataclasses.replace(session, notes=(*session.notes, note))


def _read_stores(source: Source, recipe: Recipe) -> Session:
    paths = {"": source.path, **dict(source.companions)}
    with contextlib.ExitStack() as opened:
        stores = {}
        for name, path in paths.items():
            with guard(path, recipe.format):
                stores[name] = STORES[recipe.format](path)
            opened.callback(stores[name].close)
        return assemble(Files(stores, paths, recipe.format), recipe, stem=source.path.stem)


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
        if any(str(path) in error.what for path in source.paths):
            raise
        raise DataError(f"{source}: {error.what}", error.remedy) from None


def _matching(pattern: Path) -> list[Path]:
    if pattern.exists():
        return [pattern]
    files = sorted(Path(name) for name in glob.glob(str(pattern)) if Path(name).is_file())
    if not files and glob.has_magic(str(pattern)):
        raise DataError(
            f"{pattern}: matches no file",
            "Check the pattern, and quote it: the shell shall leave it.",
        )
    if not files:
        raise DataError(f"{pattern}: no such file or folder")
    return files


def _files_in(folder: Path, recipe: Recipe | None) -> list[Path]:
    patterns = recipe.patterns if recipe is not None else ("*.h5", "*.hdf5")
    try:
        found = {file for pattern in patterns for file in folder.glob(pattern)}
    except (ValueError, NotImplementedError) as error:
        raise DataError(
            f"`files: {recipe.files if recipe else ''}` is not a pattern ({error})", "Mend it."
        ) from None
    files = sorted(file for file in found if file.is_file() and not file.name.startswith("."))
    if not files and recipe is None:
        raise DataError(f"{folder}: has no torch_brain session files (*.h5)", _which_recipe(folder))
    if not files:
        raise DataError(
            f"{folder}: has no file that matches {' or '.join(patterns)}",
            "Check the folder and the recipe's `format` and `files`.",
        )
    return files


def _check_torch_brain(path: Path, check: Callable[[Path], bool] = is_torch_brain) -> None:
    if not check(path):
        raise DataError(
            f"{path}: not a torch_brain session file, so raylab cannot know what is where in it",
            _which_recipe(path.parent),
        )


def _which_recipe(folder: Path) -> str:
    hint = f"Perhaps --recipe {folder.name}. " if folder.name in recipe_names() else ""
    return (
        f"{hint}Pass --recipe with a shipped one ({', '.join(recipe_names())}) or your own "
        "YAML "
        "file."
    )


def _companions(file: Path, recipe: Recipe) -> tuple[tuple[str, Path], ...]:
    """`*` in a companion's name stands for what `*` matched in `files`."""
    found = []
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
        found.append((name, companion))
    return tuple(found)


__all__ = ["STORES", "Source", "list_sources", "read_source"]
