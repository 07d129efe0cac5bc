"""joblib files. They are pickles, so only arrays and plain containers are let out of them."""

from __future__ import annotations

import bz2
import collections
import gzip
import inspect
import lzma
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import numpy as np

from raylab.data.readers.store import MemoryStore, Store, flatten
from raylab.errors import DataError

_COMPRESSED: dict[bytes, Callable[[Path], Any]] = {
    b"\x1f\x8b": gzip.GzipFile,
    b"BZ": bz2.BZ2File,
    b"\xfd7": lzma.LZMAFile,
    b"\x5d\x00": lzma.LZMAFile,
}


def open_joblib(path: Path) -> Store:
    """Arrays of nested dicts and lists by `/`-joined keys; a lone array is called `array`.

    Raises:
        DataError: The file asks for a class or function that is not on the list, which is then not called, or
            holds an array of objects.
    """
    with _opened(path) as file:
        return MemoryStore(flatten(_unpickler(path, file).load()))


def _opened(path: Path) -> IO[bytes]:
    with path.open("rb") as file:
        start = file.read(2)
    if start[:1] == b"\x78":  # zlib, joblib's default compression
        from joblib.compressor import BinaryZlibFile

        return BinaryZlibFile(str(path), "rb")
    return _COMPRESSED[start](path) if start in _COMPRESSED else path.open("rb")


def _allowed() -> dict[tuple[str, str], Any]:
    """Everything a file may name, with what it gets. No name from a file is looked up in a module.

    `_codecs.encode` is how protocol 2 writes bytes; it changes text into bytes and nothing more.
    """
    from numpy._core import multiarray, numeric

    names: dict[tuple[str, str], Any] = {
        ("numpy", "ndarray"): np.ndarray,
        ("numpy", "dtype"): np.dtype,
        ("_codecs", "encode"): _encode,
        ("collections", "OrderedDict"): collections.OrderedDict,
        ("builtins", "set"): set,
        ("builtins", "frozenset"): frozenset,
        ("builtins", "complex"): complex,
        ("builtins", "bytearray"): bytearray,
        ("builtins", "slice"): slice,
    }
    for core in ("numpy.core", "numpy._core"):  # numpy 1 and 2
        names[f"{core}.multiarray", "_reconstruct"] = multiarray._reconstruct
        names[f"{core}.multiarray", "scalar"] = multiarray.scalar
        names[f"{core}.numeric", "_frombuffer"] = numeric._frombuffer  # type: ignore[attr-defined]
    return names


def _encode(text: str, encoding: str) -> bytes:
    if encoding != "latin1":
        raise ValueError(f"text in encoding {encoding!r}")
    return text.encode("latin1")


def _unpickler(path: Path, file: IO[bytes]) -> Any:
    """joblib's own unpickler, which knows how its arrays lie in the file, behind the allow-list."""
    from joblib.numpy_pickle import NumpyArrayWrapper, NumpyUnpickler

    allowed = _allowed()

    class PlainArray(NumpyArrayWrapper):
        def read_array(self, unpickler: Any, *arguments: Any, **named: Any) -> np.ndarray:
            if np.dtype(self.dtype).hasobject:
                raise DataError(
                    f"{path}: holds an array of Python objects, which is refused",
                    "Ask for the file as npz, HDF5 or Parquet.",
                )
            return super().read_array(unpickler, *arguments, **named)

    allowed["joblib.numpy_pickle", "NumpyArrayWrapper"] = PlainArray

    class PlainUnpickler(NumpyUnpickler):
        def find_class(self, module: str, name: str) -> Any:
            if (module, name) not in allowed:
                raise DataError(
                    f"{path}: blocked {module}.{name}, which the file asks for and plain data does not need",
                    "Do not load this file with joblib or pickle either; ask for it as npz, HDF5 or Parquet.",
                )
            return allowed[module, name]

    # joblib 1.5 has a parameter that 1.4 has not.
    known = inspect.signature(NumpyUnpickler.__init__).parameters
    extra = {"ensure_native_byte_order": True} if "ensure_native_byte_order" in known else {}
    return PlainUnpickler(str(path), file, **extra)
