"""A trial rebuilt from its record, beside what was recorded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def lines(found: Mapping[str, Any]) -> list[str]:
    """What `raylab.reproduce` returns, for people."""
    score, weights = found["score"], found["weights"]
    within = f"within {found['tolerance']:g}, relative" if found["tolerance"] else "to the bit"
    largest = (
        "equal to the bit"
        if weights["equal"]
        else f"differ by up to {weights['largest_difference']:.3g}"
    )
    said = [
        f"trial {found['trial']}: {'the same' if found['same'] else 'NOT the same'} at step "
        f"{found['step']} ({within})",
        f"score     {score['recorded']!r} recorded, {score['rebuilt']!r} rebuilt",
        f"weights   {largest}",
    ]
    said += [
        f"metric    {name}: {then} recorded, {now} rebuilt"
        for name, (then, now) in found["metrics"].items()
    ]
    said += [
        f"differs   {name}: {then} then, {now} now"
        for name, (then, now) in found["environment"].items()
    ]
    return said
