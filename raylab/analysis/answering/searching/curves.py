"""The scores of a trial of an answer at its steps, as far as they are known while it is at work.

Its process writes them to a file of the trial's folder, which is gone when the trial has ended. The
driver reads the file, because only the driver writes the ledger.
"""

from __future__ import annotations

import contextlib
import math
import time
from pathlib import Path

from raylab.errors import DataError
from raylab.evaluation.metrics import SCORE
from raylab.files import read_json, write_json
from raylab.tracking.events import TrialReported
from raylab.training.candidates import CandidateTable

FILE = "curve.json"  # in the trial's folder: step -> score of its best candidate
EVERY_S = 1.0  # between two writings of the file


class CurveWriter:
    """Writes the curve of a trial, at most once in `EVERY_S` seconds."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE
        self._scores: dict[int, float] = {}
        self._next = 0.0

    def add(self, step: int, score: float) -> None:
        """Add the score of the best candidate of a step; of a model that diverged, nothing."""
        if math.isfinite(score):
            self._scores[step] = score
        if time.monotonic() >= self._next:
            write_json(self._path, self._scores)
            self._next = time.monotonic() + EVERY_S

    def close(self) -> None:
        """Remove the file: the trial's candidates have the whole curve."""
        self._path.unlink(missing_ok=True)


class CurveReader:
    """The validations of a trial that the ledger does not have yet."""

    def __init__(self, trial: str, folder: Path) -> None:
        self._trial, self._path = trial, folder / FILE
        self._known: set[int] = set()
        self._path.unlink(missing_ok=True)  # of an earlier process, which was killed

    def so_far(self) -> list[TrialReported]:
        """What the process of the trial has written."""
        with contextlib.suppress(DataError, OSError):
            scores = read_json(self._path)
            return self._new({int(step): score for step, score in scores.items()})
        return []

    def whole(self, table: CandidateTable) -> list[TrialReported]:
        """The rest of the curve, of a trial that has ended."""
        return self._new(curve(table))

    def _new(self, scores: dict[int, float]) -> list[TrialReported]:
        steps = [step for step in scores if step not in self._known]
        self._known.update(steps)
        return [
            TrialReported(trial=self._trial, step=step, metrics={SCORE: scores[step]})
            for step in steps
        ]


def curve(table: CandidateTable) -> dict[int, float]:
    """Step -> score of its best candidate, where the candidates of a trial are steps."""
    scores: dict[int, float] = {}
    for overrides, losses in zip(table.overrides, table.losses, strict=True):
        step = overrides.get("training.max_steps")
        if step is not None:
            scores[step] = max(scores.get(step, -math.inf), float(1 - losses.mean()))
    return dict(sorted(scores.items()))
