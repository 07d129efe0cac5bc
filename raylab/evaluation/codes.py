"""Scores of a codebook from the codes of held-out windows: how much of it is used, and how many
bits its codes need (entropy: Shannon 1948).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.stats import entropy


def counts_of(indices: np.ndarray, sizes: Sequence[int]) -> list[np.ndarray]:
    """(tokens, codebooks) int64 -> how often each code of each codebook was chosen."""
    return [np.bincount(indices[:, at], minlength=size) for at, size in enumerate(sizes)]


def codebook_scores(counts: Sequence[np.ndarray], *, codes_per_window: int) -> dict[str, float]:
    """Means over codebooks, and the rate of all of them together.

    `usage` is the share of codes that were chosen at all, `usage_least` that of the codebook with
    the lowest; `perplexity` is 2 ** entropy, the number of codes that would be as hard to guess if
    they were equally frequent. `bits_per_window` is what an ideal code without memory needs, from
    these counts; `capacity` what numbering takes.
    """
    entropies = [float(entropy(each, base=2)) for each in counts]
    usage = [float((each > 0).mean()) for each in counts]
    return {
        "usage": float(np.mean(usage)),
        "usage_least": min(usage),
        "perplexity": float(np.mean([2**bits for bits in entropies])),
        "bits_per_window": codes_per_window * sum(entropies),
        "capacity": codes_per_window * float(sum(np.log2(len(each)) for each in counts)),
    }
