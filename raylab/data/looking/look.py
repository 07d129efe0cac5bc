"""A look into one file by its kind, for the process that reads foreign files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from raylab.data.looking.families import joined
from raylab.data.looking.item import Item
from raylab.data.readers.guard import guard

HDF5, NPY, ZIP, PARQUET, MATLAB = b"\x89HDF\r\n\x1a\n", b"\x93NUMPY", b"PK", b"PAR1", b"MATLAB"
DLC_TABLE = b"df_with_missing"  # the group in which DeepLabCut keeps its points
HEAD = 2**16  # bytes from which the kind of a file follows
USERBLOCKS = (0, 512, 1024, 2048)  # where the signature of HDF5 may stand


@dataclass(frozen=True)
class Kind:
    """A kind of file.

    Attributes:
        format: raylab's name of it.
        what: What to call it.
        items: The function that lists its items, as `module:name`.
        libraries: Modules that the function needs.
    """

    format: str
    what: str
    items: str
    libraries: tuple[str, ...] = ()


_HERE = "raylab.data.looking"
KINDS = {
    kind.format: kind
    for kind in (
        Kind("hdf5", "HDF5", f"{_HERE}.look:hdf5_file", ("h5py",)),
        Kind("nwb", "NWB", f"{_HERE}.look:hdf5_file", ("h5py",)),
        Kind("mat", "MATLAB", f"{_HERE}.mat_items:mat_items", ("h5py", "scipy.io")),
        Kind("npy", "NumPy array", f"{_HERE}.array_items:npy_items"),
        Kind("npz", "NumPy archive", f"{_HERE}.array_items:npz_items"),
        Kind("csv", "CSV table", f"{_HERE}.table_items:csv_items", ("pyarrow.csv",)),
        Kind("dlc", "DeepLabCut table", f"{_HERE}.table_items:dlc_items", ("pyarrow.csv", "h5py")),
        Kind("parquet", "Parquet table", f"{_HERE}.table_items:parquet_items", ("pandas",)),
        Kind("excel", "Excel table", f"{_HERE}.table_items:excel_items", ("openpyxl", "pandas")),
        Kind("joblib", "pickle", f"{_HERE}.pickle_items:joblib_items", ("joblib",)),
    )
}  # fmt: skip
SUFFIXES = {
    ".h5": "hdf5", ".hdf5": "hdf5", ".hdf": "hdf5", ".nwb": "nwb", ".mat": "mat", ".npy": "npy",
    ".npz": "npz", ".csv": "csv", ".tsv": "csv", ".parquet": "parquet", ".pq": "parquet",
    ".xlsx": "excel", ".xlsm": "excel", ".pkl": "joblib", ".pickle": "joblib", ".jl": "joblib",
    ".joblib": "joblib",
}  # fmt: skip


def kind_of(path: Path) -> Kind | None:
    """The kind of a file, by its first bytes, then by its suffix; None where raylab reads none."""
    by_suffix = SUFFIXES.get(path.suffix.lower(), "")
    with path.open("rb") as file:
        head = file.read(HEAD)
    if head.startswith(b"scorer,"):
        return KINDS["dlc"]
    if any(head[at : at + 8] == HDF5 for at in USERBLOCKS):
        points = DLC_TABLE in head and by_suffix == "hdf5"
        return KINDS["dlc" if points else by_suffix if by_suffix in ("nwb", "mat") else "hdf5"]
    for magic, name in ((NPY, "npy"), (PARQUET, "parquet"), (MATLAB, "mat")):
        if head.startswith(magic):
            return KINDS[name]
    if head.startswith(ZIP):
        return KINDS.get(by_suffix) if by_suffix in ("npz", "excel") else None
    return KINDS.get(by_suffix)


def look(path: Path) -> dict[str, Any]:
    """What is in a file, as plain values.

    Raises:
        DataError: The file is damaged or locked, or asks for what is not let out of a pickle.
    """
    kind = kind_of(path)
    if kind is None:
        return {"format": "", "what": "", "items": []}
    module, _, name = kind.items.partition(":")
    items_of: Callable[[Path], list[Item]] = getattr(import_module(module), name)
    with guard(path, kind.format):
        items = joined(items_of(path))
    return {
        "format": kind.format,
        "what": kind.what,
        "items": [item.to_dict() for item in items],
    }


def hdf5_file(path: Path) -> list[Item]:
    """The items of an HDF5 file; the file itself is the item with an empty name."""
    import h5py

    from raylab.data.looking.hdf5_items import attributes_of, hdf5_items

    with h5py.File(path, "r") as file:
        root: Mapping[str, Any] = attributes_of(file)
        return [Item(name="", kind="group", attributes=root), *hdf5_items(file)]
