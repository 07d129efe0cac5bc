"""Applying a function that waits for a reading process to many items, in threads."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import TypeVar

from raylab.data.readers.isolation.servers import servers

Item = TypeVar("Item")
Output = TypeVar("Output")


def map_in_threads(
    function: Callable[[Item], Output], items: Sequence[Item], *, at_once: int
) -> Generator[Output, None, None]:
    """Apply a function to items in threads, at most `at_once` at a time.

    Where the caller stops before the end (an error, Ctrl-C), no further item begins, and the
    reading processes of those under way are ended.

    Yields:
        The function's values, in the order in which they come.
    """
    pool = ThreadPoolExecutor(at_once, thread_name_prefix="prepare")
    try:
        for future in as_completed([pool.submit(function, item) for item in items]):
            yield future.result()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
        servers().end(keep=1)  # one, for the next call: starting it costs most of a second
        pool.shutdown()
