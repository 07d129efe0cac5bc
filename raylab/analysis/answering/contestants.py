"""An entrant's candidates of one fold, over all of its trials."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from raylab.errors import StudyError
from raylab.evaluation.certainty.cross_fit import CrossFit, cross_fitted
from raylab.evaluation.certainty.held_out import HeldOut
from raylab.training.candidates import CandidateTable


@dataclass(frozen=True)
class Part:
    """One candidate of one trial.

    Attributes:
        trial: The id of its trial.
        overrides: Values by dotted path that make the trial's config a config of this candidate.
        weight: How much it counts among the parts of its entrant.
    """

    trial: str
    overrides: dict[str, Any]
    weight: float = 1.0


@dataclass(frozen=True)
class Chosen:
    """A chosen entrant.

    Attributes:
        entrant: Its name.
        parts: Its best candidate; of an ensemble those of its members.
        learnt: How many numbers it has learnt.
    """

    entrant: str
    parts: tuple[Part, ...]
    learnt: int


@dataclass(frozen=True, eq=False)
class Contestant:
    """An entrant with the candidates of all its trials of one fold.

    Attributes:
        name: Of the entrant.
        tables: Trial -> its candidates, on the same units.
    """

    name: str
    tables: Mapping[str, CandidateTable]

    @cached_property
    def fit(self) -> CrossFit:
        """Its cross-fitted losses, and its candidates, numbered from trial to trial."""
        return cross_fitted(self._losses)

    @property
    def _losses(self) -> np.ndarray:
        """(C, U) of the candidates of all trials."""
        return np.concatenate([table.losses for table in self.tables.values()])

    @property
    def doubt(self) -> np.ndarray:
        """(U,) by how much its cross-fitted losses exceed those of the candidates chosen."""
        chosen = self._losses[self.fit.chosen, np.arange(len(self.fit.chosen))]
        return np.asarray(self.fit.losses - chosen)

    @property
    def is_valid(self) -> bool:
        """Whether it has a candidate whose losses are numbers."""
        return bool(np.isfinite(self.fit.losses).all())

    @property
    def learnt(self) -> int:
        """How many numbers its best candidate has learnt."""
        return self._at(self.fit.best)[1].learnt

    def part(self, weight: float = 1.0) -> Part:
        """Its best candidate."""
        trial, table, number = self._at(self.fit.best)
        return Part(trial, table.overrides[number], weight)

    def predicted(self, candidate: int) -> tuple[np.ndarray, np.ndarray | None]:
        """What a candidate predicted, (n,) or (n, D), and (n, classes) probabilities if known.

        A trial keeps the predictions of those of its candidates that may be chosen.
        """
        _, table, number = self._at(candidate)
        kept = number if number in table.predicted else table.best
        return table.predicted[kept], table.probabilities.get(kept)

    def _at(self, candidate: int) -> tuple[str, CandidateTable, int]:
        """The trial of a candidate, its table, and the candidate's number in it."""
        for trial, table in self.tables.items():
            if candidate < len(table.losses):
                return trial, table, candidate
            candidate -= len(table.losses)
        raise AssertionError(f"entrant '{self.name}' has fewer candidates")


def common_held_out(tables: Mapping[str, Mapping[str, CandidateTable]]) -> HeldOut:
    """What the candidates of all trials of all entrants predicted.

    Raises:
        StudyError: There is none, or they predicted different examples.
    """
    by_trial = {trial: table for own in tables.values() for trial, table in own.items()}
    if not by_trial:
        raise StudyError("no trial has a result yet", "Give the answer more minutes.")
    first, common = next((trial, table.held_out) for trial, table in by_trial.items())
    for trial, table in by_trial.items():
        same = np.array_equal(common.truth, table.held_out.truth)
        if not same or not np.array_equal(common.unit, table.held_out.unit):
            raise StudyError(
                f"the trials {first} and {trial} predicted different samples",
                "Do not change `evaluation` or `sessions` in the spaces of some entrants.",
            )
    return common
