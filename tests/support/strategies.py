"""What hypothesis draws for several tests."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st


@st.composite
def parted(draw: st.DrawFn) -> np.ndarray:
    """(P, 3) parts with pauses between them, each split among them; two training parts."""
    codes = draw(st.permutations([0, 0, 1, 2, *draw(st.lists(st.integers(0, 2), max_size=3))]))
    rows, at = [], 0
    for code in codes:
        at += draw(st.integers(0, 7))
        length = draw(st.integers(3, 40))
        rows.append([at, at + length, code])
        at += length
    return np.array(rows)
