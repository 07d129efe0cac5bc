"""Words that several notes share."""

from __future__ import annotations

from collections.abc import Sequence

NAMES = {0: "training", 1: "validation", 2: "test"}  # of split codes
SHOWN = 5  # of a long list


def listed(items: Sequence[object], most: int = SHOWN) -> str:
    """`3, 7 and 9`, or `3, 7, 9, 12, 14 and 20 more`."""
    texts = [str(item) for item in items]
    if len(texts) > most + 1:
        return f"{', '.join(texts[:most])} and {len(texts) - most} more"
    return " and ".join(filter(None, [", ".join(texts[:-1]), texts[-1]]))


def units_text(units: Sequence[int]) -> str:
    """`unit 3`, or `units 3 and 4`."""
    return f"unit{'s' * (len(units) > 1)} {listed(units)}"
