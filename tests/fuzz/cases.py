"""One case: damaged files made from (seed, number), and what reading them must not do."""

from __future__ import annotations

import functools
import json
import sys
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from raylab.data.load_recipe import load_recipe
from raylab.data.readers.isolation.isolated import read_isolated
from raylab.data.readers.read import read_source
from raylab.data.readers.source import Source
from raylab.data.readers.sources import list_sources
from raylab.data.recipe import Recipe, parse_recipe
from raylab.data.session import Session
from raylab.errors import RaylabError
from tests.fuzz import bombs, odd_archives, odd_tables, table_bases
from tests.fuzz.bases import BASES, Base
from tests.fuzz.bombs import SECRET, write_secrets
from tests.fuzz.damage import damage
from tests.fuzz.odd_arrays import Generator, odd_arrays
from tests.fuzz.odd_datasets import odd_dataset, store, use_dataset
from tests.fuzz.odd_datasets import whole as whole_dataset
from tests.fuzz.odd_folders import (
    CAIMAN,
    FOLDERS,
    NAME,
    NPY,
    FolderBase,
    caiman_arrays,
    odd_folder,
    whole_folder,
    write_caiman,
)
from tests.fuzz.odd_hdf5 import odd_hdf5
from tests.fuzz.odd_mat import MAT
from tests.fuzz.odd_recipes import odd_recipe

CRAFTS: dict[str, tuple[Callable[[Path, Generator, Path], None], ...]] = {
    "mat5": MAT,
    "mat5_packed": MAT,
    "npy": NPY,
    "npz": odd_archives.NPZ,
    "npz_packed": odd_archives.NPZ,
    "joblib": odd_archives.JOBLIB,
    "joblib_packed": odd_archives.JOBLIB,
    "csv": odd_tables.CSV,
    "parquet": odd_tables.PARQUET,
    "excel": table_bases.EXCEL_CRAFTS,
    "dlc": table_bases.DLC_CRAFTS,
}
BASES["caiman"] = Base(
    ".hdf5",
    CAIMAN,
    lambda path: write_caiman(path, caiman_arrays()),
    write_caiman,
    caiman_arrays,
)
TARGETS = (*BASES, *FOLDERS, "recipe", "dataset")
LONGEST_MESSAGE = 2600


class Misbehaviour(Exception):
    """What a hostile file must not achieve."""


