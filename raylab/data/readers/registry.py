"""The registry of readers: which file formats there are, and what reads each of them.

A reader is one line of `READERS` below. Its functions are named by strings and imported on use, so
that a list of the formats imports no library of any of them.

Packages of third parties add readers through entry points of the group `raylab.readers`; see
docs/extending.md.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any

from raylab.errors import ConfigError
from raylab.registry import package_of

if TYPE_CHECKING:
    from raylab.config.base import Strict

GROUP = "raylab.readers"
# The format of files that are read without a recipe.
WITHOUT_RECIPE = "torch_brain"


@dataclass(frozen=True, kw_only=True)
class Reader:
    """How the files of one format are read.

    A reader has either `opens` or `reads`. Names of functions and classes are
    `package.module:name`.

    Attributes:
        format: What a recipe calls the format.
        patterns: Names of its files in a folder, such as `*.h5`; none where a session is always a
            folder.
        folder: For formats whose session may be a folder. A function (Path) -> list of the files
            in a folder that are read; empty where the folder is no session.
        opens: For formats that hold named arrays. A function (Path) -> Store; the recipe says which
            array is what. A recipe of such a format may have every general section.
        options: Of a format that `opens`, a Strict class with the keys that only this format has.
            They are keys of its recipes and of its companions, and `opens` is (Path, options) ->
            Store.
        defaults: Of a format that knows where things are, what its recipes need not state. A
            mapping like a recipe, or a function (mapping of the user) -> such a mapping. What a
            user states wins.
        reads: For formats that describe themselves. A function (Path, Recipe) -> Session.
        sections: Of a format that describes itself, the general sections that its recipes may have,
            such as `neural` and `bin`. (All recipes may have `files`, `splits`, `filters` and
            `features`.)
        recipe: A subclass of Recipe with the sections that only this format has.
        libraries: Modules that the isolated process imports before it forks, once for all files.
        setup: A function () -> anything, called once before files are read.
        isolated: False where `reads` itself starts a process in which a parser may crash.
        package: Who provides it: empty for raylab, else the installed package and its version.
    """

    format: str
    patterns: tuple[str, ...]
    folder: str = ""
    opens: str = ""
    options: str = ""
    defaults: Mapping[str, Any] | str = field(default_factory=dict, hash=False)
    reads: str = ""
    sections: tuple[str, ...] = ()
    recipe: str = ""
    libraries: tuple[str, ...] = ()
    setup: str = ""
    isolated: bool = True
    package: str = ""

    def load(self, name: str) -> Any:
        """Import what `name`, such as `self.opens`, names.

        Raises:
            ConfigError: The package that adds the reader is broken.
        """
        module, _, attribute = name.partition(":")
        try:
            return getattr(import_module(module), attribute)
        except (ImportError, AttributeError) as error:
            if not self.package:
                raise
            raise ConfigError(
                f"{self.package}: its reader of '{self.format}' cannot be imported ({error})",
                "Update or remove this package.",
            ) from None

    def options_class(self) -> type[Strict] | None:
        """The class of the keys that only this format has; None where it has none."""
        return self.load(self.options) if self.options else None

    def defaults_for(self, value: Mapping[str, Any]) -> Mapping[str, Any]:
        """What a recipe that states `value` need not state."""
        if isinstance(self.defaults, str):
            stated: Mapping[str, Any] = self.load(self.defaults)(value)
            return stated
        return self.defaults

    def files_in(self, folder: Path) -> list[Path]:
        """The files that are read of a folder that is one session; none where it is none."""
        files: list[Path] = self.load(self.folder)(folder) if self.folder else []
        return files


class Readers:
    """All readers: raylab's own first, then those of installed packages."""

    def __init__(self, own: Iterable[Reader]) -> None:
        self._own = tuple(own)

    def __iter__(self) -> Iterator[Reader]:
        return iter(self._by_format.values())

    @property
    def formats(self) -> list[str]:
        """The names of all formats."""
        return list(self._by_format)

    def find(self, format_name: str) -> Reader | None:
        """The reader of a format; None where there is none."""
        return self._by_format.get(format_name)

    def of(self, format_name: str) -> Reader:
        """The reader of a format that exists."""
        return self._by_format[format_name]

    @cached_property
    def _by_format(self) -> dict[str, Reader]:
        readers = {reader.format: reader for reader in self._own}
        for point in sorted(entry_points(group=GROUP), key=lambda point: point.name):
            reader = _loaded(point)
            if reader is None:
                continue
            if reader.format in readers:
                _warn(point, f"'{reader.format}' exists already")
            else:
                readers[reader.format] = reader
        return readers


def _loaded(point: EntryPoint) -> Reader | None:
    """The reader of an entry point, or None with a warning.

    A broken package of somebody else must not keep all other formats from being read.
    """
    try:
        reader = point.load()
    except Exception as error:
        _warn(point, f"it cannot be imported ({type(error).__name__}: {error})")
        return None
    if not isinstance(reader, Reader) or bool(reader.opens) == bool(reader.reads):
        _warn(point, "it is no raylab.data.readers.registry.Reader with `opens` or `reads`")
        return None
    return replace(reader, package=package_of(point))


