"""A rebuilt trial beside its record."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from raylab.analysis.reproduce import Reproduction


def lines(result: Reproduction) -> list[str]:
    """What `raylab.reproduce` returns, for people."""
    within = f"within {result.tolerance:g}, relative" if result.tolerance else "to the bit"
    weights = (
        "equal to the bit"
        if result.weights.equal
        else f"differ by up to {result.weights.largest_difference:.3g}"
    )
    return [
        f"trial {result.trial}: {'the same' if result.same else 'NOT the same'} at step "
        f"{result.step} ({within})",
        f"score     {result.score.recorded!r} recorded, {result.score.rebuilt!r} rebuilt",
        f"weights   {weights}",
        *(
            f"metric    {name}: {then} recorded, {now} rebuilt"
            for name, (then, now) in result.metrics.items()
        ),
        *(
            f"differs   {name}: {then} then, {now} now"
            for name, (then, now) in result.environment.items()
        ),
    ]
