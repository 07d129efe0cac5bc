"""Follows a study by its ledger, as often as reading it costs little."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from raylab.errors import RaylabError

if TYPE_CHECKING:
    from raylab.reporting.progress.results import Progress
    from raylab.reporting.progress.settings import Settings
    from raylab.tracking.study import StudyFolder

INTERVAL_S = 0.9  # at least, between two readings
SHARE = 50  # a reading may take one part in so many of the time; the first one, which imports, more
LONGEST_S = 10.0  # at most, between two readings
GROWING_S = 60.0  # a ledger that grew so recently has a driver, also where no lock shows it


class Follower:
    """Gives the progress of the study in a folder, or of the studies below it.

    Args:
        folder: Need not exist yet.
        own: Whether this process is the study's driver. Then there is no progress before the
            driver has begun, and its report is part of the work.
        planned: How many studies there will be.
    """

    def __init__(self, folder: Path, *, own: bool = False, planned: int = 1) -> None:
        self.folder = folder
        self.error: Exception | None = None  # of the last reading
        self._own, self._planned = own, planned
        self._lock = threading.Lock()
        self._open: dict[Path, tuple[StudyFolder, Settings]] = {}
        self._events: dict[Path, tuple[int, float]] = {}  # how many, and when there were more
        self._locked: set[Path] = set()  # studies whose driver was seen by its lock
        self._last: Progress | None = None
        self._scores: list[tuple[float, float]] = []
        self._next = 0.0  # no reading before

    def progress(self) -> Progress | None:
        """The progress, at most about a second old; None while there is nothing to show."""
        with self._lock:
            if time.monotonic() >= self._next and self._is_there():
                first, began = self._last is None, time.thread_time()  # waiting costs nothing
                try:
                    self._last, self.error = self._read(), None
                except Exception as error:  # a view must never end the work that it shows
                    self.error = error
                took = time.thread_time() - began
                pause = INTERVAL_S if first else min(SHARE * took, LONGEST_S)
                self._next = time.monotonic() + max(INTERVAL_S, pause)
            return self._last

    def scores(self) -> list[tuple[float, float]]:
        """(time in unix seconds, score) of the completed trials of the last study, in the order of
        time.
        """
        with self._lock:
            if not self._open or self.error is not None:
                return self._scores
            from raylab.reporting.progress.ended import completed_scores
            from raylab.tracking.records import records

            study, _ = next(reversed(self._open.values()))
            with contextlib.suppress(RaylabError, OSError):  # the next reading says why
                self._scores = completed_scores(records(study.ledger.read(), live=True))
            return self._scores

    def _is_there(self) -> bool:
        """Whether there is a study. Imports nothing: the driver is busy with its own imports."""
        return (self.folder / "study.json").is_file() or any(self.folder.glob("*/study.json"))

    def _read(self) -> Progress | None:
        from raylab.reporting.progress.several import SCORES, studies_in, together

        paths = studies_in(self.folder)
        parts = [part for path in paths if (part := self._progress(path)) is not None]
        if not parts or (self._own and self._last is None and not self._is_ours(paths[-1])):
            return None
        if self.folder in paths:
            return self._for_us(parts[0])
        whole = together(
            parts,
            name=self.folder.name,
            planned=max(self._planned, len(parts)),
            complete=(self.folder / SCORES).is_file(),
        )
        return self._for_us(whole)

    def _progress(self, path: Path) -> Progress | None:
        from raylab.reporting.progress.progress import progress
        from raylab.reporting.progress.settings import Settings
        from raylab.tracking.study import StudyFolder

        if path not in self._open:
            study = StudyFolder.open(path)
            self._open[path] = study, Settings.of(study)
        study, settings = self._open[path]
        at_work = self._is_ours(path) if self._own else self._is_live(path)
        return progress(study, live=at_work, settings=settings)

    def _is_ours(self, path: Path) -> bool:
        """Whether the study's last driver is this process."""
        from raylab.tracking.events import DriverStarted

        study, _ = self._open[path]
        started = [each for each in study.ledger.read() if isinstance(each, DriverStarted)]
        return bool(started) and started[-1].pid == os.getpid()

    def _is_live(self, path: Path) -> bool:
        """Whether a driver is at work: by its lock, or, where locks of another machine cannot be
        seen, because the ledger has grown a moment ago.
        """
        study, _ = self._open[path]
        if study.is_live():
            self._locked.add(path)
            return True
        if path in self._locked:
            return False
        number, now = len(study.ledger.read()), time.monotonic()
        before, _ = self._events.get(path, (number, 0.0))
        if number > before:
            self._events[path] = number, now
        else:
            self._events.setdefault(path, (number, now - GROWING_S))
        return now - self._events[path][1] < GROWING_S

    def _for_us(self, progress: Progress) -> Progress:
        """For its own driver a study is at work also before the first event and after the last."""
        if not self._own or progress.state == "running":
            return progress
        from raylab.reporting.progress.stages import REPORT

        ended = progress.state == "ended"
        return replace(progress, state="running", phase=REPORT if ended else progress.phase)
