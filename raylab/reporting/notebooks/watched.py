"""Who receives the lines of progress of a function that runs long."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

Say = Callable[[str], None]


@contextlib.contextmanager
def watched(
    out: str | os.PathLike[str], say: Say | None, *, stage: str = "starting", planned: int = 1
) -> Iterator[Say]:
    """What receives lines of progress while a study is at work.

    Args:
        out: The folder of the study, or of several studies; it may not exist yet.
        say: What the caller named; it is used as it is. None: in a notebook a view that follows the
            study by its ledger, elsewhere `print`.
        stage: What is being done before the study begins.
        planned: How many studies there will be in the folder.
    """
    if say is not None or not in_notebook():
        yield say or print
        return
    from raylab.reporting.notebooks.panel import NotebookPanel
    from raylab.reporting.progress.follower import Follower

    follower = Follower(Path(out).expanduser().absolute(), own=True, planned=planned)
    with NotebookPanel(follower.progress, stage) as panel:
        yield panel.say


def in_notebook() -> bool:
    """Whether this code runs in a cell of a notebook, which shows HTML. IPython is not imported:
    in a notebook it is there.
    """
    interactive = sys.modules.get("IPython")
    shell = interactive.get_ipython() if interactive is not None else None
    return type(shell).__name__ == "ZMQInteractiveShell"
