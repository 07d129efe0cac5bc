"""How many files `prepare` reads at once, so that together they stay within a memory budget."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence

from raylab.data.readers.isolation.limits import machine_memory
from raylab.data.readers.source import Source
from raylab.errors import ConfigError

UNITS = {
    "": 1,
    "K": 10**3,
    "M": 10**6,
    "G": 10**9,
    "T": 10**12,
    "KI": 2**10,
    "MI": 2**20,
    "GI": 2**30,
    "TI": 2**40,
}
# Peak memory of reading a file as a multiple of its size, measured (see `make bench`, rows
# prepare/*): the arrays of the file, float32 activity, and one more copy while NaN are looked for
# or samples are binned.
COPIES = 4.0
PROCESS = 400 * 2**20  # imports of a reading process


def files_at_once(sources: Sequence[Source], budget: int | None) -> int:
    """The number of files to read at once: at least one, at most half as many again as CPUs.

    A reading process waits for the disk for about a third of its time. A file that needs more than
    the budget is read alone.

    Args:
        budget: Bytes of memory for all files that are read at once; default: half of the machine's.
    """
    budget = machine_memory() // 2 if budget is None else budget
    largest = max(sum(path.stat().st_size for path in source.paths) for source in sources)
    cpus = os.cpu_count() or 1
    most = min(cpus + cpus // 2, len(sources))
    return max(1, min(most, int(budget // (COPIES * largest + PROCESS))))


def parse_memory(text: str | int) -> int:
    """Bytes of `8GB`, `500 MiB` or a plain number.

    Raises:
        ConfigError: The text is not a size.
    """
    size = re.fullmatch(r"\s*([0-9.]+)\s*([KMGT]?I?)B?\s*", str(text).upper())
    if (
        not size
        or size[2] not in UNITS
        or size[1].count(".") > 1
        or not float(size[1].strip(".") or 0)
    ):
        raise ConfigError(f"--memory '{text}' is not a size", "For example: --memory 8GB")
    return int(float(size[1]) * UNITS[size[2]])
