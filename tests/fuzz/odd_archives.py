"""npz archives and joblib pickles that are well packed and hold something else than arrays."""

from __future__ import annotations

import io
import os
import pickle
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import joblib
import numpy as np

from tests.fuzz.bases import arrays, write_joblib
from tests.fuzz.bombs import deflated, gzip_bomb, streams_bomb, zlib_bomb
from tests.fuzz.damage import damage
from tests.fuzz.odd_arrays import Generator

GIB = 2**30


def npy(value: Any) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, value, allow_pickle=True)
    return buffer.getvalue()


def header(text: str, body: bytes = b"") -> bytes:
    """A .npy file with any header."""
    return (
        b"\x93NUMPY\x01\x00"
        + struct.pack("<H", len(text) % 65536)
        + text.encode("latin1", "replace")
        + body
    )


HEADERS = (
    "{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000000,)}",
    "{'descr': '<f8', 'fortran_order': False, 'shape': (4294967296, 4294967296)}",
    "{'descr': '<f8', 'fortran_order': False, 'shape': (-1,)}",
    "{'descr': '<f8', 'fortran_order': True, 'shape': (40, 3.0)}",
    "{'descr': '<f8', 'fortran_order': 7, 'shape': (True, 40)}",
    "{'descr': '|V2000000000', 'fortran_order': False, 'shape': (40,)}",
    "{'descr': [('a', '<f8', (100000, 100000))], 'fortran_order': False, 'shape': (40,)}",
    "{'descr': 'O', 'fortran_order': False, 'shape': (40,)}",
    "{'descr': ('<f8', (3,)), 'fortran_order': False, 'shape': (40,)}",
    "{'descr': '<U100000000', 'fortran_order': False, 'shape': (0,)}",
    "{'descr': __import__('os').system('true'), 'shape': ()}",
    "[" * 900 + "]" * 900,
    "{'descr': '<f8', 'fortran_order': False, 'shape': " + "(" * 80 + "1" + ",)" * 80 + "}",
    "9" * 6000,
    "",
)


def npz_members(path: Path, generator: Generator, ran: Path) -> None:
    """One or two members replaced; checksums are right, so that the damage reaches numpy."""
    members = {f"{name}.npy": npy(value) for name, value in arrays().items()}
    method = int(
        generator.choice(
            [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA]
        )
    )
    for _ in range(int(generator.integers(1, 3))):
        name = str(generator.choice(["traces.npy", "time.npy", *members]))
        made = (
            lambda raw=members[name]: damage(raw, generator, members["speed.npy"]),
            lambda: header(HEADERS[generator.integers(len(HEADERS))], bytes(960)),
            lambda: npy(np.array([Call(os.system, f"touch {ran}"), 1], object)),
            lambda: generator.bytes(50),
            lambda: b"",
        )
        members[name] = made[generator.choice(len(made), p=[0.4, 0.4, 0.1, 0.05, 0.05])]()
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, raw in members.items():
            archive.writestr(name, raw)
        if generator.random() < 0.1:
            archive.writestr("../../escaped.npy", npy(np.ones(3)))
            archive.writestr("traces", b"words")


def npz_bomb(path: Path, generator: Generator, ran: Path) -> None:
    """An array of 6 GiB, or one that states 960 bytes and holds 6 GiB."""
    zeros = 6 * GIB
    honest = generator.random() < 0.5
    shape = zeros // 8 if honest else 120
    start = header(
        f"{{'descr': '<f8', 'fortran_order': False, 'shape': ({shape},)}}".ljust(117) + "\n"
    )
    raw = deflated(start, zeros)
    size = len(start) + (zeros if honest or generator.random() < 0.5 else 960)
    name = b"traces.npy"
    # zip64 is not needed where the true size is a lie anyway: it is stored modulo 2^32.
    fields = struct.pack("<HHHHHIII", 20, 0, 8, 0, 0, 0, len(raw), size % 2**32)
    local = b"PK\x03\x04" + fields + struct.pack("<HH", len(name), 0) + name
    central = b"PK\x01\x02" + struct.pack("<H", 20) + fields
    central += struct.pack("<HHHHHII", len(name), 0, 0, 0, 0, 0, 0) + name
    end = b"PK\x05\x06" + struct.pack(
        "<HHHHIIH", 0, 0, 1, 1, len(central), len(local) + len(raw), 0
    )
    path.write_bytes(local + raw + central + end)


# -- pickles ---------------------------------------------------------------------------------------


class Call:
    """Pickles as a call of any function."""

    def __init__(self, function: Any, *arguments: Any, state: Any = None) -> None:
        self.call = (function, arguments) if state is None else (function, arguments, state)

    def __reduce__(self) -> Any:
        return self.call


def _dtype(*state: Any) -> Call:
    return Call(np.dtype, "V8", False, True, state=state)


def _array(shape: Any, dtype: Any, raw: Any) -> Call:
    rebuild = np._core.multiarray._reconstruct
    return Call(rebuild, np.ndarray, (0,), b"b", state=(1, shape, dtype, False, raw))