@functools.cache
def whole(target: str) -> bytes:
    """The undamaged file of a format."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"rat{BASES[target].suffix}"
        BASES[target].make(path)
        return path.read_bytes()


def prepare_all() -> None:
    """What every case needs, made once before the processes of the cases are forked."""
    for target in BASES:
        whole(target)
    for target in FOLDERS:
        whole_folder(target)
    whole_dataset()
    for kind in ("bz2", "xz"):
        bombs.streams_bomb(kind, b"", 0)
    bombs.deflated(b"", bombs.BLOCK)
    odd_tables.bomb_tables()


def target_of(number: int, only: tuple[str, ...] = TARGETS) -> str:
    return only[number % len(only)]


def write_case(folder: Path, target: str, seed: int, number: int) -> str:
    """The files of a case below `folder`; the kind of damage."""
    generator = np.random.default_rng([seed, number])
    (folder / "case").mkdir()
    (folder / "secret").mkdir()
    write_secrets(folder / "secret")
    ran = folder / "ran"
    if target == "recipe":
        odd_recipe(folder / "case" / "recipe.yaml", generator, ran)
        return "recipe"
    if target == "dataset":
        return odd_dataset(folder / "case", generator)
    base = FOLDERS.get(target) or BASES[target]
    chosen = base.recipes[0 if generator.random() < 0.5 else generator.integers(len(base.recipes))]
    (folder / "case" / "recipe.json").write_text(json.dumps(chosen))
    if isinstance(base, FolderBase):
        return odd_folder(folder / "case" / NAME, target, generator, ran)
    return _write(folder / "case" / f"{NAME}{base.suffix}", target, generator, folder)


def _write(path: Path, target: str, generator: Generator, folder: Path) -> str:
    base, chance = BASES[target], generator.random()
    if chance < 0.5:
        other = whole(str(generator.choice(list(BASES))))
        path.write_bytes(damage(whole(target), generator, other))
        return "bytes"
    if target in CRAFTS and (chance < 0.75 or base.write is None):
        crafts = CRAFTS[target]
        craft = crafts[generator.integers(len(crafts))]
        craft(path, generator, folder / "ran")
        return craft.__name__
    if target not in CRAFTS and (chance < 0.85 or base.write is None):
        path.write_bytes(whole(target))
        odd_hdf5(path, generator, folder / "secret")
        return "structure"
    assert base.write is not None
    try:
        base.write(path, odd_arrays(base.arrays(), generator))
    except Exception:  # the format has no room for these arrays; damaged ones always have
        path.write_bytes(damage(whole(target), generator, b"\0" * 64))
        return "bytes"
    return "arrays"


def read_case(folder: Path, target: str) -> str:
    """`readable` or `refused`.

    Raises:
        Misbehaviour: Code ran, another file was read, or the session or the error is not fit to be
            used.
    """
    watch(folder)
    return _read(folder, target, read_source, _listed)


def _listed(path: Path, recipe: Recipe | None) -> list[Source]:
    """Without a recipe `list_sources` asks another process what the file is."""
    return [Source(path)] if recipe is None else list_sources(path, recipe)


def read_isolated_case(folder: Path, target: str, seconds: float) -> str:
    """The same, each file in a process of its own."""
    return _read(folder, target, functools.partial(read_isolated, timeout_s=seconds), list_sources)


def _read(
    folder: Path, target: str, read: Callable[..., Session], sources: Callable[..., list[Source]]
) -> str:
    try:
        if target == "dataset":
            if any((array == SECRET).sum() > 3 for array in use_dataset(folder / "case")):
                raise Misbehaviour("the dataset holds values of another file")
            return "readable"
        recipe = case_recipe(folder / "case", target)
        place = folder / "case" if target == "recipe" else next((folder / "case").glob(f"{NAME}*"))
        for number, source in enumerate(sources(place, recipe)):
            session = read(source, recipe)
            _usable(session)
            store(folder / f"dataset{number}", session)
            use_dataset(folder / f"dataset{number}")
        outcome = "readable"
    except RaylabError as error:
        outcome = "refused"
        text = str(error)
        if len(text) > LONGEST_MESSAGE or any(
            not (letter.isprintable() or letter == "\n") for letter in text
        ):
            raise Misbehaviour(
                f"an error of {len(text)} characters, or not printable: {text[:200]!r}"
            ) from None
    if (folder / "ran").exists():
        raise Misbehaviour("code of the file ran")
    return outcome


def case_recipe(folder: Path, target: str) -> Recipe | None:
    if target == "recipe":
        return load_recipe(folder / "recipe.yaml")
    value = json.loads((folder / "recipe.json").read_text())
    return parse_recipe(value, "recipe") if value else None


def _usable(session: Session) -> None:
    session.check("case")
    arrays = {"neural": session.neural, "time": session.time, **session.units, **session.groups}
    arrays |= {name: label.values for name, label in session.labels.items()}
    for name, array in arrays.items():
        if array.dtype.kind == "f" and (array == SECRET).sum() > 3:
            raise Misbehaviour(f"{name} holds values of another file")
    if session.neural.dtype != np.float32 or session.time.dtype != np.float64:
        raise Misbehaviour(f"dtypes {session.neural.dtype}, {session.time.dtype}")
    if not (
        np.isfinite(session.time).all() and np.isfinite(session.rate_hz) and session.rate_hz > 0
    ):
        raise Misbehaviour(f"time is not finite, or a rate of {session.rate_hz}")
    for name in (session.id, session.animal):
        if len(name) > 200 or not name.isprintable():
            raise Misbehaviour(f"a name of {len(name)} characters: {name[:80]!r}")
    if not session.id:
        raise Misbehaviour("an empty id")
    for name, ranges in (session.given or {}).items():
        if (
            not (ranges[:, 0] < ranges[:, 1]).all()
            or ranges.min(initial=0) < 0
            or ranges.max(initial=0) > len(session.time)
        ):
            raise Misbehaviour(f"given.{name}: {ranges.tolist()[:5]}")
    if any(column.dtype.hasobject for column in session.units.values()):
        raise Misbehaviour("a unit column of objects")


def watch(folder: Path) -> None:
    """Raise where Python opens what the case was not given, or starts a process or a connection."""
    forbidden = ("os.system", "os.exec", "os.posix_spawn", "subprocess.Popen", "socket.connect")
    secrets = (str(folder / "secret"), "/etc/")

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event in forbidden:
            raise Misbehaviour(f"{event} {arguments!r:.200}")
        if (
            event == "open"
            and str(arguments[0]).startswith(secrets)
            and "time" not in str(arguments[0])
        ):
            raise Misbehaviour(f"opened {arguments[0]}")

    sys.addaudithook(hook)


def saved(folder: Path, place: Path) -> Path:
    """The case as one archive, to be looked at."""
    place.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(place, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted((folder / "case").rglob("*")):
            if path.is_file():
                archive.write(path, path.relative_to(folder))
    return place
