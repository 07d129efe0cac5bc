"""CSV and Parquet tables: one column an array, one row a sample."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from raylab.data.readers.store import MemoryStore, Store


def open_csv(path: Path) -> Store:
    """Columns by the names in the first row; empty cells are NaN or empty text.

    Raises:
        ValueError: A cell of a numeric column is not a number in a file cut short (the parser says where).
    """
    import pandas as pd

    table = pd.read_csv(path)
    if table.empty:
        raise ValueError("no rows")
    return MemoryStore({str(name): _column(table[name].to_numpy()) for name in table.columns})


def open_parquet(path: Path) -> Store:
    """Columns by name; nested columns are left out."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pq.read_table(path)
    flat = [name for name in table.column_names if not pa.types.is_nested(table.schema.field(name).type)]
    return MemoryStore({name: _column(table[name].to_numpy()) for name in flat})


def _column(values: np.ndarray) -> np.ndarray:
    """Text, with missing cells as empty text, as an array of kind U."""
    if values.dtype.kind in "biufM":
        return values
    return np.array(["" if value is None or value != value else str(value) for value in values], dtype=str)
