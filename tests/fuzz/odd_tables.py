"""CSV and Parquet tables with cells, types and sizes that no recording has."""

from __future__ import annotations

import functools
import gzip
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from tests.fuzz.bases import arrays, columns, write_csv
from tests.fuzz.odd_arrays import Generator

CELLS = (
    "",
    "nan",
    "inf",
    "-inf",
    "1e999",
    "9" * 400,
    "1_000",
    "0x10",
    '"',
    '""',
    "'",
    "=1+1",
    "\x00",
    "\x1b[31m",
    "\u0663",
    "True",
    "2020-01-01",
    "1,5",
    "\n",
    '"a\nb"',
    "\u202e",
    "None",
    "-",
    "1e",
    "\ufeff",
    "a" * 10**5,
    "\r",
    "NaN ",
)


def odd_cells(path: Path, generator: Generator, ran: Path) -> None:
    write_csv(path, arrays())
    rows = [line.split(",") for line in path.read_text().splitlines()]
    for _ in range(int(generator.integers(1, 6))):
        row = rows[0] if generator.random() < 0.2 else rows[generator.integers(len(rows))]
        column = int(generator.integers(max(len(row), 1)))
        chance = generator.random()
        if chance < 0.7:
            row[column : column + 1] = [CELLS[generator.integers(len(CELLS))]]
        elif chance < 0.8:
            del row[column:]
        elif chance < 0.9:
            row += ["1"] * int(generator.choice([1, 3, 5000]))
        else:
            rows[generator.integers(len(rows))] = []
    end = str(generator.choice(["\n", "\r\n", "\r", "\n\n"]))
    separator = str(generator.choice([",", ",", ",", ";", "\t"]))
    text = end.join(separator.join(row) for row in rows)
    path.write_bytes(
        text.encode(str(generator.choice(["utf-8", "utf-8", "utf-16", "utf-8-sig"])), "replace")
    )


def another_content(path: Path, generator: Generator, ran: Path) -> None:
    write_csv(path, arrays())
    raw = path.read_bytes()
    header = raw.split(b"\n", 1)[0]
    made = (
        gzip.compress(raw, mtime=0),
        header,
        header + b"\n",
        b"\n" * 5000,
        b",\n" * 2000,
        b"a" * 10**6,
        raw.replace(b"\n", b"\0"),
        b",".join([b"traces_0"] * 3000) + b"\n" + b",".join([b"1"] * 3000),
        raw * 30,
        b'"' + raw,
        generator.bytes(3000),
        header + b"\n" + raw,
        b"\xef\xbb\xbf" + raw,
        b"time,traces_0\n" + b"1,2\n" * 3,
    )
    path.write_bytes(made[generator.integers(len(made))])


def odd_columns(path: Path, generator: Generator, ran: Path) -> None:
    """Types that Parquet has and recordings do not."""
    found = columns(arrays())
    rows = len(next(iter(found.values())))
    integers = pa.array(range(rows))
    made: list[Any] = [
        pa.array([None] * rows),
        pa.array([None, *range(rows - 1)]),
        pa.array([[1.0, 2.0]] * rows),
        pa.array([{"a": 1}] * rows),
        integers.cast(pa.decimal128(30, 3)),
        integers.cast(pa.timestamp("us", tz="Europe/Berlin")),
        integers.cast(pa.timestamp("s")),
        pa.array([0] * rows, pa.date32()),
        pa.array([0] * rows, pa.time64("us")),
        pa.array([2**62] * rows, pa.duration("ns")),
        pa.array([b"\xff\xfe"] * rows),
        pa.array([b"12345678"] * rows, pa.binary(8)),
        pa.array(["a", "b"] * (rows // 2)).dictionary_encode(),
        pa.array(["\x1b[31m", "x" * 10**5] * (rows // 2)),
        pa.array([True, None] * (rows // 2)),
        pa.array(np.full(rows, np.nan)),
        pa.array(np.arange(rows, dtype="f2")),
        pa.array([2**64 - 1] * rows, pa.uint64()),
        pa.array([[("a", 1)]] * rows, pa.map_(pa.string(), pa.int64())),
    ]
    for _ in range(int(generator.integers(1, 3))):
        found[str(generator.choice([*found, "time", "traces_0", "traces_7"]))] = made[
            generator.integers(len(made))
        ]
    names, values = list(found), [pa.array(value) for value in found.values()]
    if generator.random() < 0.15:
        names[-1] = names[0]  # twice the same name
    kinds = ["snappy", "gzip", "zstd", "none", "brotli", "lz4"]
    pq.write_table(pa.table(values, names=names), path, compression=str(generator.choice(kinds)))


@functools.cache
def _long_table(kind: str) -> bytes:
    """10^8 equal numbers (800 MB) in a few bytes, or a text of a megabyte in 20,000 rows."""
    sink = pa.BufferOutputStream()
    if kind == "numbers":
        rows = 10**6
        part = pa.table({name: np.zeros(rows) for name in ("traces_0", "time")})
        with pq.ParquetWriter(sink, part.schema, compression="zstd") as writer:
            for _ in range(50):
                writer.write_table(part, row_group_size=rows)
    else:
        words = pa.DictionaryArray.from_arrays(
            pa.array(np.zeros(20_000, np.int32)), pa.array(["x" * 10**6])
        )
        table = pa.table({"word": words, "time": np.arange(20_000.0), "traces_0": np.zeros(20_000)})
        pq.write_table(table, sink, use_dictionary=["word"], store_schema=False)
    return sink.getvalue().to_pybytes()


def bomb_tables() -> None:
    """Make both once, before processes are forked."""
    for kind in ("numbers", "words"):
        _long_table(kind)


def bomb(path: Path, generator: Generator, ran: Path) -> None:
    path.write_bytes(_long_table(str(generator.choice(["numbers", "words"]))))


CSV = (odd_cells, odd_cells, odd_cells, another_content)
PARQUET = (odd_columns, odd_columns, odd_columns, odd_columns, odd_columns, bomb)
