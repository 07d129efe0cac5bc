"""The trials of an answer, run in a pool of processes and recorded in the ledger."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Literal

from raylab.analysis.answering.fitting import FitJob, FitResult, fit
from raylab.analysis.answering.searching.clock import Clock
from raylab.config.dotted import ConfigValues, Scalar
from raylab.errors import StudyError
from raylab.evaluation.metrics import SCORE
from raylab.files import full_disk, no_room
from raylab.space.settings import Resources
from raylab.tracking.events import TrialEnded, TrialLost, TrialReported, TrialStarted
from raylab.tracking.study import StudyFolder
from raylab.training.candidates import PREDICTIONS, CandidateTable
from raylab.tuning.pool import Pool

Fit = Callable[[FitJob], FitResult]
Say = Callable[[str], None]
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

    @property
    def free(self) -> bool:
        return len(self.at_work) < self.pool.slots

    def begin(self, trial: Trial) -> None:
        """Record a trial and hand it to the pool."""
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
            folder=str(self.study.trial_folder(trial.name)),
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
        """
        ended = self.pool.next(timeout_s)
        if ended is None:
            return None
        trial, began = self.at_work.pop(ended.key)
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

    def stop(self, name: str) -> Done:
        """End a trial that takes too long; it is recorded as pruned."""
        trial, began = self.at_work.pop(name)
        self.pool.stop(name)
        done = Done(trial, FitResult(error="stopped: its time was used"), self.clock.now() - began)
        self.study.ledger.append(
            TrialEnded(
                trial=name, state="pruned", stopped="its time was used", seconds=done.seconds
            )
        )
        self.say(f"trial {name} was stopped after {done.seconds:.0f} s: its time was used")
        self.on_end()
        return done

    def lost(self, name: str, reason: str) -> None:
        """Record that the process of a trial died, and that the trial is run again."""
        self.study.ledger.append(TrialLost(trial=name, reason=reason))

    def _record(self, done: Done) -> None:
        trial, result = done.trial, done.result
        path = self.study.trial_folder(trial.name) / PREDICTIONS
        reports = curve(CandidateTable.load(path)) if result.score is not None else {}
        self.study.ledger.append(
            *(
                TrialReported(trial=trial.name, step=step, metrics={SCORE: score})
                for step, score in reports.items()
            ),
            TrialEnded(
                trial=trial.name,
                state="completed" if result.error is None else "failed",
                step=result.step,
                score=result.score,
                metrics=result.metrics,
                error=result.error,
                kept_step=result.kept_step,
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


def curve(table: CandidateTable) -> dict[int, float]:
    """Step -> score of its best candidate, where the candidates of a trial are steps."""
    scores: dict[int, float] = {}
    for overrides, losses in zip(table.overrides, table.losses, strict=True):
        step = overrides.get("training.max_steps")
        if step is not None:
            scores[step] = max(scores.get(step, -math.inf), float(1 - losses.mean()))
    return dict(sorted(scores.items()))
