"""Keeping the memory that a training step frees in the process."""

from __future__ import annotations

import ctypes
import sys

# M_TRIM_THRESHOLD and M_MMAP_THRESHOLD of glibc's <malloc.h>.
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
_LARGEST = 32 << 20  # the highest value that glibc accepts for the second


def keep_freed_memory() -> None:
    """Make glibc keep large freed blocks; without glibc, nothing happens. See mallopt(3).

    Torch does not cache CPU memory, and glibc returns large freed blocks to the system. Each step
    then pays a page fault for every 4 KiB of its activations, up to a third of its time. In
    exchange, the memory of the process stays at its highest mark, as on a GPU.
    """
    if not sys.platform.startswith("linux"):
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_MMAP_THRESHOLD, _LARGEST)
        mallopt(_TRIM_THRESHOLD, 2**31 - 1)
