"""joblib files. They are pickles, so only arrays and plain containers are let out of them."""

from __future__ import annotations

import bz2
import gzip
import inspect
import io
import lzma
from collections.abc import Callable
from pathlib import Path
from typing import IO, TYPE_CHECKING

from raylab.data.readers.containers import flatten
from raylab.data.readers.isolation.limits import Bounded, Stream
from raylab.data.readers.plain_pickle import ALLOWED, checked_wrapper
from raylab.data.readers.store import MemoryStore, Store
from raylab.errors import DataError

if TYPE_CHECKING:
    from joblib.numpy_pickle import NumpyUnpickler

_COMPRESSED: dict[bytes, Callable[[Path], Stream]] = {
    b"\x1f\x8b": gzip.GzipFile,
    b"BZ": bz2.BZ2File,
    b"\xfd7": lzma.LZMAFile,
    b"\x5d\x00": lzma.LZMAFile,
}


def open_joblib(path: Path) -> Store:
    """Arrays of nested dicts and lists by `/`-joined keys; a lone array is called `array`.

    Raises:
        DataError: The file asks for a class or function that is not on the list, which is then not
            called, holds an array of objects, or expands to more than an array may take.
    """
    with _opened(path) as file:
        return MemoryStore(*flatten(_unpickler(path, file).load()))


def plain_object(path: Path, content: bytes) -> object:
    """What a pickle inside of a file holds, by the same rules.

    Args:
        path: The file, for the error.
    """
    return _unpickler(path, io.BytesIO(content)).load()


def _opened(path: Path) -> IO[bytes]:
    with path.open("rb") as file:
        start = file.read(2)
    if start[:1] == b"\x78":  # zlib, joblib's default compression
        from joblib.compressor import BinaryZlibFile

        return _bounded(BinaryZlibFile(str(path), "rb"), path)
    return _bounded(_COMPRESSED[start](path), path) if start in _COMPRESSED else path.open("rb")


def _bounded(stream: Stream, path: Path) -> IO[bytes]:
    return io.BufferedReader(Bounded(stream, str(path)), 2**16)


def _unpickler(path: Path, file: IO[bytes]) -> NumpyUnpickler:
    """joblib's own unpickler, which knows how its arrays lie in the file, behind the allow-list."""
    from joblib.numpy_pickle import NumpyArrayWrapper, NumpyUnpickler

    class PlainArray(NumpyArrayWrapper):
        def __setstate__(self, state: dict[str, object]) -> None:
            self.__dict__ |= checked_wrapper(state)

    allowed = {**ALLOWED, ("joblib.numpy_pickle", "NumpyArrayWrapper"): PlainArray}

    class PlainUnpickler(NumpyUnpickler):
        def find_class(self, module: str, name: str) -> Callable[..., object]:
            if module.partition(".")[0] == "pandas":
                # Nothing was built yet: the table is all that the file holds.
                raise _pandas(path, f"{module}.{name}", alone=not self.stack and not self.metastack)
            if (module, name) not in allowed:
                raise DataError(
                    f"{path}: blocked {module}.{name}, which the file asks for and plain data does "
                    "not need",
                    "Do not load this file with joblib or pickle either; ask for it as npz, HDF5 "
                    "or Parquet.",
                )
            return allowed[module, name]

    # joblib 1.5 has a parameter that 1.4 has not.
    known = inspect.signature(NumpyUnpickler.__init__).parameters
    extra = {"ensure_native_byte_order": True} if "ensure_native_byte_order" in known else {}
    unpickler = PlainUnpickler(str(path), file, **extra)
    unpickler.encoding = "latin1"  # of arrays that Python 2 wrote
    return unpickler


def _pandas(path: Path, kind: str, *, alone: bool) -> DataError:
    """The error for tables of pandas, whose pickles run code of pandas."""
    target = f"{path.stem}.parquet"
    line = f"pd.read_pickle('{path.name}').to_parquet('{target}')"
    if not alone:
        target = f"{path.stem}_KEY.parquet"
        line = (
            f"[table.to_parquet('{path.stem}_' + key + '.parquet') for key, table in "
            f"pd.read_pickle('{path.name}').items() if hasattr(table, 'to_parquet')]"
        )
    return DataError(
        f"{path}: holds a table of pandas ({kind}), whose pickle could run code",
        f"If you trust the file, convert it and read {target} with `format: parquet`: "
        f'python -c "import pandas as pd; {line}"',
    )
