"""The readings of a study's test split in words, for the report and the terminal."""

from __future__ import annotations

import time
from collections.abc import Sequence

from raylab.tracking.events import TestRead


def reads_text(reads: Sequence[TestRead]) -> str:
    """How often the test split was read, why and when."""
    times = len(reads)
    occasions = ", ".join(
        f"to {read.purpose} trial {read.trial} "
        f"({time.strftime('%Y-%m-%d %H:%M', time.gmtime(read.time))})"
        for read in reads
    )
    count = "once" if times == 1 else f"{times} times"
    sentence = f"The test split was read {count}{f': {occasions}' if occasions else ''}."
    if times > 1:
        sentence += " A score chosen after several reads is no longer an untouched one."
    return sentence