def _calls(generator: Generator, ran: Path) -> list[Any]:
    """Pickles of forbidden calls, and of allowed names with arguments that break numpy's own
    `__setstate__`.
    """
    scalar, frombuffer = np._core.multiarray.scalar, np._core.numeric._frombuffer
    far = _dtype(3, "|", None, ("a",), {"a": (np.dtype("f8"), 10**9)}, 8, 1, 0)
    forged = _dtype(3, "|", None, ("a",), {"a": (np.dtype("O"), 0)}, 8, 1, 0)
    wide = _dtype(3, "|", (np.dtype("f8"), (10**6,)), None, None, 8, 1, 0)
    zeros = bytes(960)
    return [
        Call(os.system, f"touch {ran}"),
        Call(eval, f"open({str(ran)!r}, 'w')"),
        Call(open, str(ran), "w"),
        Call(getattr, np.ndarray, "tofile"),
        Call(joblib.load, str(ran)),
        *(
            _array((120,), dtype, zeros)
            for dtype in (far, forged, wide, np.dtype("O"), np.dtype("f8"))
        ),
        *(Call(frombuffer, zeros, dtype, (120,), "C") for dtype in (far, forged, wide)),
        *(Call(scalar, dtype, b"A" * 8) for dtype in (far, forged, np.dtype("O"))),
        _array((10**12,), np.dtype("f8"), zeros),
        _array((-120,), np.dtype("f8"), zeros),
        _array((2**62, 4), np.dtype("f8"), zeros),
        _array((40, 3), np.dtype("f8"), [1, 2]),
        _array("ab", "x", None),
        Call(np.ndarray, (10**10,), "f8"),
        Call(np.ndarray, (40,), "O"),
        Call(np._core.multiarray._reconstruct, np.ndarray, (10**10,), b"b"),
        Call(bytearray, 10**11),
        Call(set, [1]),
        Call(np.dtype, "f8,O", False, True),
        Call(np.dtype, [("a", "f8", (10**9, 10**9))]),
        _nested(26, list),
        _nested(30, dict),
        _endless(),
        [[float(i)] for i in range(3000)],
        {1: 2, None: [3], (1, 2): np.ones(3), "\x1b[31m": np.ones(4), "a/b": {"c": np.ones(2)}},
        ["x" * 10**5] + ["y"] * 10**5,
    ]


def _nested(depth: int, kind: type) -> Any:
    """2^depth leaves in a few bytes: each level holds the one below twice."""
    value: Any = [1.5]
    for _ in range(depth):
        value = [value, value] if kind is list else {"a": value, "b": value}
    return value


def _endless() -> list[Any]:
    value: list[Any] = []
    value.append(value)
    return value


def joblib_call(path: Path, generator: Generator, ran: Path) -> None:
    calls = _calls(generator, ran)
    value = {"traces": np.ones((40, 3)), "group": {"time": calls[generator.integers(len(calls))]}}
    if generator.random() < 0.5:
        value = {
            "traces": calls[generator.integers(len(calls))],
            "group": {"time": np.arange(40.0)},
        }
    if generator.random() < 0.5:
        path.write_bytes(pickle.dumps(value, protocol=int(generator.integers(2, 6))))
    else:
        joblib.dump(value, path, compress=int(generator.choice([0, 3])))


def joblib_damage(path: Path, generator: Generator, ran: Path) -> None:
    """Damage inside the compression, whose checksum is right."""
    plain = path.with_suffix(".plain")
    write_joblib(plain, arrays())
    raw = damage(plain.read_bytes(), generator, pickle.dumps(arrays(), protocol=2))
    plain.unlink()
    path.write_bytes(_packed(raw, generator))


def pickle_damage(path: Path, generator: Generator, ran: Path) -> None:
    """A plain pickle of arrays, damaged: its opcodes reach every function on the allow-list."""
    raw = pickle.dumps(
        {"traces": np.ones((40, 3)), "group": arrays()}, protocol=int(generator.integers(2, 6))
    )
    path.write_bytes(damage(raw, generator, raw))


def _packed(raw: bytes, generator: Generator) -> bytes:
    import bz2
    import gzip
    import lzma
    import zlib

    return (zlib.compress, gzip.compress, bz2.compress, lzma.compress)[generator.integers(4)](raw)


def joblib_bomb(path: Path, generator: Generator, ran: Path) -> None:
    """A pickled bytes object, or a joblib array, of 6 GiB."""
    zeros = 6 * GIB
    start = b"\x80\x04\x8e" + struct.pack("<Q", zeros)
    if generator.random() < 0.5:
        buffer = io.BytesIO()
        joblib.dump(np.zeros(7), buffer)
        start = buffer.getvalue()[:-56].replace(
            b"K\x07\x85", b"\x8a\x04" + struct.pack("<I", zeros // 8) + b"\x85", 1
        )
    kinds = (
        zlib_bomb,
        gzip_bomb,
        lambda s, z: streams_bomb("bz2", s, z),
        lambda s, z: streams_bomb("xz", s, z),
    )
    path.write_bytes(kinds[generator.integers(len(kinds))](start, zeros))


Craft = Callable[[Path, Generator, Path], None]
NPZ: tuple[Craft, ...] = (npz_members, npz_members, npz_members, npz_members, npz_members, npz_bomb)
JOBLIB: tuple[Craft, ...] = (
    joblib_call,
    joblib_call,
    joblib_damage,
    pickle_damage,
    pickle_damage,
    joblib_bomb,
)
