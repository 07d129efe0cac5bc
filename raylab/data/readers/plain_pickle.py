"""Safe replacements of the functions that pickled numpy arrays call.

numpy's own `__setstate__` trusts whatever a file states.

A dtype whose fields lie outside its items, or that hides a pointer to an object, lets a pickle read
and write any memory although it names nothing but numpy. So no function of numpy is called: arrays
are built from their bytes by `np.frombuffer`, dtypes by their name, and both are checked.
"""

from __future__ import annotations

import collections
import re
from collections.abc import Callable
from typing import Any

import numpy as np

from raylab.data.readers.isolation.limits import allow
from raylab.errors import DataError

PLAIN = re.compile(r"[<>|=]?[biufcSUV]\d{0,9}")
DATE = re.compile(r"[<>|=]?([mM])8")


class ndarray:
    """Stands for the type `numpy.ndarray`, which pickles name and never call."""

    def __init__(self) -> None:
        raise ValueError("numpy.ndarray is called")


class Dtype:
    """`numpy.dtype` as pickles build it: a name, then a state with byte order and fields."""

    def __init__(self, name: object, align: object = False, copy: object = True) -> None:
        self.name = name
        self.dtype = None if DATE.fullmatch(str(name)) else named(name)

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        order, inner, names, fields = state[1:5]
        if inner is not None:
            self.dtype = np.dtype((plain(inner[0]), _shape(inner[1])))
        elif names is not None:
            formats, offsets = (
                [plain(fields[name][0]) for name in names],
                [int(fields[name][1]) for name in names],
            )
            # numpy checks here that every field lies inside the item.
            self.dtype = np.dtype(
                {
                    "names": list(names),
                    "formats": formats,
                    "offsets": offsets,
                    "itemsize": int(state[5]),
                }
            )
        elif self.dtype is None:
            unit, count = state[8][1][:2]
            self.dtype = np.dtype(f"{self.name}[{int(count)}{_unit(unit)}]")
        if self.dtype is not None and order in ("<", ">") and inner is None and names is None:
            self.dtype = self.dtype.newbyteorder(order)


class Array:
    """An array as pickles build it: empty, then a state with shape, dtype and bytes."""

    def __init__(self) -> None:
        self.array = np.zeros(0)

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        _, shape, dtype, fortran, raw = state
        self.array = from_bytes(raw, dtype, shape, "F" if fortran else "C")

    def __array__(self, dtype: np.dtype | None = None, copy: object = None) -> np.ndarray:
        return self.array if dtype is None else self.array.astype(dtype)


def named(name: object) -> np.dtype:
    """The dtype of a plain name such as `f8`."""
    text = name.decode("ascii") if isinstance(name, bytes) else str(name)
    if text.lstrip("<>|=").startswith("O"):
        raise DataError(
            "an array of Python objects is refused", "Ask for the file as npz, HDF5 or Parquet."
        )
    if not PLAIN.fullmatch(text):
        raise ValueError(f"no dtype is called {text[:40]!r}")
    return np.dtype(text)


def plain(dtype: object) -> np.dtype:
    """The dtype that a pickle built."""
    if isinstance(dtype, (str, bytes)):
        return named(dtype)
    if not isinstance(dtype, Dtype) or dtype.dtype is None:
        raise ValueError("a dtype is missing")
    return dtype.dtype


def reconstruct(kind: object, shape: object, dtype: object) -> Array:
    """`numpy._core.multiarray._reconstruct`: an array whose state follows."""
    if kind is not ndarray:
        raise ValueError("not an array")
    return Array()


def from_bytes(raw: object, dtype: object, shape: object, order: str = "C") -> np.ndarray:
    """`numpy._core.numeric._frombuffer`, and the state of an array."""
    if isinstance(raw, str):  # as Python 2 wrote bytes
        raw = raw.encode("latin1")
    if not isinstance(raw, (bytes, bytearray)):
        raise ValueError("an array has no bytes")
    kind, lengths = plain(dtype), _shape(shape)
    if size_of(kind, lengths) != len(raw):
        raise ValueError(f"an array of shape {lengths} and type {kind} has {len(raw)} bytes")
    if not raw:
        return np.zeros(lengths, kind)
    return np.frombuffer(raw, kind).reshape(lengths, order="F" if order == "F" else "C")


