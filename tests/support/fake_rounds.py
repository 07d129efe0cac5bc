"""An answer without fits: entrants with stated losses and seconds, and a clock that they move."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
from own_process import OwnProcess

from raylab.analysis.answering.fitting import FitJob, FitResult
from raylab.analysis.answering.searching.board import Board
from raylab.analysis.answering.searching.clock import Clock
from raylab.analysis.answering.searching.reserve import Reserve
from raylab.analysis.answering.searching.search import Search
from raylab.analysis.answering.searching.trials import Runner
from raylab.evaluation.certainty.held_out import HeldOut
from raylab.space.settings import Resources
from raylab.tracking.study import StudyFolder
from raylab.training.candidates import PREDICTIONS, CandidateTable
from raylab.tuning.entrants.entrant import Entrant

UNITS = 24


@dataclass(frozen=True)
class Contender:
    """An entrant.

    Attributes:
        loss: Of each of its trials.
        seconds: That each takes.
        configs: How many it has.
        fails: Whether its trials fail.
    """

    family: str
    loss: float = 0.5
    seconds: float = 1.0
    configs: int = 1000
    fails: bool = False


def entrant_of(name: str, contender: Contender) -> Entrant:
    def config(number: int) -> dict[str, Any] | None:
        if number >= contender.configs:
            return None
        return {"task": {"kind": "decoder", "label": "position"}, "model": {"kind": "ridge"}}

    space = SimpleNamespace(searched=())
    entrant = SimpleNamespace(name=name, family=contender.family, config=config, space=space)
    return cast("Entrant", entrant)


@dataclass
class FakeAnswer:
    """The search of an answer in a folder.

    Attributes:
        now: The time in seconds.
        begun: The names of the trials in the order of their begin.
    """

    folder: Path
    contenders: Mapping[str, Contender]
    folds: int = 2
    minutes: float = 1.0
    now: float = 0.0
    begun: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        described = {"kind": "answer", "data": None, "objective": None, "label": "position"}
        path = self.folder / "study"
        self.study = (
            StudyFolder.open(path) if path.exists() else StudyFolder.create(path, described)
        )
        self.clock = Clock(self.minutes, now=lambda: self.now)
        paths = [self.folder / str(fold) for fold in range(self.folds)]
        entrants = [entrant_of(name, each) for name, each in self.contenders.items()]
        self.board = Board(self.study, paths, entrants)
        self.runner = Runner(
            study=self.study,
            label="position",
            pool=OwnProcess(),
            clock=self.clock,
            resources=Resources(),
            say=lambda line: None,
            function=self.fit,
        )
        self.reserve = Reserve(self.board, self.clock.budget_s, 1, 3)

    def search(self) -> None:
        Search(self.board, self.runner, self.reserve).run()

    def fit(self, job: FitJob) -> FitResult:
        """A table of losses instead of a training; it takes the stated time."""
        self.begun.append(job.trial)
        contender = self.contenders[job.trial.split("-")[1]]
        self.now += contender.seconds
        if contender.fails:
            return FitResult(error="cannot run", seconds=contender.seconds)
        table = CandidateTable(held_out(), ({},), np.full((1, UNITS), contender.loss), {})
        table.save(Path(job.folder) / PREDICTIONS)
        return FitResult(score=1 - contender.loss, seconds=contender.seconds)

    def count(self, entrant: str, fold: int = 0) -> int:
        """How many trials of an entrant began in a fold."""
        return sum(name.startswith(f"fold{fold}-{entrant}-") for name in self.begun)


def held_out() -> HeldOut:
    """Samples with a value of their own each, one unit each."""
    return HeldOut(
        kind="continuous",
        classes=(),
        truth=np.arange(UNITS, dtype=float)[:, None],
        sessions=("a",),
        session=np.zeros(UNITS, np.int64),
        unit=np.arange(UNITS),
        unit_kind="block",
        weights=np.full(UNITS, 1 / UNITS),
    )
