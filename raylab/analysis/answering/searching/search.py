"""The search of an answer: trials of all entrants on all folds until its time is used."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from raylab.analysis.answering.searching.board import Board, FoldBoard
from raylab.analysis.answering.searching.halving import queues
from raylab.analysis.answering.searching.reserve import Reserve
from raylab.analysis.answering.searching.trials import Done, Runner, Trial

UNKNOWN = 0.1  # share of a fold's time that a trial of a family without measured ones may take
# A trial of several steps ends at the first candidate after this share of its fold's time.
LONGEST = 0.1
OVERDUE = 4  # times that share, after which a trial without an end is stopped
SHORTEST_S = 5.0  # no trial has less time


@dataclass
class Search:
    """Runs trials until the time that is left is needed for the refits.

    Attributes:
        reserve: What the refits and the report will need.
    """

    board: Board
    runner: Runner
    reserve: Reserve

    def __post_init__(self) -> None:
        self._predicted: dict[str, float] = {}
        # Seconds of work that all folds get together, over all drivers of the study.
        self._work_s = sum(fold.used_s for fold in self.board.folds) + self.left_s * self._slots

    @property
    def left_s(self) -> float:
        """Seconds in which trials of the search may run."""
        return self.runner.clock.left_s - self.reserve.seconds()

    def run(self) -> bool:
        """Run trials until no further trial fits into the time, or none is left.

        Returns:
            Whether any trial began.
        """
        began = False
        while True:
            self.runner.heed()
            while self.runner.free and (trial := self._next()) is not None:
                began = True
                self._predicted[trial.name] = self.board.began(trial)
                limit_s = max(min(self._longest_s, self.left_s), SHORTEST_S)
                self.runner.begin(replace(trial, limit_s=limit_s))
            if not self.runner.at_work:
                return began
            done = self.runner.next(self._patience())
            for each in [done] if done is not None else self._overdue():
                self.board.ended(each, self._predicted.pop(each.trial.name))

    @property
    def _slots(self) -> int:
        return self.runner.pool.slots

    @property
    def fold_s(self) -> float:
        """Seconds of work that each fold gets."""
        return max(self._work_s, 0.0) / len(self.board.folds)

    def _next(self) -> Trial | None:
        """The next trial: of the earliest stage, and there of the fold that used least time."""
        for _, fold, name in self._urgent():
            if name is None:
                if self._fits(fold, fold.again[0].entrant):
                    return fold.again.pop(0)
                continue
            if not self._fits(fold, name):
                continue
            trial = self.board.trial(fold, name)
            if trial is not None:
                return trial
        return None

    def _urgent(self) -> Iterator[tuple[tuple[int, float, int, int], FoldBoard, str | None]]:
        """The entrants whose next trial could run, most urgent first; None: a trial left open."""
        could: list[tuple[tuple[int, float, int, int], FoldBoard, str | None]] = []
        for fold in self.board.folds:
            if fold.again:
                could.append(((-1, 0.0, fold.number, 0), fold, None))
            used = fold.used_s / self.fold_s if self.fold_s else 1.0
            for queue in queues(self.board.families, fold.standings, used):
                for place, name in enumerate(queue.names):
                    begun = self._begun(fold, queue.stage)
                    could.append(((queue.stage, begun, place, fold.number), fold, name))
        yield from sorted(could, key=lambda entry: entry[0])

    def _begun(self, fold: FoldBoard, stage: int) -> float:
        """What a fold has had: trials while every entrant gets one, then seconds."""
        if stage >= 2:
            return fold.used_s
        return sum(standing.begun for standing in fold.standings.values())

    def _fits(self, fold: FoldBoard, name: str) -> bool:
        """Whether the next trial of an entrant would end in time."""
        at_work = any(standing.at_work for standing in fold.standings.values())
        if not fold.ended and not at_work:  # without a single trial, a fold has no answer
            return True
        predicted = self.board.costs.of(name)
        if predicted is None:
            predicted = max(UNKNOWN * self.fold_s, self.board.costs.least)
        return predicted <= self.left_s

    def _patience(self) -> float:
        """Seconds until a trial at work is overdue."""
        now, clock = self.runner.clock.now(), self.runner.clock
        begun = min(began for _, began in self.runner.at_work.values())
        return max(min(self.left_s + clock.grace_s, OVERDUE * self._longest_s - (now - begun)), 1.0)

    @property
    def _longest_s(self) -> float:
        """Seconds that a trial of several steps gets."""
        return max(LONGEST * self.fold_s, SHORTEST_S)

    def _overdue(self) -> list[Done]:
        """Stop the trials that took too long, or all when the time of the search is over."""
        clock = self.runner.clock
        over = self.left_s + clock.grace_s <= 0
        late = [
            name
            for name, (trial, began) in self.runner.at_work.items()
            if self._may_stop(trial) and (over or clock.now() - began >= OVERDUE * self._longest_s)
        ]
        return [self.runner.stop(name) for name in late]

    def _may_stop(self, trial: Trial) -> bool:
        """Whether the fold of a trial has an answer without it: of the first trials, one stays."""
        assert trial.fold is not None
        earliest = next(own for own, _ in self.runner.at_work.values() if own.fold == trial.fold)
        return bool(self.board.folds[trial.fold].ended) or trial.name != earliest.name
