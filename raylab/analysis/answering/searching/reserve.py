"""The time that an answer keeps back for what follows its search: refits, final fits, report."""

from __future__ import annotations

import math
from dataclasses import dataclass

from raylab.analysis.answering.searching.board import Board, FoldBoard
from raylab.analysis.answering.searching.halving import BASELINE, Standing

MOST = 0.4  # share of the budget that refits may take with several seeds
REPORT_S, REPORT_SHARE = 4.0, 0.02  # what the report takes: so long, and a share of the budget
SEEDED = ("network", "contrastive", "vqvae")  # families whose fits depend on a seed
LEADERS = 4  # entrants of a fold whose refits are reckoned with: as many may form an ensemble
NEAR = 1.25  # times the lowest loss: entrants with more are not chosen
REFIT = 0.6  # of the seconds of a trial: a refit has one candidate, and no validation
LEAST = 0.1  # share of the budget that is kept back at least: the leaders may change
KNOWN_LEAST, KNOWN_MARGIN = 0.04, 1.3  # the same, and a factor, where the choices are known


@dataclass
class Reserve:
    """What follows the search, in seconds.

    Attributes:
        slots: How many trials run at the same time.
        seeds: How many seeds of a network are wanted.
        known_s: Work in seconds of the refits of what would be chosen now; None before anything
            was chosen. Then the leading entrants are reckoned with.
    """

    board: Board
    budget_s: float
    slots: int
    seeds: int
    known_s: float | None = None

    def seconds(self) -> float:
        """Seconds until the end that are not for the search."""
        if self.known_s is not None:
            known_s = KNOWN_MARGIN * self.known_s / self.slots
            return self.report_s + max(known_s, KNOWN_LEAST * self.budget_s)
        work_s = self._work_s(self.affordable_seeds()) / self.slots
        return self.report_s + max(work_s, LEAST * self.budget_s)

    @property
    def report_s(self) -> float:
        return min(REPORT_S + REPORT_SHARE * self.budget_s, self.budget_s / 4)

    def affordable_seeds(self) -> int:
        """As many seeds as are wanted, or one where so many refits would take too long."""
        return self.seeds if self.affords(self._work_s(self.seeds)) else 1

    def affords(self, work_s: float) -> bool:
        """Whether refits with several seeds may take so much work."""
        return work_s <= MOST * self.budget_s * self.slots

    def _work_s(self, seeds: int) -> float:
        """Work of the refits of all folds and of the final fits, which are as many as of a fold."""
        folds = [self._fold_s(fold, seeds) for fold in self.board.folds]
        return sum(folds) + max(folds)

    def _fold_s(self, fold: FoldBoard, seeds: int) -> float:
        """Work of the refits of one fold: of its best baseline and of its leading entrants."""
        ranked = sorted(fold.standings.items(), key=_loss)
        of = {
            name: self.board.families[name] for name, entry in ranked if math.isfinite(entry.loss)
        }
        baseline = [name for name, family in of.items() if family == BASELINE][:1]
        near = NEAR * min((entry.loss for _, entry in ranked), default=math.inf)
        leaders = [
            name
            for name, entry in ranked
            if name in of and of[name] != BASELINE and entry.loss <= near
        ][:LEADERS]
        work = 0.0
        for name in [*baseline, *leaders]:
            repeats = seeds if of[name] in SEEDED else 1
            work += REFIT * (self.board.costs.of(name) or 0.0) * repeats
        return work


def _loss(entry: tuple[str, Standing]) -> float:
    return entry[1].loss
