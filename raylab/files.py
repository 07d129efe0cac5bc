"""Files that are either whole or absent, tensors that map into memory, JSON that compares."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import math
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, TypedDict

import numpy as np

from raylab.errors import DataError, StudyError

LONGEST_NAME = 150  # bytes; file systems take 255, and a suffix and a hash follow
_DTYPES = {
    "F64": np.float64,
    "F32": np.float32,
    "F16": np.float16,
    "I64": np.int64,
    "I32": np.int32,
    "I16": np.int16,
    "I8": np.int8,
    "U64": np.uint64,
    "U32": np.uint32,
    "U16": np.uint16,
    "U8": np.uint8,
    "BOOL": np.bool_,
}


class _Stored(TypedDict):
    """An array in the header of a safetensors file."""

    dtype: str
    shape: list[int]
    data_offsets: tuple[int, int]


@contextlib.contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """A temporary sibling of `path` that replaces it on success and vanishes on error."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        temporary.chmod(0o644)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


@contextlib.contextmanager
def atomic_folder(path: Path) -> Iterator[Path]:
    """A temporary sibling folder that becomes `path` on success. `path` must not exist."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=f".{path.name}.", dir=path.parent))
    try:
        yield temporary
        temporary.chmod(0o755)
        temporary.rename(path)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise


def write_text(path: Path, text: str) -> None:
    """Write a whole file, or leave the old one as it was."""
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_json(path: Path, value: object) -> None:
    write_text(
        path, json.dumps(value, indent=2, sort_keys=False, default=_plain, allow_nan=False) + "\n"
    )


def read_json(path: Path) -> Any:
    """The value of a JSON file; DataError where it is missing or damaged."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise DataError(f"{path}: no such file") from None
    except (ValueError, OSError, RecursionError) as error:
        raise DataError(
            f"{path}: not readable as JSON ({error})", "The file is damaged: restore or rebuild it."
        ) from None


def digest(value: object) -> str:
    """SHA-256 of a JSON-like value in canonical form; equal values give equal digests."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), default=_plain)
    return hashlib.sha256(text.encode()).hexdigest()


def safe_name(text: str) -> str:
    """Any text, such as a session id, as a file name: never outside the folder, and different texts
    never get the same name.
    """
    safe = "".join(c if c.isalnum() or c in "-_." else "_" for c in text).lstrip(".") or "_"
    safe = safe.encode()[:LONGEST_NAME].decode(errors="ignore")
    return safe if safe == text else f"{safe}-{digest(text)[:8]}"


def file_digest(path: Path) -> str:
    """SHA-256 of the content of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_tensors(
    path: Path, tensors: Mapping[str, np.ndarray], metadata: Mapping[str, str] | None = None
) -> None:
    """Write arrays as one safetensors file (no pickle; maps into memory)."""
    from safetensors.numpy import save_file

    # The format has no floats longer than eight bytes.
    contiguous = {
        name: np.ascontiguousarray(array, np.float64 if array.dtype.char == "g" else None)
        for name, array in tensors.items()
    }
    with atomic_path(path) as temporary:
        save_file(contiguous, temporary, metadata=dict(metadata) if metadata else None)


def map_tensors(path: Path, *, copy_on_write: bool = False) -> dict[str, np.ndarray]:
    """The arrays of a safetensors file as read-only memory maps: processes on one node share one
    copy.

    With `copy_on_write` a page that is written to becomes the process's own; the file never
    changes.

    `safetensors.numpy` copies each array into private memory; the format is a length, a JSON header
    and raw bytes, so mapping takes a few lines.
    """
    try:
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            if length > path.stat().st_size:
                raise ValueError("header longer than the file")
            header = json.loads(file.read(length))
        mode: Literal["c", "r"] = "c" if copy_on_write else "r"
        raw = (
            np.memmap(path, np.uint8, mode, 8 + length)
            if path.stat().st_size > 8 + length
            else None
        )
        return {
            name: _slice(raw, entry) for name, entry in header.items() if name != "__metadata__"
        }
    except FileNotFoundError:
        raise DataError(f"{path}: no such file") from None
    except (ValueError, KeyError, TypeError, AttributeError, OSError, RecursionError) as error:
        raise DataError(
            f"{path}: not a whole safetensors file ({error})", "Prepare the dataset again."
        ) from None


def _slice(raw: np.ndarray | None, entry: _Stored) -> np.ndarray:
    (start, stop), shape, dtype = (
        entry["data_offsets"],
        entry["shape"],
        np.dtype(_DTYPES[entry["dtype"]]),
    )
    if not all(type(number) is int and number >= 0 for number in (start, stop, *shape)):
        raise ValueError("invalid shapes or offsets")
    size, there = math.prod(shape) * dtype.itemsize, 0 if raw is None else raw.size
    if stop - start != size:
        raise ValueError(f"{stop - start} bytes for an array of {size}")
    if stop > there:
        raise ValueError(f"truncated: {stop} bytes are named, the file has {there}")
    if raw is None or not size:
        return np.zeros(shape, dtype)
    return raw[start:stop].view(dtype).reshape(shape)


def _plain(value: object) -> object:
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, Path):
        return str(value)
    if hasattr(value, "model_dump"):
        return value.model_dump(mode="json")
    raise TypeError(f"{type(value).__name__} has no JSON form")


def is_full(error: BaseException) -> bool:
    """Whether an error, or the error that caused it, reports a full disk. Libraries wrap the error
    of the operating system, so its text is searched too.
    """
    chain = (error, error.__cause__, error.__context__)
    return any(isinstance(link, OSError) and link.errno in _FULL for link in chain) or any(
        text in str(error) for text in _FULL_TEXTS
    )


_FULL = (errno.ENOSPC, errno.EDQUOT)
_FULL_TEXTS = (
    "No space left on device",
    "os error 28",
    "database or disk is full",
    "Disk quota exceeded",
)


def full_disk(study: Path) -> StudyError:
    """The error that ends a study whose disk is full: every other trial would fail as well."""
    return StudyError(
        f"the study stopped: no space left in {study}",
        f"Make room, then `raylab resume {study}`: nothing is lost.",
    )


def no_room(folder: Path) -> bool:
    """Whether nothing more can be written to a folder. Other failures then follow from that."""
    return shutil.disk_usage(folder).free < 1 << 20
