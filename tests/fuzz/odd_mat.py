"""MATLAB version 5 files: structures, cells and false headers, by hand where scipy has none."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse

from tests.fuzz.bases import arrays, save_mat, write_mat5
from tests.fuzz.bombs import zlib_bomb
from tests.fuzz.damage import damage
from tests.fuzz.odd_arrays import Generator

MATRIX, COMPRESSED = 14, 15
CLASSES = (
    1,
    2,
    3,
    4,
    5,
    6,
    7,
    9,
    13,
    15,
    16,
    17,
    200,
)  # cell, struct, object, char, sparse, double ... opaque
DIMENSIONS = (
    (1, 40),
    (40, 3),
    (2**31 - 1, 2**31 - 1),
    (-1, 40),
    (0, 0),
    (2**31 - 1, 1),
    (1,) * 40,
    (10**5, 10**5),
    (2**31 - 8, 8),
)


def element(code: int, raw: bytes, size: int | None = None) -> bytes:
    return (
        struct.pack("<II", code, len(raw) if size is None else size % 2**32)
        + raw
        + bytes(-len(raw) % 8)
    )


def matrix(
    name: bytes, kind: int, shape: tuple[int, ...], data: bytes, *, flags: int = 0, size: int = 0
) -> bytes:
    """An array element; `size` more bytes are stated than there are."""
    header = element(6, struct.pack("<II", kind | flags << 8, 40))
    header += element(5, struct.pack(f"<{len(shape)}i", *shape)) + element(1, name)
    return element(MATRIX, header + data, size=len(header + data) + size)


def mat(*elements: bytes) -> bytes:
    return (
        b"MATLAB 5.0 MAT-file".ljust(116)
        + bytes(8)
        + struct.pack("<H", 0x0100)
        + b"IM"
        + b"".join(elements)
    )


def lying(path: Path, generator: Generator, ran: Path) -> None:
    """Classes, dimensions and lengths that do not fit together; compressed or not."""
    kind, shape = int(generator.choice(CLASSES)), DIMENSIONS[generator.integers(len(DIMENSIONS))]
    count = int(generator.choice([0, 8, 960, 2**31, 2**32 - 8]))
    body = element(int(generator.choice([1, 2, 5, 9, 14, 15, 16, 18, 99])), bytes(960), size=count)
    body *= int(generator.integers(1, 4))
    made = matrix(
        b"traces",
        kind,
        shape,
        body,
        flags=int(generator.choice([0, 2, 4, 8, 255])),
        size=int(generator.choice([0, 2**31])),
    )
    if generator.random() < 0.5:
        made = element(COMPRESSED, zlib.compress(made))
    whole = _elements(generator)
    path.write_bytes(mat(made, whole) if generator.random() < 0.5 else mat(whole, made))


def _elements(generator: Generator) -> bytes:
    time = element(9, np.arange(40.0).tobytes())
    return matrix(b"time", 6, (1, 40), time)


def bomb(path: Path, generator: Generator, ran: Path) -> None:
    """A compressed array of 3.5 GiB of zeros, honest or not about it."""
    zeros = int(3.5 * 2**30)
    shape = (zeros // 4, 4) if generator.random() < 0.5 else (40, 3)
    header = matrix(b"traces", 9, shape, struct.pack("<II", 2, zeros), size=zeros)
    path.write_bytes(mat(element(COMPRESSED, zlib_bomb(header, zeros))))


def odd_values(path: Path, generator: Generator, ran: Path) -> None:
    deep: Any = {"x": 1.0}
    for _ in range(int(generator.choice([3, 60, 400]))):
        deep = {"d": deep}
    found = arrays()
    made: list[Any] = [
        deep,
        np.array([{"a": 1}, {"a": 2}], object),
        np.array([(1, "x"), (2, "y")], [("a", "f8"), ("b", "O")]),
        scipy.sparse.random(40, 3, 0.2, format="csc"),
        np.array([["ab", "c"], ["d", "efg"]]),
        np.ones((40, 3)) * 1j,
        np.ones((40, 3), bool),
        np.zeros((40, 0)),
        np.zeros((3, 4, 5, 2)),
        np.array([], object),
        "\u00b2\u0663" * 20,
        found,
    ]
    value = {
        "traces": found["traces"],
        "group": {name: one for name, one in found.items() if name != "traces"},
    }
    chosen = made[generator.integers(len(made))]
    if generator.random() < 0.5:
        value["traces"] = chosen
    else:
        value["group"][str(generator.choice(["time", "angle", "name", "spikes"]))] = chosen
    try:
        save_mat(path, value, do_compression=bool(generator.integers(2)), oned_as="column")
    except Exception:  # what savemat cannot write is no case
        write_mat5(path, found)


def inner_damage(path: Path, generator: Generator, ran: Path) -> None:
    """Damage inside compressed elements, whose checksums are right."""
    write_mat5(path, arrays())
    raw, made, place = path.read_bytes(), b"", 128
    while place + 8 <= len(raw):
        size = struct.unpack_from("<I", raw, place + 4)[0]
        inner = damage(raw[place : place + 8 + size], generator, raw)
        made += element(COMPRESSED, zlib.compress(inner))
        place += 8 + size
    path.write_bytes(raw[:128] + made)


MAT = (lying, lying, lying, odd_values, odd_values, inner_damage, inner_damage, bomb)
