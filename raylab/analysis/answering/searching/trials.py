"""The trials of an answer, run in a pool of processes and recorded in the ledger."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Literal

from raylab.analysis.answering.fitting import STOP, FitJob, FitResult, fit
from raylab.analysis.answering.searching.clock import Clock
from raylab.analysis.answering.searching.curves import CurveReader
from raylab.config.dotted import ConfigValues, Scalar
from raylab.config.parse import parse_trial
from raylab.errors import StudyError
from raylab.files import full_disk, no_room, write_text
from raylab.space.settings import Resources
from raylab.tracking.events import BY_USER, TrialEnded, TrialLost, TrialStarted
from raylab.tracking.study import StudyFolder
from raylab.training.candidates import PREDICTIONS, CandidateTable
from raylab.tuning.control import EVERY_S, Control
from raylab.tuning.pool import Ended, Pool
from raylab.tuning.say import Say

Fit = Callable[[FitJob], FitResult]
WARM = ("sklearn.discriminant_analysis", "sklearn.ensemble", "sklearn.linear_model", "sklearn.svm")


@dataclass(frozen=True)
class Trial:
    """One config on one fold.

    Attributes:
        name: Its id in the ledger, such as `fold0-ridge-03`.
        data: The folder of the fold's dataset.
        fold: Counted from 0; None for a fit on all samples.
        params: The values by which the config differs from the defaults.
        split: The part that is predicted: `valid` in the search, `test` of a refit, None of a fit
            on all samples.
        of: The trial of the search that it repeats on more samples.
        number: Which of its entrant's configs it is, from 0.
        limit_s: After so many seconds of training a trial of the search ends at its next candidate.
        valid_fold: The fold that validates it, where that is not the next one.
    """

    name: str
    entrant: str
    data: Path
    config: ConfigValues
    fold: int | None = None
    params: Mapping[str, Scalar] = field(default_factory=dict)
    split: Literal["valid", "test"] | None = "valid"
    of: str | None = None
    number: int = 0
    limit_s: float | None = None
    valid_fold: int | None = None


@dataclass(frozen=True)
class Done:
    """A trial that ended, and how long it took; `result.error` says why it failed."""

    trial: Trial
    result: FitResult
    seconds: float


@dataclass
class Runner:
    """Runs trials, at most as many at a time as the pool has slots.

    Attributes:
        say: Receives a line of text per trial.
        on_end: Called after each trial's end is in the ledger.
        function: What fits a trial.
    """

    study: StudyFolder
    label: str
    pool: Pool
    clock: Clock
    resources: Resources
    say: Say
    on_end: Callable[[], None] = lambda: None
    function: Fit = fit
    at_work: dict[str, tuple[Trial, float]] = field(default_factory=dict)  # with its begin

    def __post_init__(self) -> None:
        self.control = Control(self.study)
        self._stopping: set[str] = set()  # trials at work whose process was told to end
        self._curves: dict[str, CurveReader] = {}

    @property
    def free(self) -> bool:
        """Whether a further trial may begin now."""
        return len(self.at_work) < self.pool.slots and not self.control.paused

    def heed(self) -> None:
        """Act on the requests of users that concern the whole answer.

        Raises:
            KeyboardInterrupt: It is to stop; or to pause, and no trial is at work.
        """
        self.control.poll()
        if self.control.stopped or (self.control.paused and not self.at_work):
            raise self.control.interruption()

    def begin(self, trial: Trial) -> None:
        """Record a trial and hand it to the pool."""
        # Of an earlier driver: what was asked of it does not hold for this one.
        folder = self.study.trial_folder(trial.name)
        (folder / STOP).unlink(missing_ok=True)
        self._curves[trial.name] = CurveReader(trial.name, folder)
        reserved = {"cpus": self.resources.cpus, "gpus": self.resources.gpus, "workers": 1}
        self.study.ledger.append(
            TrialStarted(
                trial=trial.name,
                params=trial.params,
                config=trial.config,
                resources=reserved,
                of=trial.of,
                fold=trial.fold,
                entrant=trial.entrant,
                valid_fold=trial.valid_fold,
            )
        )
        job = FitJob(
            trial=trial.name,
            folder=str(folder),
            data=str(trial.data),
            config=trial.config,
            label=self.label,
            split=trial.split,
            threads=self.resources.cpus,
            limit_s=trial.limit_s,
            repeats=trial.of is not None,
        )
        self.at_work[trial.name] = trial, self.clock.now()
        self.pool.submit(trial.name, self.function, job)

    def next(self, timeout_s: float | None = None) -> Done | None:
        """Wait for the next trial that ends, and record its end; None after `timeout_s` seconds.

        Raises:
            StudyError: The disk is full.
            KeyboardInterrupt: A user stopped the answer.
        """
        end = math.inf if timeout_s is None else time.monotonic() + timeout_s
        while True:
            self.heed()
            self._report()
            stopped = self._stopped_by_user()
            if stopped is not None:
                return stopped
            left_s = end - time.monotonic()
            ended = self.pool.next(min(max(left_s, 0.0), EVERY_S))
            if ended is not None:
                return self._ended(ended)
            if left_s <= EVERY_S or not self.at_work:
                return None

    def _report(self) -> None:
        """Record the validations of the trials at work."""
        new = [event for name in self.at_work for event in self._curves[name].so_far()]
        if new:
            self.study.ledger.append(*new)

    def _ended(self, ended: Ended) -> Done:
        trial, began = self.at_work.pop(ended.key)
        if trial.name in self._stopping:
            (self.study.trial_folder(trial.name) / STOP).unlink(missing_ok=True)
        result = ended.value
        full = isinstance(result, StudyError) or no_room(self.study.path)
        if full and (isinstance(result, Exception) or result.error is not None):
            raise full_disk(self.study.path)
        if isinstance(result, Exception):
            result = FitResult(error=f"{type(result).__name__}: {str(result)[:300]}")
        # A new process loads its libraries first, which says nothing of further trials.
        done = Done(trial, result, result.seconds or self.clock.now() - began)
        self._record(done)
        self.on_end()
        return done

    def stop(self, name: str, why: str = "its time was used") -> Done:
        """End the process of a trial that takes too long, or that a user stopped; it is recorded as
        pruned, without a result.
        """
        trial, began = self.at_work.pop(name)
        self.pool.stop(name)
        done = Done(trial, FitResult(error=f"stopped: {why}"), self.clock.now() - began)
        self.study.ledger.append(
            TrialEnded(trial=name, state="pruned", stopped=why, seconds=done.seconds)
        )
        self.say(f"trial {name} was stopped after {done.seconds:.0f} s: {why}")
        self.on_end()
        return done

    def _stopped_by_user(self) -> Done | None:
        """End the trials that users stopped. A trial of a search with several validations ends at
        the next one, and keeps its candidates. Others end at once, and the first of them is
        returned.
        """
        for name in self.control.trials & self.at_work.keys() - self._stopping:
            trial, _ = self.at_work[name]
            searches = trial.split == "valid" and trial.of is None
            if not searches or parse_trial(trial.config, name).at_once:
                return self.stop(name, BY_USER)
            self._stopping.add(name)
            write_text(self.study.trial_folder(name) / STOP, "")
        return None

    def lost(self, name: str, reason: str) -> None:
        """Record that the process of a trial died, and that the trial is run again."""
        self.study.ledger.append(TrialLost(trial=name, reason=reason))

    def _record(self, done: Done) -> None:
        trial, result = done.trial, done.result
        path = self.study.trial_folder(trial.name) / PREDICTIONS
        scored = result.score is not None
        reports = self._curves[trial.name].whole(CandidateTable.load(path)) if scored else []
        stopped = trial.name in self._stopping and result.error is None
        pruned = stopped and result.step < trial.config["training"]["max_steps"]
        self.study.ledger.append(
            *reports,
            TrialEnded(
                trial=trial.name,
                state="failed" if result.error is not None else "pruned" if pruned else "completed",
                step=result.step,
                score=result.score,
                metrics=result.metrics,
                error=result.error,
                kept_step=result.kept_step,
                stopped=BY_USER if pruned else None,
                seconds=done.seconds,
            ),
        )
        end = f"failed: {result.error}" if result.error is not None else _score(result)
        self.say(f"{trial.name}: {end} ({done.seconds:.1f} s)")


def _score(result: FitResult) -> str:
    return "fitted" if result.score is None else f"{result.score:.4f}"


def warm_up() -> None:
    """Load what fits need, so that the first ones take no longer than others."""
    for name in WARM:
        import_module(name)
