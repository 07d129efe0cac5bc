"""Small streams that expand to gigabytes of zeros, and the secrets that no file may fetch."""

from __future__ import annotations

import bz2
import functools
import gzip
import lzma
import struct
import zlib
from pathlib import Path

import h5py
import numpy as np

BLOCK = 2**20
# of a file beside the case's folder; a session that holds it has read what it was not given
SECRET = 31337.0


@functools.cache
def _zero_block() -> bytes:
    """A byte-aligned deflate block of zeros that may be repeated, because it refers to nothing
    before it.
    """
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(bytes(BLOCK)) + packer.flush(zlib.Z_FULL_FLUSH)


def deflated(start: bytes, zeros: int) -> bytes:
    """A raw deflate stream of `start` and about `zeros` zeros."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    first = packer.compress(start) + packer.flush(zlib.Z_FULL_FLUSH)
    return first + _zero_block() * (zeros // BLOCK) + b"\x03\x00"


def zlib_bomb(start: bytes, zeros: int) -> bytes:
    return b"\x78\x9c" + deflated(start, zeros) + b"\0\0\0\0"


def gzip_bomb(start: bytes, zeros: int) -> bytes:
    return gzip.compress(b"")[:10] + deflated(start, zeros) + struct.pack("<II", 0, zeros % 2**32)


@functools.cache
def _streams(kind: str) -> bytes:
    compress = bz2.compress if kind == "bz2" else lzma.compress
    return compress(bytes(32 * BLOCK))


def streams_bomb(kind: str, start: bytes, zeros: int) -> bytes:
    """bz2 and xz files may be several streams, one after the other."""
    first = bz2.compress(start) if kind == "bz2" else lzma.compress(start)
    return first + _streams(kind) * (zeros // (32 * BLOCK))


def write_secrets(folder: Path) -> None:
    """`secret.h5` and `secret.bin`: files of the machine that belong to no recording."""
    values = np.full((40, 3), SECRET)
    with h5py.File(folder / "secret.h5", "w") as file:
        file["traces"] = values
        file["secret"] = np.full(40, SECRET)
    (folder / "secret.bin").write_bytes(values.tobytes())
    np.savez(folder / "secret.npz", traces=values, x=values, y=values)
