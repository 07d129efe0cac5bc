"""What counts as one where the certainty of a score is judged: never a single sample of time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np

from raylab.data.examples import PRESENTATION, SAMPLE
from raylab.evaluation.chance import time_blocks
from raylab.evaluation.decoding import Decoded

UnitKind = Literal["block", "presentation", "trial", "session"]
SESSIONS = 20  # that many sessions are units themselves
BLOCKS = 20  # of time, per session


def unit_kind(decoded: Mapping[str, Decoded], per: str = SAMPLE) -> UnitKind:
    """What the units of some sessions are.

    Whole sessions where there are at least 20 of them, because animals and days differ more than
    moments of one session do. Else the presentations or trials that the examples belong to, and
    contiguous blocks of time where nothing says what belongs together.

    Args:
        per: What one example is, as `evaluation.per` names it.
    """
    if len(decoded) >= SESSIONS:
        return "session"
    if not all(each.grouped for each in decoded.values()):
        return "block"
    return "presentation" if per in (SAMPLE, PRESENTATION) else "trial"


def units_of(decoded: Mapping[str, Decoded], kind: UnitKind) -> np.ndarray:
    """(n,) the unit of each example, session after session: 0, 1, ... in order of time."""
    numbers, before = [], 0
    for each in decoded.values():
        within = _within(each, kind)
        numbers.append(within + before)
        before += int(within.max()) + 1
    return np.concatenate(numbers)


def _within(decoded: Decoded, kind: UnitKind) -> np.ndarray:
    """(n,) the units of one session, numbered by their first example."""
    if kind == "session":
        return np.zeros(len(decoded.truth), np.int64)
    if kind == "block":
        return time_blocks(len(decoded.truth), BLOCKS)
    assert decoded.belongs is not None
    _, first, inverse = np.unique(decoded.belongs, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[inverse]
