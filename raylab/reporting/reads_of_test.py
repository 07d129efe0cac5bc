"""The readings of a study's test split in words, for the report and the terminal."""

from __future__ import annotations

import time
from collections.abc import Sequence

from raylab.tracking.events import TestRead

ANSWER = "answer"  # the purpose of the reads of `raylab answer`


def reads_text(reads: Sequence[TestRead]) -> str:
    """How often the test split was read, why and when."""
    if reads and all(read.purpose == ANSWER for read in reads):
        return _of_answer(reads)
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


def _of_answer(reads: Sequence[TestRead]) -> str:
    """Each fold has a test part of its own, which one trial reads."""
    folds, again = len({read.trial for read in reads}), len(reads) - len({r.trial for r in reads})
    parts = "The test part" if folds == 1 else f"The test part of each of {folds} folds"
    when = time.strftime("%Y-%m-%d %H:%M", time.gmtime(reads[-1].time))
    sentence = f"{parts} was read once, to answer ({when})."
    if again:
        sentence += f" After interruptions, {again} of them were read again."
    return sentence
