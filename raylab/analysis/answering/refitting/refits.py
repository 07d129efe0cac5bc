"""What was chosen, fitted again on more samples: trials that each repeat a trial of the search."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from raylab.analysis.answering.choosing import Chosen, Part
from raylab.analysis.answering.fitting import with_overrides
from raylab.analysis.answering.searching.reserve import REFIT, SEEDED
from raylab.analysis.answering.searching.trials import Runner, Trial
from raylab.config.dotted import ConfigValues
from raylab.tracking.events import ENDED
from raylab.tracking.records import TrialRecord

# Values of sessions.train_on: of a refit, and of the fit on all samples.
FULL, FINAL = "train+valid", "all"


@dataclass(frozen=True)
class Refit:
    """One config of a chosen entrant, fitted again with every seed.

    Attributes:
        trials: One for each seed.
        weight: How much the config counts in its entrant's predictions.
    """

    trials: tuple[Trial, ...]
    weight: float = 1.0


class Refits:
    """Makes the trials that repeat chosen configs. Equal configs are the same trials.

    Args:
        records: Of the trials of the search, by name.
        families: Of each entrant.
        seeds: How many fits of a model with random numbers are averaged.
    """

    def __init__(
        self, records: Iterable[TrialRecord], families: Mapping[str, str], seeds: int
    ) -> None:
        self._records = {record.trial: record for record in records}
        self._families, self._seeds = families, seeds
        self._variants: dict[str, list[str]] = {}

    def of_fold(self, chosen: Chosen, fold: int, data: Path) -> list[Refit]:
        """The refits of an entrant that a fold chose; they predict the fold's test part."""
        return [self._refit(part, f"{part.trial}-refit", FULL, data, fold) for part in chosen.parts]

    def final(self, chosen: Chosen, data: Path) -> list[Refit]:
        """The fits of an entrant on all samples."""
        return [
            self._refit(part, f"final-{part.trial.split('-', 1)[1]}", FINAL, data, None)
            for part in chosen.parts
        ]

    def _refit(
        self,
        part: Part,
        name: str,
        train_on: str,
        data: Path,
        fold: int | None,
    ) -> Refit:
        record = self._records[part.trial]
        name += self._variant(name, part)
        random = self._families[record.entrant or ""] in SEEDED
        trials = []
        for seed in range(self._seeds if random else 1):
            more = {"sessions.train_on": train_on} | ({"training.seed": seed} if random else {})
            config = with_overrides(record.config, {**part.overrides, **more})
            trials.append(self._trial(record, f"{name}-{seed}", config, data, fold, seed))
        return Refit(tuple(trials), part.weight)

    def _trial(
        self,
        record: TrialRecord,
        name: str,
        config: ConfigValues,
        data: Path,
        fold: int | None,
        seed: int,
    ) -> Trial:
        return Trial(
            name=name,
            entrant=record.entrant or "",
            data=data,
            config=config,
            fold=fold,
            params={**record.params, "training.seed": seed},
            split="test" if fold is not None else None,
            of=record.trial,
        )

    def _variant(self, name: str, part: Part) -> str:
        """A letter that tells candidates of one trial apart; none for the first."""
        known = self._variants.setdefault(name, [])
        key = json.dumps(part.overrides, sort_keys=True)
        if key not in known:
            known.append(key)
        return "" if key == known[0] else chr(ord("a") + known.index(key))


def seconds_of(trials: Iterable[Trial], records: Iterable[TrialRecord]) -> float:
    """Work in seconds of trials: of each as long as the trial that it repeats, by its steps."""
    known = {record.trial: record for record in records}
    distinct = {trial.name: trial for trial in trials}
    return sum(
        REFIT * _share(trial, known[trial.of]) * known[trial.of].seconds
        for trial in distinct.values()
        if trial.of in known
    )


def _share(trial: Trial, repeated: TrialRecord) -> float:
    """The share of the steps of a trial that its refit has."""
    steps = int(trial.config["training"]["max_steps"])
    return min(steps / repeated.step, 1.0) if repeated.step else 1.0


def run_missing(
    runner: Runner, trials: Iterable[Trial], before: Callable[[Trial], None] = lambda trial: None
) -> None:
    """Run those of the trials that have not ended, in their order.

    Args:
        before: Called before each begins.
    """
    ended = {record.trial for record in runner.study.records() if record.state in ENDED}
    distinct = {trial.name: trial for trial in trials if trial.name not in ended}
    waiting = deque(distinct.values())
    while waiting or runner.at_work:
        runner.heed()
        while waiting and runner.free:
            trial = waiting.popleft()
            before(trial)
            runner.begin(trial)
        runner.next()
