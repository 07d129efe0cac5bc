"""CSV tables: one array per column, one row per sample."""

from __future__ import annotations

from pathlib import Path

from raylab.data.readers.isolation.limits import allow
from raylab.data.readers.store import MemoryStore, Store
from raylab.data.readers.text import text_or_numbers


def open_csv(path: Path) -> Store:
    """Columns by the names in the first row; empty cells are NaN or empty text.

    Raises:
        ValueError: The table has no rows, or a cell of a numeric column is not a number because the
            file was cut short (the parser's message says where).
    """
    import pandas as pd

    allow(path.stat().st_size, str(path))
    with path.open("rb") as file:  # given a path, pandas would also unpack archives
        table = pd.read_csv(file)
    if table.empty:
        raise ValueError("no rows")
    return MemoryStore(
        {str(name): text_or_numbers(table[name].to_numpy(), str(name)) for name in table.columns}
    )