def scalar(dtype: object, raw: bytes = b"") -> object:
    """`numpy._core.multiarray.scalar`: a number from its bytes."""
    return from_bytes(raw, dtype, (1,))[0]


def encode(text: str, encoding: str) -> bytes:
    """`_codecs.encode`, which is how protocol 2 writes bytes."""
    if encoding != "latin1":
        raise ValueError(f"text in encoding {encoding!r}")
    return text.encode("latin1")


def to_bytearray(content: object = b"", encoding: str = "latin-1") -> bytearray:
    """`bytearray` of bytes or text, never of a length."""
    if encoding != "latin-1" or not isinstance(content, (bytes, bytearray, str)):
        raise ValueError("bytearray of something else than bytes")
    return bytearray(content.encode("latin-1") if isinstance(content, str) else content)


def to_bytes(content: object = b"", encoding: str = "latin-1") -> bytes:
    """`bytes`, which is how protocols 0 to 2 write empty bytes."""
    return bytes(to_bytearray(content, encoding))


def size_of(dtype: np.dtype, shape: tuple[int, ...]) -> int:
    """Bytes of an array; Python's numbers do not overflow."""
    size = dtype.itemsize
    for length in shape:
        size *= length
    return size


def _shape(shape: object) -> tuple[int, ...]:
    lengths = shape if isinstance(shape, (tuple, list)) else (shape,)
    numbers = tuple(int(plain_number(length)) for length in lengths)
    if len(numbers) > 32 or any(length < 0 for length in numbers):
        raise ValueError("a shape is not one")
    return numbers


def plain_number(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
        raise ValueError(f"{type(value).__name__} where a whole number is needed")
    return int(value)


def _unit(unit: object) -> str:
    text = unit.decode("ascii") if isinstance(unit, bytes) else str(unit)
    if not re.fullmatch(r"Y|M|W|D|h|m|s|ms|us|ns|ps|fs|as|generic", text):
        raise ValueError("a date has no unit")
    return text


def checked_wrapper(state: dict[str, object]) -> dict[str, object]:
    """The state of joblib's NumpyArrayWrapper, with a real dtype and a shape that is one.

    Raises:
        DataError: The array is larger than one may be.
    """
    dtype, shape = plain(state["dtype"]), _shape(state["shape"])
    allow(size_of(dtype, shape), f"an array of shape {shape}")
    alignment = state.get("numpy_array_alignment_bytes")
    return {
        "subclass": np.ndarray,
        "shape": shape,
        "order": "F" if state["order"] == "F" else "C",
        "dtype": dtype,
        "allow_mmap": False,
        "numpy_array_alignment_bytes": None if alignment is None else plain_number(alignment),
    }


ALLOWED: dict[tuple[str, str], Callable[..., object]] = {
    ("numpy", "ndarray"): ndarray,
    ("numpy", "dtype"): Dtype,
    ("_codecs", "encode"): encode,
    ("collections", "OrderedDict"): collections.OrderedDict,
    ("builtins", "set"): set,
    ("builtins", "frozenset"): frozenset,
    ("builtins", "complex"): complex,
    ("builtins", "bytearray"): to_bytearray,
    ("builtins", "slice"): slice,
    ("builtins", "bytes"): to_bytes,
}
for _name in ("set", "frozenset", "complex", "bytearray", "slice", "bytes"):  # protocols 0 to 2
    ALLOWED["__builtin__", _name] = ALLOWED["builtins", _name]
for _core in ("numpy.core", "numpy._core"):  # numpy 1 and 2
    ALLOWED[f"{_core}.multiarray", "_reconstruct"] = reconstruct
    ALLOWED[f"{_core}.multiarray", "scalar"] = scalar
    ALLOWED[f"{_core}.numeric", "_frombuffer"] = from_bytes