def _warn(point: EntryPoint, reason: str) -> None:
    text = f"{GROUP}: '{point.name}' of {package_of(point)} is left out: {reason}"
    warnings.warn(text, stacklevel=2)


_READERS = "raylab.data.readers"
_FORMATS = f"{_READERS}.formats"
_TABLES = f"{_READERS}.tables"
_ALLEN = "raylab.data.allen"
READERS = Readers(
    (
        Reader(
            format="hdf5",
            patterns=("*.h5", "*.hdf5"),
            opens=f"{_FORMATS}.hdf5:Hdf5Store",
            libraries=("h5py",),
        ),
        Reader(
            format="caiman",
            patterns=("*.hdf5", "*.h5"),
            opens=f"{_FORMATS}.caiman:CaimanStore",
            options=f"{_FORMATS}.caiman:CaimanOptions",
            defaults=f"{_FORMATS}.caiman:caiman_defaults",
            libraries=("h5py",),
        ),
        Reader(
            format="mat",
            patterns=("*.mat",),
            opens=f"{_FORMATS}.mat:open_mat",
            libraries=("h5py", "scipy.io"),
        ),
        Reader(format="npz", patterns=("*.npz",), opens=f"{_FORMATS}.npz:NpzStore"),
        Reader(
            format="npy",
            patterns=("*.npy",),
            folder=f"{_FORMATS}.npy:npy_files",
            opens=f"{_FORMATS}.npy:NpyStore",
        ),
        Reader(
            format="suite2p",
            patterns=(),
            folder=f"{_READERS}.suite2p.planes:suite2p_files",
            opens=f"{_FORMATS}.suite2p:Suite2pStore",
            options=f"{_READERS}.suite2p.options:Suite2pOptions",
            defaults=f"{_READERS}.suite2p.options:suite2p_defaults",
            libraries=("scipy.ndimage",),
        ),
        Reader(
            format="nwb",
            patterns=("*.nwb",),
            opens=f"{_FORMATS}.nwb:NwbStore",
            defaults="raylab.data.readers.nwb.defaults:nwb_defaults",
            libraries=("h5py",),
        ),
        Reader(
            format="phy",
            patterns=(),
            folder=f"{_FORMATS}.phy:phy_files",
            opens=f"{_FORMATS}.phy:PhyStore",
            options=f"{_READERS}.phy.options:PhyOptions",
            defaults={
                "spikes": {
                    "times": "spike_times",
                    "units": "clusters/of_spike",
                    "keep": "clusters/chosen",
                    "rate_path": "sample_rate",
                }
            },
        ),
        Reader(
            format="csv",
            patterns=("*.csv", "*.tsv"),
            opens=f"{_TABLES}.csv:open_csv",
            options=f"{_TABLES}.csv:CsvOptions",
            libraries=("pyarrow.csv", "pyarrow.compute"),
        ),
        Reader(
            format="excel",
            patterns=("*.xlsx", "*.xlsm"),
            opens=f"{_TABLES}.excel:open_excel",
            options=f"{_TABLES}.excel:ExcelOptions",
            libraries=("openpyxl",),
        ),
        Reader(
            format="dlc",
            patterns=("*DLC*.csv", "*DLC*.h5"),
            opens=f"{_TABLES}.dlc:open_dlc",
            options=f"{_TABLES}.dlc:DlcOptions",
            libraries=("pyarrow.csv", "pyarrow.compute", "h5py"),
        ),
        Reader(
            format="parquet",
            patterns=("*.parquet",),
            opens=f"{_TABLES}.parquet:ParquetStore",
            libraries=("pyarrow.parquet",),
        ),
        Reader(
            format="joblib",
            patterns=("*.jl", "*.joblib", "*.pkl"),
            opens=f"{_FORMATS}.joblib:open_joblib",
            libraries=("joblib",),
        ),
        Reader(
            format="torch_brain",
            patterns=("*.h5", "*.hdf5"),
            reads=f"{_FORMATS}.torch_brain:read_torch_brain",
            sections=("neural", "bin"),
            libraries=("torch_brain.data",),
        ),
        Reader(
            format="allen_ophys",
            patterns=("*.nwb",),
            reads=f"{_ALLEN}.ophys:read_allen_ophys",
            sections=("bin",),
            recipe=f"{_ALLEN}.recipes:AllenOphysRecipe",
            setup=f"{_ALLEN}.environment:ensure_environment",
            isolated=False,
        ),
        Reader(
            format="allen_ecephys",
            patterns=("*.nwb",),
            reads=f"{_ALLEN}.ecephys:read_allen_ecephys",
            recipe=f"{_ALLEN}.recipes:AllenEcephysRecipe",
            setup=f"{_ALLEN}.environment:ensure_environment",
            isolated=False,
        ),
    )
)
