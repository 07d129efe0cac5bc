"""Recordings -> Sessions: `read_source` reads one session, whatever the format of its file."""

from __future__ import annotations

import contextlib
import dataclasses
import re
from collections.abc import Callable, Iterator
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
from raylab.data.readers.source import Source
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


def check_torch_brain(path: Path, check: Callable[[Path], bool] = is_torch_brain) -> None:
    if not check(path):
        raise DataError(
            f"{path}: not a torch_brain session file, so raylab cannot know what is where in it",
            which_recipe(path.parent),
        )


def which_recipe(folder: Path) -> str:
    hint = f"Perhaps --recipe {folder.name}. " if folder.name in recipe_names() else ""
    return (
        f"{hint}Pass --recipe with a shipped one ({', '.join(recipe_names())}) or your own YAML "
        "file."
    )
