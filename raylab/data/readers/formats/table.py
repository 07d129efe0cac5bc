"""CSV and Parquet tables: one column an array, one row a sample."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from raylab.data.readers.formats.text import TextColumn
from raylab.data.readers.isolation.limits import allow
from raylab.data.readers.store import MemoryStore, Store


def open_csv(path: Path) -> Store:
    """Columns by the names in the first row; empty cells are NaN or empty text.

    Raises:
        ValueError: A cell of a numeric column is not a number in a file cut short (the parser says
            where).
    """
    import pandas as pd

    allow(path.stat().st_size, str(path))
    with path.open("rb") as file:  # by its path pandas would also unpack archives
        table = pd.read_csv(file)
    if table.empty:
        raise ValueError("no rows")
    return MemoryStore(
        {str(name): _column(table[name].to_numpy(), str(name)) for name in table.columns}
    )


class ParquetStore:
    """Columns by name, read when asked for, in batches; nested columns are left out."""

    def __init__(self, path: Path) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        self._raw = path.open(
            "rb"
        )  # given a path, pyarrow repeats the start of the file in its errors
        try:
            schema = pq.read_schema(self._raw)
            fields = [field for field in schema if schema.names.count(field.name) == 1]
            self._names = [field.name for field in fields if not pa.types.is_nested(field.type)]
            # Equal cells stay one: a long text in many rows is otherwise repeated before it can be
            # counted.
            texts = [
                field.name
                for field in fields
                if field.type in (pa.string(), pa.binary(), pa.large_string())
            ]
            self._file = pq.ParquetFile(self._raw, read_dictionary=texts)
        except BaseException:
            self._raw.close()
            raise

    def names(self) -> list[str]:
        return self._names

    def read(self, name: str) -> np.ndarray:
        import pyarrow as pa

        what, size, batches = f"'{name}'", 0, []
        allow(self._file.metadata.num_rows, what)
        for batch in self._file.iter_batches(columns=[name], use_threads=False):
            size += batch.nbytes
            allow(size, what)
            batches.append(batch.column(0))
        return _column(pa.chunked_array(batches).to_numpy(), name) if batches else np.zeros(0)

    def close(self) -> None:
        self._raw.close()


def _column(values: np.ndarray, name: str) -> np.ndarray:
    """Text, with missing cells as empty text, as an array of kind U."""
    if values.dtype.kind in "biufM":
        return values
    text = TextColumn(f"'{name}'")
    text.add(values)
    return text.array()
