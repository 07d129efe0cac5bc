"""The splits of a drafted recipe."""

from __future__ import annotations

from raylab.data.drafting.guess import Guess, Section

FRACTIONS = [0.6, 0.2, 0.2]
BLOCKS, SHORTEST_BLOCK_S, GAP_S = 10, 10.0, 1.0


def splits_of(seconds: float | None, *, trials: bool, groups: Section) -> Section:
    """Whole trials where there are trials, else blocks, else three stretches.

    Args:
        seconds: Length of the recording; None where a look does not tell it.
        trials: The activity is a tensor of trials.
        groups: Numbers of trials, one per sample.
    """
    shares = Guess(FRACTIONS, "train, valid, test")
    if trials:
        return {"kind": Guess("trials", "whole trials"), "fractions": shares}
    if groups:
        name = next(iter(groups))
        return {
            "kind": Guess("groups", f"whole ones of '{name}'"),
            "by": name,
            "fractions": shares,
        }
    if seconds is not None and seconds < BLOCKS * SHORTEST_BLOCK_S / 4:
        why = f"{seconds:.3g} s, too short for blocks"
        return {"kind": Guess("chronological", why), "fractions": shares}
    section: Section = {
        "kind": Guess("blocked", "blocks of time at random, as recordings drift"),
        "blocks": BLOCKS,
        "fractions": shares,
    }
    if seconds is not None and seconds > BLOCKS * SHORTEST_BLOCK_S * 2:
        section["gap_s"] = Guess(GAP_S, "samples between two splits that neither has")
    return section
