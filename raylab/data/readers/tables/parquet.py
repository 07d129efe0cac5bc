"""Parquet tables: one array per column, one row per sample."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from raylab.data.readers.isolation.limits import allow
from raylab.data.readers.tables.arrow import array_of, why_left_out
from raylab.errors import DataError


class ParquetStore:
    """Columns by name, read in batches on use.

    Raises:
        DataError: Two columns have one name.
    """

    def __init__(self, path: Path) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        # Given a path, pyarrow repeats the start of the file in its errors.
        self._raw = path.open("rb")
        try:
            schema = pq.read_schema(self._raw)
            for name in schema.names:
                if schema.names.count(name) > 1:
                    raise DataError(
                        f"{path}: two columns are both called '{name}'", "Rename one of them."
                    )
            reasons = {field.name: why_left_out(field.type) for field in schema}
            self._left_out = {name: reason for name, reason in reasons.items() if reason}
            self._names = [name for name in schema.names if name not in self._left_out]
            # Equal cells stay one: a long text in many rows would otherwise be repeated before its
            # size can be counted.
            texts = [
                field.name
                for field in schema
                if field.type in (pa.string(), pa.binary(), pa.large_string())
            ]
            self._file = pq.ParquetFile(self._raw, read_dictionary=texts)
        except BaseException:
            self._raw.close()
            raise

    def names(self) -> list[str]:
        return self._names

    def left_out(self) -> dict[str, str]:
        return self._left_out

    def read(self, name: str) -> np.ndarray:
        import pyarrow as pa

        what, size, batches = f"'{name}'", 0, []
        allow(self._file.metadata.num_rows, what)
        for batch in self._file.iter_batches(columns=[name], use_threads=False):
            size += batch.nbytes
            allow(size, what)
            batches.append(batch.column(name))
        if not batches:
            return np.zeros(0)
        return array_of(pa.chunked_array(batches), name)

    def close(self) -> None:
        self._raw.close()
