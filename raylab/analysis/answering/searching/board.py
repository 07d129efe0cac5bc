"""What an answer's search knows: for each fold, where every entrant stands."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import mean

import numpy as np

from raylab.analysis.answering.outcomes import EntrantFacts
from raylab.analysis.answering.searching.costs import Costs
from raylab.analysis.answering.searching.halving import Standing
from raylab.analysis.answering.searching.trials import Done, Trial
from raylab.config.dotted import ConfigValues, Scalar, get_path
from raylab.config.parse import parse_trial
from raylab.data.dataset import Dataset
from raylab.evaluation.certainty.cross_fit import cross_fitted
from raylab.tracking.records import TrialRecord
from raylab.tracking.study import StudyFolder
from raylab.training.candidates import PREDICTIONS, CandidateTable
from raylab.tuning.entrants.entrant import Entrant


@dataclass
class FoldBoard:
    """One fold.

    Attributes:
        data: The folder of its dataset.
        standings: Of each entrant.
        losses: Of each entrant: the losses (C, U) of the candidates of each trial.
        ended: The ended trials of each entrant that have a result.
        learnt: How many numbers the best trial of each entrant has learnt, after its mean loss.
        again: Trials that an earlier driver left open.
        used_s: Seconds of its trials; of trials at work as predicted.
    """

    number: int
    data: Path
    standings: dict[str, Standing]
    losses: dict[str, list[np.ndarray]] = field(default_factory=dict)
    ended: dict[str, list[str]] = field(default_factory=dict)
    learnt: dict[str, tuple[float, int]] = field(default_factory=dict)
    again: list[Trial] = field(default_factory=list)
    used_s: float = 0.0


class Board:
    """All folds and entrants of an answer.

    Attributes:
        entrants: By name, in the order of their preference.
        costs: What trials of each entrant take.
    """

    def __init__(
        self, study: StudyFolder, folds: Sequence[Path], entrants: Iterable[Entrant]
    ) -> None:
        self.study = study
        self.entrants = {entrant.name: entrant for entrant in entrants}
        self.families = {name: entrant.family for name, entrant in self.entrants.items()}
        self.costs = Costs(self.families)
        self.folds = [
            FoldBoard(number, path, {name: Standing() for name in self.entrants})
            for number, path in enumerate(folds)
        ]

    def trial(self, fold: FoldBoard, entrant: str) -> Trial | None:
        """The next trial of an entrant; None where all of its configs were begun."""
        standing = fold.standings[entrant]
        config = self.entrants[entrant].config(standing.begun)
        if config is None:
            standing.exhausted = True
            return None
        resolved = parse_trial(config, f"entrant {entrant}").model_dump(mode="json")
        return self._trial(fold, entrant, standing.begun, resolved)

    def began(self, trial: Trial) -> float:
        """Count a trial that begins; returns the predicted seconds."""
        assert trial.fold is not None
        fold = self.folds[trial.fold]
        standing = fold.standings[trial.entrant]
        standing.begun = max(standing.begun, trial.number + 1)
        standing.at_work += 1
        predicted = self.costs.of(trial.entrant) or 0.0
        self._use(fold, trial.entrant, predicted)
        return predicted

    def ended(self, done: Done, predicted: float) -> None:
        """Count a trial that has ended, or was stopped."""
        trial = done.trial
        assert trial.fold is not None
        fold = self.folds[trial.fold]
        fold.standings[trial.entrant].at_work -= 1
        self._use(fold, trial.entrant, done.seconds - predicted)
        self._count(fold, trial.entrant, trial.name, done.seconds, failed=done.result.error)

    def restore(self, records: Iterable[TrialRecord]) -> None:
        """Take over what earlier drivers of the study have recorded."""
        for record in records:
            if record.fold is None or record.of is not None or record.entrant not in self.entrants:
                continue
            fold, number = self.folds[record.fold], int(record.trial.rsplit("-", 1)[-1])
            standing = fold.standings[record.entrant]
            standing.begun = max(standing.begun, number + 1)
            if record.state in ("completed", "failed", "pruned"):
                # A trial that a user stopped may have candidates, and then a score.
                has_result = record.state == "completed" or record.score is not None
                failed = None if has_result else record.state
                self._use(fold, record.entrant, record.seconds)
                self._count(fold, record.entrant, record.trial, record.seconds, failed=failed)
            else:
                fold.again.append(self._trial(fold, record.entrant, number, record.config))

    def tables(self, fold: FoldBoard) -> dict[str, dict[str, CandidateTable]]:
        """Entrant -> trial -> its candidates, of the trials that have a result."""
        return {
            entrant: {trial: self.table(trial) for trial in trials}
            for entrant, trials in fold.ended.items()
        }

    def table(self, trial: str) -> CandidateTable:
        """The candidates of a trial."""
        return CandidateTable.load(self.study.trial_folder(trial) / PREDICTIONS)

    def has_table(self, trial: str) -> bool:
        return (self.study.trial_folder(trial) / PREDICTIONS).is_file()

    @property
    def dataset(self) -> Dataset:
        """The dataset of the first fold: all have the same sessions and labels."""
        return Dataset(self.folds[0].data)

    def family(self, entrant: str) -> str:
        """The family of an entrant; an ensemble is an entrant without trials of its own."""
        return self.families.get(entrant, "ensemble")

    def facts(self) -> dict[str, EntrantFacts]:
        """What is known of the entrants that have a result."""
        facts = {}
        for name, family in self.families.items():
            learnt = [fold.learnt[name][1] for fold in self.folds if name in fold.learnt]
            standings = [fold.standings[name] for fold in self.folds]
            if learnt:
                facts[name] = EntrantFacts(
                    family=family,
                    trials=sum(standing.begun for standing in standings),
                    learnt=round(mean(learnt)),
                    seconds=sum(standing.seconds for standing in standings),
                )
        return facts

    def _trial(self, fold: FoldBoard, entrant: str, number: int, config: ConfigValues) -> Trial:
        return Trial(
            name=f"fold{fold.number}-{entrant}-{number:02d}",
            entrant=entrant,
            data=fold.data,
            config=config,
            fold=fold.number,
            params=self._params(entrant, config),
            number=number,
        )

    def _params(self, entrant: str, config: ConfigValues) -> Mapping[str, Scalar]:
        """The values of a config that are not the same in all configs of its entrant."""
        params: dict[str, Scalar] = {}
        for path in self.entrants[entrant].space.searched:
            with contextlib.suppress(KeyError, TypeError):  # another choice has no such value
                value = get_path(config, path)
                params[path] = _scalar(value)
        return params

    def _use(self, fold: FoldBoard, entrant: str, seconds: float) -> None:
        fold.standings[entrant].seconds += seconds
        fold.used_s += seconds

    def _count(
        self, fold: FoldBoard, entrant: str, trial: str, seconds: float, *, failed: str | None
    ) -> None:
        self.costs.note(entrant, seconds)
        standing = fold.standings[entrant]
        if failed is not None:
            standing.failed += 1
            return
        fold.ended.setdefault(entrant, []).append(trial)
        losses = fold.losses.setdefault(entrant, [])
        table = self.table(trial)
        losses.append(table.losses)
        best = (1 - table.score, table.learnt)
        fold.learnt[entrant] = min(fold.learnt.get(entrant, best), best)
        loss = float(cross_fitted(np.concatenate(losses)).losses.mean())
        standing.loss = loss if math.isfinite(loss) else math.inf


def _scalar(value: object) -> Scalar:
    """A value as the ledger shows it: several ones, such as widths of layers, as text."""
    if isinstance(value, list):
        return "x".join(map(str, value))
    return value if isinstance(value, bool | int | float | str) else None
