"""A searcher for configs that are trained again with other seeds, as trials of the same study."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ray.tune.search import Searcher

from raylab.config.trial import TrialConfig
from raylab.space.parameters import Scalar
from raylab.tuning.control import Requested
from raylab.tuning.job import TrialSetup
from raylab.tuning.outcome import Deaths, RoundResult


@dataclass(frozen=True)
class Repeat:
    """A trial of the search, to be trained again.

    Attributes:
        trial: The id of the repetition, such as "0003-seed1".
        of: The trial that is repeated.
        params: The searched values of that trial, and `training.seed`.
    """

    trial: str
    of: str
    params: dict[str, Scalar]
    config: TrialConfig


class FixedSearch(Searcher):
    """Hands out repetitions in their order.

    Args:
        requested: What users asked of the driver.
    """

    def __init__(
        self,
        repeats: Sequence[Repeat],
        *,
        setup: Callable[[Repeat], TrialSetup],
        no_room: Callable[[], bool],
        requested: Requested,
    ) -> None:
        super().__init__()
        self._requested = requested
        self._waiting, self._setup, self._no_room = list(repeats), setup, no_room
        self._running: dict[str, Repeat] = {}
        self._deaths = Deaths()

    def suggest(self, trial_id: str) -> dict[str, object] | str | None:
        if not self._waiting or self._requested.paused:
            return None if self._running else Searcher.FINISHED
        self._running[trial_id] = self._waiting.pop(0)
        return dict(self._setup(self._running[trial_id]))

    def on_trial_complete(
        self, trial_id: str, result: RoundResult | None = None, error: bool = False
    ) -> None:
        repeat = self._running.pop(trial_id, None)
        if (result or {}).get("halted") or (error and self._no_room()):
            self._waiting.clear()
        elif repeat is not None and error and self._deaths.again(repeat.trial):
            self._waiting.append(repeat)

    def comes_back(self, trial: str) -> bool:
        """Whether a trial waits to be run (again)."""
        return any(repeat.trial == trial for repeat in self._waiting)

    def __getstate__(self) -> dict[str, object]:
        """Nothing: Tune pickles the searcher for snapshots, which raylab never restores."""
        return {}

    def save(self, checkpoint_path: str) -> None:
        """Do nothing: a study is resumed from its ledger."""

    def restore(self, checkpoint_path: str) -> None:
        raise AssertionError("a study is resumed from its ledger, not from Tune's snapshot")
