"""Population-based training as a searcher. A generation of members ends before the next begins.

The course of a search therefore follows from the seed and the scores alone, not from the speed of
the machines, and a killed driver changes nothing. For Tune, the training of a member between two
generations is a trial of its own.
"""

from __future__ import annotations

import random
import shutil
from collections.abc import Mapping

from raylab.files import atomic_path
from raylab.seeding import derive
from raylab.space.parameters import Scalar
from raylab.space.schedulers import PbtConfig
from raylab.space.space import Space
from raylab.tracking.events import GenerationEnded, TrialTookOver
from raylab.tracking.records import Mode, TrialRecord
from raylab.tracking.study import StudyFolder
from raylab.training.checkpoints import CHECKPOINT
from raylab.training.worker import taken_path
from raylab.tuning.drawing.exploring import Member, explore, mutable_paths, takeovers
from raylab.tuning.drawing.searcher import SearchSetup, StudySearch
from raylab.tuning.job import TrialSetup
from raylab.tuning.outcome import RoundResult, is_between


class PopulationSearch(StudySearch):
    """As many members as the budget has trials, each drawn once; then generation after generation.

    Args:
        search: See `SearchSetup`.
        study: The study whose ledger and checkpoints are used.
        mode: Whether larger or smaller values of the scheduler's metric are better.
        known: The records of the members in the ledger.
    """

    def __init__(
        self,
        space: Space,
        search: SearchSetup,
        *,
        study: StudyFolder,
        mode: Mode,
        known: Mapping[str, TrialRecord],
    ) -> None:
        assert isinstance(space.scheduler, PbtConfig)
        super().__init__(space, search)
        self._config = space.scheduler
        self._space, self._study, self._mode = space, study, mode
        self._mutable = mutable_paths(space, self._config)
        self._params: dict[str, Mapping[str, Scalar]] = {
            trial: record.params for trial, record in known.items()
        }
        self._pieces = {trial: max(0, len(record.lineage) - 1) for trial, record in known.items()}
        self._generation = sum(isinstance(event, GenerationEnded) for event in study.ledger.read())
        self._members: dict[str, Member] = {}  # at the end of this generation

    def suggest(self, trial_id: str) -> dict[str, object] | str | None:
        waiting = self._pending or self._draws > 0 or self._running or self._requested.paused
        if self._members and not waiting:
            self._next_generation()
        return super().suggest(trial_id)

    def on_trial_complete(
        self, trial_id: str, result: RoundResult | None = None, error: bool = False
    ) -> None:
        name = self._running[trial_id]["job"]["trial"] if trial_id in self._running else ""
        if error or not is_between(result) or name in self._requested.trials:
            super().on_trial_complete(trial_id, result, error)
            return
        config, result = self._running.pop(trial_id), result or {}
        self._report(name, *result.get("earlier", ()), result)
        self._last_steps[name] = result["steps"]
        self._members[name] = Member(
            name, result["steps"], float(result["rung"]), dict(config["params"])
        )

    @property
    def _until(self) -> int:
        """The step at which this generation ends."""
        return (self._generation + 1) * self._config.grace_steps

    def _setup(self, trial: str, params: Mapping[str, Scalar]) -> TrialSetup:
        params = self._params.setdefault(trial, params)
        piece = self._pieces.setdefault(trial, 0)
        return self._make_setup(trial, params, until=self._until, piece=piece)

    def _next_generation(self) -> None:
        """End a generation. Weights are copied first; then all decisions are written to the ledger
        as one segment, so that either all of them hold or none.
        """
        rng = random.Random(derive(self._space.sampler.seed, "generation", self._generation))
        decided = takeovers(self._members.values(), self._mode, self._config.quantile, rng)
        events = [self._take_over(worse, better, rng) for worse, better in decided]
        self._study.ledger.append(*events, GenerationEnded(step=self._until))
        for event in events:
            self._params[event.trial] = dict(event.params)
            self._pieces[event.trial] += 1
            self._last_steps[event.trial] = event.step
        self._generation += 1
        self._pending = [(int(name), self._params[name]) for name in sorted(self._members)]
        self._members = {}

    def _take_over(self, worse: Member, better: Member, rng: random.Random) -> TrialTookOver:
        params = explore(self._space, better.params, self._mutable, rng)
        taken = taken_path(self._study.trial_folder(worse.trial), self._pieces[worse.trial] + 1)
        with atomic_path(taken) as temporary:
            shutil.copyfile(self._study.checkpoint_folder(better.trial) / CHECKPOINT, temporary)
        config = self._make_setup(worse.trial, params)["job"]["config"]
        return TrialTookOver(
            trial=worse.trial, source=better.trial, step=better.step, params=params, config=config
        )
