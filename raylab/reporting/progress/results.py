"""What a study is doing, as frozen values: what `raylab watch --json` prints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from raylab.results import Result
from raylab.tracking.events import State

# waiting: no driver has begun. stopped: a driver has gone before the end.
StudyState = Literal["waiting", "running", "stopped", "ended"]


@dataclass(frozen=True, kw_only=True)
class RunningTrial(Result):
    """A trial at work.

    Attributes:
        trial: Its id.
        entrant: Of an answer: the entrant that its config belongs to.
        fold: Of an answer: the fold whose samples it sees.
        of: The trial that it repeats; None where a sampler drew it.
        step: The last step that was validated; 0 before the first validation.
        max_steps: The last step that it may reach; None where the config does not say.
        scores: Objective -> the score so far; empty before the first validation.
        curve: The first objective at each validation.
        seconds: How long this attempt has worked.
        left_s: Seconds until its last step, at the measured speed; None while none is measured.
        params: The searched paths and their values.
    """

    trial: str
    entrant: str | None = field(default=None, metadata={"omit_none": True})
    fold: int | None = field(default=None, metadata={"omit_none": True})
    of: str | None = field(default=None, metadata={"omit_none": True})
    step: int
    max_steps: int | None
    scores: Mapping[str, float]
    curve: Sequence[float]
    seconds: float
    left_s: float | None
    params: Mapping[str, Any]

    @property
    def score(self) -> float | None:
        """The first objective so far."""
        return next(iter(self.scores.values()), None)


@dataclass(frozen=True, kw_only=True)
class EndedTrial(Result):
    """A trial that has ended.

    Attributes:
        trial: Its id.
        entrant: Of an answer: the entrant that its config belongs to.
        state: completed, pruned or failed.
        step: The last step that it reached.
        scores: Objective -> score; empty where it has none.
        seconds: How long it worked.
        ended: When it ended, in unix seconds.
        error: Why it failed.
    """

    trial: str
    entrant: str | None = field(default=None, metadata={"omit_none": True})
    state: State
    step: int
    scores: Mapping[str, float]
    seconds: float
    ended: float
    error: str | None = field(default=None, metadata={"omit_none": True})


@dataclass(frozen=True, kw_only=True)
class Standing(Result):
    """A score with the name of what has it: a trial, a candidate, an entrant or a baseline."""

    name: str
    metric: str
    score: float


@dataclass(frozen=True, kw_only=True)
class Progress(Result):
    """What a study is doing.

    Attributes:
        study: Its name.
        kind: The verb that made it: search, train, adapt, compare, scale, answer or control; or
            prepare.
        state: waiting (no driver has begun), running, stopped (its driver has gone) or ended.
        phase: The work at hand, such as `search`, `selection over seeds`, or `refits`.
        running: The trials at work, in the order in which they began.
        latest: The trials that ended last, the newest first.
        best: The best score so far, by the first objective.
        compared: The best trial by the metric of the baseline, where that is another metric.
        baseline: The best baseline.
        front: How many trials are on the Pareto front; None in a study of one objective.
        done: Trials of the phase that have ended.
        total: Trials of the phase; None where nothing limits their number.
        counts: State -> number of trials of the phase.
        elapsed_s: How long drivers have worked on the study, in seconds.
        budget_s: Of an answer: its time for everything, in seconds.
        left_s: Seconds until the phase, or the answer, is complete; None while nothing is measured.
        left_from: What `left_s` was estimated from.
        time: When this was true, in unix seconds.
    """

    study: str
    kind: str
    state: StudyState
    phase: str
    running: Sequence[RunningTrial] = ()
    latest: Sequence[EndedTrial] = ()
    best: Standing | None = None
    compared: Standing | None = field(default=None, metadata={"omit_none": True})
    baseline: Standing | None = None
    front: int | None = field(default=None, metadata={"omit_none": True})
    done: int = 0
    total: int | None = None
    counts: Mapping[str, int] = field(default_factory=dict)
    elapsed_s: float = 0.0
    budget_s: float | None = field(default=None, metadata={"omit_none": True})
    left_s: float | None = None
    left_from: str | None = None
    time: float = 0.0

    @property
    def share(self) -> float | None:
        """How much of the work is done, from 0 to 1; None where that is not known."""
        if self.state == "ended":
            return 1.0
        if self.budget_s:
            return min(self.elapsed_s / self.budget_s, 1.0)
        return min(self.done / self.total, 1.0) if self.total else None
