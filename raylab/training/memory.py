"""Memory that a training step frees stays with the process."""

from __future__ import annotations

import ctypes
import sys

_TRIM_THRESHOLD, _MMAP_THRESHOLD = (
    -1,
    -3,
)  # M_TRIM_THRESHOLD and M_MMAP_THRESHOLD of glibc's <malloc.h>
_LARGEST = 32 << 20  # the most that glibc takes for the second


def keep_freed_memory() -> None:
    """Torch has no cache of CPU memory, and glibc hands large freed blocks back to the system:
    every step then pays a page fault for each 4 KiB of its activations, up to a third of its time.
    Elsewhere than on glibc, nothing happens.

    See mallopt(3). What the process holds stays at its highest mark, as on a GPU.
    """
    if not sys.platform.startswith("linux"):
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_MMAP_THRESHOLD, _LARGEST)
        mallopt(_TRIM_THRESHOLD, 2**31 - 1)
