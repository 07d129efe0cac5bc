"""The sampling rate in `params.py`, which is parsed and never run."""

from __future__ import annotations

import ast
import math
import re
import warnings
from pathlib import Path

from raylab.data.readers.guard import guard
from raylab.errors import DataError

NAME = "sample_rate"
LONGEST = 10**6  # bytes; the file has a few lines


LINE = re.compile(rf"^{NAME}\s*=.*$", re.MULTILINE)


def sample_rate(path: Path) -> float | str:
    """The samples per second that the file assigns, or why they are not known.

    Raises:
        DataError: The file is no Python.
    """
    if not path.is_file():
        return f"there is no {path.name}"
    if path.stat().st_size > LONGEST:
        raise DataError(f"{path}: has {path.stat().st_size:,} bytes, so it is no file of phy")
    with guard(path, "the parameters of phy"):
        values = [
            statement.value
            for statement in _parsed(path.read_text(encoding="utf-8-sig", errors="replace"))
            if isinstance(statement, ast.Assign)
            and any(isinstance(name, ast.Name) and name.id == NAME for name in statement.targets)
        ]
    if not values:
        return f"{path.name} does not state `{NAME}`"
    try:
        rate = ast.literal_eval(values[-1])
    except ValueError:
        return f"{path.name} computes `{NAME}`, and raylab runs no code of a recording"
    if isinstance(rate, bool) or not isinstance(rate, int | float) or not 0 < rate < math.inf:
        return f"{path.name} states `{NAME} = {str(rate)[:40]}`, which is no rate"
    return float(rate)


def _parsed(text: str) -> list[ast.stmt]:
    """The statements of the file; where another line is no Python, those of the rate.

    Paths of Windows, as in `dat_path = 'C:\\Users\\me'`, are often no Python.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about backslashes in paths
        try:
            return ast.parse(text).body
        except SyntaxError:
            return ast.parse("\n".join(LINE.findall(text))).body
