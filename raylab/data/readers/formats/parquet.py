"""Parquet tables: one array per column, one row per sample."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from raylab.data.readers.isolation.limits import allow
from raylab.data.readers.text import text_or_numbers


class ParquetStore:
    """Columns by name, read in batches on use; nested columns are left out."""

    def __init__(self, path: Path) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        # Given a path, pyarrow repeats the start of the file in its errors.
        self._raw = path.open("rb")
        try:
            schema = pq.read_schema(self._raw)
            fields = [field for field in schema if schema.names.count(field.name) == 1]
            self._names = [field.name for field in fields if not pa.types.is_nested(field.type)]
            # Equal cells stay one: a long text in many rows would otherwise be repeated before its
            # size can be counted.
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
        if not batches:
            return np.zeros(0)
        return text_or_numbers(pa.chunked_array(batches).to_numpy(), name)

    def close(self) -> None:
        self._raw.close()
