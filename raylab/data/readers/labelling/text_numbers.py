"""Columns of text that hold numbers, such as a column of a table with `NA` in some cells."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from raylab.data.labels.classes import class_name
from raylab.errors import DataError

NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|[+-]?inf(inity)?", re.IGNORECASE)


def numbers_of_text(raw: np.ndarray, missing: Sequence[str], key: str) -> np.ndarray:
    """float64 from an array of text; NaN for empty text, `nan`, and what `missing` states.

    Raises:
        DataError: Another text is not a number.
    """
    distinct, place = np.unique(np.ma.getdata(raw), return_inverse=True)
    absent = {class_name(text) for text in missing} | {None}
    names = [class_name(cell) for cell in distinct]
    for name in names:
        if name not in absent and not NUMBER.fullmatch(str(name)):
            raise DataError(
                f"`{key}` holds the text '{str(name)[:40]}', not only numbers",
                f'If the text means that a value is missing, set `{key}.missing: "{name}"`; '
                f"for classes, set `{key}.kind: discrete`.",
            )
    values = [np.nan if name in absent else float(str(name)) for name in names]
    return np.array(values, np.float64)[place].reshape(raw.shape)
