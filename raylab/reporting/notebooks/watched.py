"""Who receives the lines of progress of a function that runs long."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator

Say = Callable[[str], None]


@contextlib.contextmanager
def watched(
    out: str | os.PathLike[str], say: Say | None, *, stage: str = "starting", planned: int = 1
) -> Iterator[Say]:
    """What receives lines of progress while a study is at work.

    Args:
        out: The folder of the study, or of several studies; it may not exist yet.
        say: What the caller named; default: `print`.
        stage: What is being done before the study begins.
        planned: How many studies there will be in the folder.
    """
    yield say or print
