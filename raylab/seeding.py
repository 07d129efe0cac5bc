"""A tree of seeds: study, trial, rank, step. Equal paths give equal random streams, other paths
independent ones.
"""

from __future__ import annotations

import hashlib


def derive(seed: int, *path: int | str) -> int:
    """A 63-bit seed for the node `path` below `seed`.

    A hash rather than an addition, so that (seed 1, step 0) and (seed 0, step 1) never share a
    stream.
    """
    text = "/".join([str(seed), *map(str, path)])
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little") >> 1
