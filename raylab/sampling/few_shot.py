"""Few labelled examples of each class: how much a decoder learns from one presentation of an image,
or ten.
"""

from __future__ import annotations

import numpy as np

from raylab.data.session import UNLABELLED
from raylab.seeding import derive


def few_shot(codes: np.ndarray, shots: int, seed: int) -> np.ndarray:
    """Positions (m,) int64, ascending, of at most `shots` examples of each class.

    Pure in (codes, seed), and nested: the examples of fewer shots are among those of more, so a
    curve over shots is not noisier than it must be.

    Args:
        codes: (n,) class codes, -1 where unlabelled; those are never drawn.
        shots: Examples a class, at least 1.
    """
    known = np.setdiff1d(codes, UNLABELLED)
    drawn = [
        np.random.default_rng(derive(seed, "few_shot", int(code))).permutation(
            np.flatnonzero(codes == code)
        )[:shots]
        for code in known
    ]
    return np.sort(np.concatenate([np.zeros(0, np.int64), *drawn]))
