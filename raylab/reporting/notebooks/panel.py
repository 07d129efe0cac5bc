"""The view of a study at work below the cell of a notebook."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from importlib import import_module
from typing import Any, Self

from raylab.reporting.markup import render
from raylab.reporting.progress.results import Progress
from raylab.reporting.progress.wording import (
    baseline_text,
    best_text,
    done_text,
    duration,
    left_text,
    steps_text,
)
from raylab.reporting.tables.cells import keys, short_names, text

TICK_S = 1.0
MOST_LINES = 8  # of progress that are shown; notes and warnings stay
MOST_TRIALS = 12  # running ones


class NotebookPanel:
    """Shows the progress of a study below a cell, once a second, until its context ends.

    Args:
        source: Gives the progress; None before there is any.
        stage: What is being done before that.
    """

    def __init__(self, source: Callable[[], Progress | None], stage: str) -> None:
        self._source, self._stage = source, stage
        self._lines: deque[str] = deque(maxlen=MOST_LINES)
        self._notes: list[str] = []
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="notebook-panel", daemon=True)
        self._handle: Any = None

    def __enter__(self) -> Self:
        display: Any = import_module("IPython.display")
        self._html = display.HTML
        self._handle = display.display(self._html(self.html()), display_id=True)
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._closing.set()
        self._thread.join()
        self._update()

    def say(self, line: str) -> None:
        """Take a line of progress."""
        stays = line.startswith(("note:", "WARNING", "warning:"))
        self._notes.append(line) if stays else self._lines.append(line)

    def html(self) -> str:
        """The view as HTML, in which all text from data is escaped."""
        progress = self._source()
        lines = [*self._notes, *self._lines]
        if progress is None:
            return str(render("notebook.html", head=self._stage, share=None, lines=lines, rows=[]))
        texts = (done_text, best_text, baseline_text, left_text)
        parts = [progress.phase, *(part for part in (each(progress) for each in texts) if part)]
        return str(
            render(
                "notebook.html",
                head=f"{progress.study}: {', '.join(parts)}, {duration(progress.elapsed_s)} so far",
                share=progress.share,
                lines=lines,
                **_table(progress),
            )
        )

    def _run(self) -> None:
        while not self._closing.wait(TICK_S):
            self._update()

    def _update(self) -> None:
        self._handle.update(self._html(self.html()))


def _table(progress: Progress) -> dict[str, Any]:
    """The running trials as `heads` and `rows` of text."""
    running = progress.running[:MOST_TRIALS]
    metrics = keys(trial.scores for trial in running)
    params = short_names(keys(trial.params for trial in running))
    rows = [
        [
            trial.trial,
            steps_text(trial.step, trial.max_steps),
            *(
                "" if (score := trial.scores.get(each)) is None else f"{score:.4f}"
                for each in metrics
            ),
            "" if trial.left_s is None else duration(trial.left_s),
            *(text(trial.params.get(path)) for path in params),
        ]
        for trial in running
    ]
    return {"heads": ["trial", "step", *metrics, "time left", *params.values()], "rows": rows}
