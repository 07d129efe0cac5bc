"""Damage to the bytes of a file: what disks, networks and people with hex editors do."""

from __future__ import annotations

import re
import struct
from collections.abc import Callable

import numpy as np

Generator = np.random.Generator
# Where structures of the formats begin: HDF5 (trees, heaps, headers), zip, MATLAB, npy, Parquet,
# pickles, lines.
MARKS = re.compile(
    rb"\x89HDF|TREE|SNOD|HEAP|OHDR|OCHK|FRHP|FHDB|FSHD|GCOL|BTHD|PK\x01\x02|PK\x03\x04|PK\x05\x06|MATLAB"
    rb"|\x93NUMPY|PAR1|\x80\x04\x95|\x0e\x00\x00\x00|\x09\x00\x00\x00|\n|,"
)
EXTREMES = (
    0,
    1,
    7,
    0x7F,
    0x80,
    0xFF,
    0x7FFF,
    0xFFFF,
    0x7FFFFFFF,
    0x80000000,
    0xFFFFFFFF,
    2**40,
    2**63 - 1,
    2**64 - 1,
)


def flip(raw: bytearray, generator: Generator) -> None:
    for place in generator.integers(0, len(raw), generator.integers(1, 9)):
        raw[place] ^= 1 << int(generator.integers(8))


def overwrite(raw: bytearray, generator: Generator) -> None:
    for place in generator.integers(0, len(raw), generator.integers(1, 5)):
        raw[place] = int(generator.integers(256))


def truncate(raw: bytearray, generator: Generator) -> None:
    del raw[int(generator.integers(len(raw))) :]


def truncate_at_structure(raw: bytearray, generator: Generator) -> None:
    place = _mark(raw, generator)
    del raw[max(0, place + int(generator.integers(-2, 9))) :]


def zero(raw: bytearray, generator: Generator) -> None:
    start, stop = _range(raw, generator)
    raw[start:stop] = bytes(stop - start)


def swap(raw: bytearray, generator: Generator) -> None:
    start, stop = _range(raw, generator, most=256)
    other = int(generator.integers(len(raw)))
    piece, there = raw[start:stop], raw[other : other + stop - start]
    raw[start : start + len(there)] = there
    raw[other : other + len(piece)] = piece


def repeat(raw: bytearray, generator: Generator) -> None:
    start, stop = _range(raw, generator, most=512)
    raw[stop:stop] = raw[start:stop] * int(generator.integers(1, 4))


def remove(raw: bytearray, generator: Generator) -> None:
    start, stop = _range(raw, generator, most=64)
    del raw[start:stop]


def append(raw: bytearray, generator: Generator) -> None:
    raw += generator.bytes(int(generator.integers(1, 600)))


def extreme_number(raw: bytearray, generator: Generator) -> None:
    """A length, offset or count that lies."""
    for _ in range(int(generator.integers(1, 4))):
        width, value = (
            int(generator.choice([1, 2, 4, 8])),
            int(EXTREMES[generator.integers(len(EXTREMES))]),
        )
        order = "<" if generator.random() < 0.8 else ">"
        place = int(generator.integers(len(raw)))
        if generator.random() < 0.6:
            place = _mark(raw, generator) + int(generator.integers(0, 40))
        packed = struct.pack(f"{order}Q", value & (2 ** (8 * width) - 1))
        packed = packed[:width] if order == "<" else packed[-width:]
        raw[place : place + width] = packed


def add_one(raw: bytearray, generator: Generator) -> None:
    place = _mark(raw, generator) + int(generator.integers(0, 64))
    if place < len(raw):
        raw[place] = (raw[place] + int(generator.choice([1, 255, 2, 16]))) % 256


def splice(raw: bytearray, generator: Generator, other: bytes) -> None:
    start, stop = _range(raw, generator, most=2048)
    first = int(generator.integers(max(1, len(other) - (stop - start))))
    raw[start:stop] = other[first : first + stop - start]


DAMAGES: tuple[Callable[[bytearray, Generator], None], ...] = (
    flip,
    overwrite,
    truncate,
    truncate_at_structure,
    zero,
    swap,
    repeat,
    remove,
    append,
    extreme_number,
    extreme_number,
    extreme_number,
    add_one,
    add_one,
)


def damage(whole: bytes, generator: Generator, other: bytes) -> bytes:
    """`whole` with one to four damages, or spliced with `other`; now and then nothing is left of
    it.
    """
    if generator.random() < 0.01:
        return b""
    raw = bytearray(whole)
    for _ in range(int(generator.choice([1, 1, 1, 2, 2, 3, 4]))):
        if not raw:
            break
        if generator.random() < 0.06:
            splice(raw, generator, other)
        else:
            DAMAGES[generator.integers(len(DAMAGES))](raw, generator)
    return bytes(raw)


def _range(raw: bytearray, generator: Generator, most: int = 4096) -> tuple[int, int]:
    start = int(generator.integers(len(raw)))
    longest = max(1, min(most, len(raw) - start))
    return start, start + 1 + int(generator.integers(longest) * generator.random() ** 2)


def _mark(raw: bytearray, generator: Generator) -> int:
    places = [found.start() for found in MARKS.finditer(bytes(raw))]
    return places[generator.integers(len(places))] if places else int(generator.integers(len(raw)))
