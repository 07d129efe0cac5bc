"""The events of a study's ledger: one frozen dataclass per kind of event.

On disk an event is a JSON object: `event` (the kind), `time`, and the fields of its class in their
order. A reader tolerates what other versions of raylab wrote: it ignores keys that its class lacks,
takes the defaults of keys that are missing, and keeps a kind that it does not know as `OtherEvent`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, dataclass, field, fields
from time import time as now
from typing import Any, ClassVar, Literal, Self, TypeAlias

from raylab.config.dotted import ConfigValues, Scalar

State = Literal["completed", "pruned", "failed", "interrupted", "running"]
ENDED = ("completed", "pruned", "failed")  # an interrupted trial has not ended: it is run again
BY_USER = "by the user"  # `stopped` of a trial that a user stopped
# JSON values by name: what a config or the searched parameters hold
Values: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Event:
    """What happened, and when.

    Attributes:
        kind: The name of the event on disk.
        time: Unix seconds; of a new event, now.
    """

    kind: ClassVar[str]
    time: float = field(default_factory=now)

    def to_dict(self) -> dict[str, object]:
        """The event as the ledger stores it."""
        return {"event": self.kind, "time": self.time, **dict(self._stored())}

    @classmethod
    def from_dict(cls, values: Values) -> Self:
        """The event that a JSON object of the ledger stands for.

        Raises:
            ValueError: A field without a default is missing.
        """
        own = {each.name: each for each in fields(cls)}
        missing = [
            name
            for name, each in own.items()
            if name not in values and each.default is MISSING and each.default_factory is MISSING
        ]
        if missing:
            raise ValueError(f"an event '{cls.kind}' without '{missing[0]}'")
        return cls(**{name: _read(name, values[name]) for name in own if name in values})

    def _stored(self) -> Iterator[tuple[str, object]]:
        """Names and values in the order of the file; optional fields only where they are set."""
        for each in fields(self):
            value = getattr(self, each.name)
            if each.name != "time" and not (value is None and each.metadata.get("optional")):
                yield each.name, value


def _optional() -> Any:
    """A field that is left out of the file while it is None."""
    return field(default=None, metadata={"optional": True})


@dataclass(frozen=True, kw_only=True)
class DriverStarted(Event):
    """A driver took the study up.

    Attributes:
        host: A digest that tells machines apart; with `pid` and `began` it identifies the process.
        began: When the process started, in unix seconds.
        processes: The processes that the driver had started by then, each with the same three keys.
    """

    kind: ClassVar[str] = "driver_started"
    host: str = ""
    pid: int = 0
    began: float = 0.0
    processes: tuple[Values, ...] = ()

    @property
    def process(self) -> dict[str, str | int | float]:
        """The driver's process in the form that `raylab.processes` compares."""
        return {"host": self.host, "pid": self.pid, "began": self.began}


@dataclass(frozen=True, kw_only=True)
class SearchStopped(Event):
    """The budget ended the search before all trials were drawn; `reason` says by which rule."""

    kind: ClassVar[str] = "search_stopped"
    reason: str | None = None


@dataclass(frozen=True, kw_only=True)
class StopRequested(Event):
    """The driver took a user's request to stop trials; without trials, to stop itself.

    Attributes:
        trials: The trials that end at their next validation.
        request: The id of the request.
    """

    kind: ClassVar[str] = "stop_requested"
    trials: tuple[str, ...] = ()
    request: str | None = _optional()


@dataclass(frozen=True, kw_only=True)
class PauseRequested(Event):
    """The driver took a user's request to end as soon as every trial has a checkpoint.

    Attributes:
        request: The id of the request.
    """

    kind: ClassVar[str] = "pause_requested"
    request: str | None = _optional()


@dataclass(frozen=True, kw_only=True)
class StudyExtended(Event):
    """More trials belong to the study from now on, so a study that had ended is open again.

    Attributes:
        trials: How many trials the search draws in total, over all drivers.
        hours: What `budget.hours` is from now on.
        added: Trials with the config of another one: {"origin": its id} for a trial that is run
            again, {"origin", "steps"} for one that is trained further, until that step.
        lifted: Limits of the budget that no longer end the search: "target".
        request: The id of the request, where a driver took one.
    """

    kind: ClassVar[str] = "study_extended"
    trials: int | None = _optional()
    hours: float | None = _optional()
    added: tuple[Values, ...] | None = _optional()
    lifted: tuple[str, ...] | None = _optional()
    request: str | None = _optional()


@dataclass(frozen=True, kw_only=True)
class StudyEnded(Event):
    """All trials have ended; a later `trial_started` or `study_extended` reopens the study."""

    kind: ClassVar[str] = "study_ended"


@dataclass(frozen=True, kw_only=True)
class TrialEvent(Event):
    """An event of one trial."""

    trial: str


@dataclass(frozen=True, kw_only=True)
class TrialStarted(TrialEvent):
    """A trial began, or began again after an interruption.

    Attributes:
        params: The searched paths and their values.
        config: The resolved config.
        resources: `cpus` and `gpus` of each worker, and how many `workers`.
        of: The trial of the search that this one repeats: with another seed, or on more samples.
        fold: Of an answer: the fold whose samples the trial sees, counted from 0.
        entrant: Of an answer: the contestant that the trial's config belongs to.
        valid_fold: Of an answer: the fold that validates the trial, where it is not the next one.
        origin: The trial whose config this one has, where an extension of the study added it.
        origin_step: The step of the origin's checkpoint that the trial began from; None where it
            began anew.
    """

    kind: ClassVar[str] = "trial_started"
    params: Mapping[str, Scalar] = field(default_factory=dict)
    config: Values = field(default_factory=dict)
    resources: Mapping[str, float] | None = _optional()
    of: str | None = _optional()
    fold: int | None = _optional()
    entrant: str | None = _optional()
    valid_fold: int | None = _optional()
    origin: str | None = _optional()
    origin_step: int | None = _optional()


@dataclass(frozen=True, kw_only=True)
class TrialReported(TrialEvent):
    """A validation.

    Attributes:
        metrics: Every metric of the validation; not-a-number is stored as null.
        rung: The value of the scheduler's metric; None where no scheduler may use it.
    """

    kind: ClassVar[str] = "trial_reported"
    step: int
    metrics: Mapping[str, float] = field(default_factory=dict)
    rung: float | None = None


@dataclass(frozen=True, kw_only=True)
class TrialTookOver(TrialEvent):
    """A member of a population took over the weights of another.

    Attributes:
        source: The trial whose weights were taken, as they were at `step`.
        params: The searched values from then on; `config` is the config with them.
    """

    kind: ClassVar[str] = "trial_took_over"
    source: str
    step: int
    params: Mapping[str, Scalar]
    config: ConfigValues


@dataclass(frozen=True, kw_only=True)
class TrialLost(TrialEvent):
    """The trial's process died, and the trial is run again from its last checkpoint."""

    kind: ClassVar[str] = "trial_lost"
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class TrialEnded(TrialEvent):
    """A trial ended.

    Attributes:
        step: The last step that was trained.
        score: The first objective of the model that is kept; None where there is no score.
        scores: All objectives, where there are several.
        metrics: The metrics of the model that is kept.
        kept_step: The step of the model that is kept, where it is an earlier one.
        stopped: Why training ended before its last step.
        seconds: How long this attempt worked; None where a driver that goes away closes the trial.
    """

    kind: ClassVar[str] = "trial_ended"
    state: State
    step: int = 0
    score: float | None = None
    scores: tuple[float, ...] = ()
    metrics: Mapping[str, float] = field(default_factory=dict)
    error: str | None = None
    kept_step: int | None = None
    stopped: str | None = None
    seconds: float | None = None

    def _stored(self) -> Iterator[tuple[str, object]]:
        unknown = () if self.seconds is not None else ("scores", "kept_step", "stopped", "seconds")
        return ((name, value) for name, value in super()._stored() if name not in unknown)


@dataclass(frozen=True, kw_only=True)
class GenerationEnded(Event):
    """Every member of a population has reached `step`, and all takeovers are decided."""

    kind: ClassVar[str] = "generation_ended"
    step: int


@dataclass(frozen=True, kw_only=True)
class SelectionStarted(Event):
    """`raylab select` began.

    Attributes:
        top: How many candidates at most.
        seeds: How many repetitions per candidate.
        rule: `best` or `simplest`.
        shuffles: Of the control with shuffled labels; 0 for no control.
        trials: The candidates, best first by the search.
        values: `training.seed` of the repetitions, the same for each candidate.
        fixed: The candidates without randomness. They are repeated with the first seed only.
    """

    kind: ClassVar[str] = "selection_started"
    top: int
    seeds: int
    rule: str
    shuffles: int
    trials: tuple[str, ...]
    values: tuple[int, ...]
    fixed: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Selected(Event):
    """`raylab select` came to a choice.

    Attributes:
        trial: The repetition that is used from now on.
        of: The candidate that it repeats.
        rule: The rule of the choice, with `top` and `seeds` as the selection was started.
        metric: The objective by which candidates were compared.
    """

    kind: ClassVar[str] = "selected"
    trial: str
    of: str
    rule: str = ""
    top: int | None = _optional()
    seeds: int | None = _optional()
    metric: str | None = _optional()


@dataclass(frozen=True, kw_only=True)
class TestRead(Event):
    """The test split was read for `purpose` with the model of `trial`."""

    kind: ClassVar[str] = "test_read"
    trial: str
    purpose: str = ""


@dataclass(frozen=True, kw_only=True)
class OtherEvent(Event):
    """An event of a kind that this version of raylab does not know.

    Attributes:
        name: Its kind.
        values: Its fields.
    """

    kind: ClassVar[str] = ""
    name: str
    values: Values = field(default_factory=dict)

    def to_dict(self) -> dict[str, object]:
        return {"event": self.name, "time": self.time, **self.values}


KINDS: dict[str, type[Event]] = {
    event.kind: event
    for event in (
        DriverStarted,
        SearchStopped,
        StopRequested,
        PauseRequested,
        StudyExtended,
        StudyEnded,
        TrialStarted,
        TrialReported,
        TrialTookOver,
        TrialLost,
        TrialEnded,
        GenerationEnded,
        SelectionStarted,
        Selected,
        TestRead,
    )
}


def parse_event(values: Values) -> Event:
    """The event that a JSON object of the ledger stands for; `OtherEvent` for an unknown kind.

    Raises:
        ValueError: A field without a default is missing.
    """
    if event := KINDS.get(values["event"]):
        return event.from_dict(values)
    others = {name: value for name, value in values.items() if name not in ("event", "time")}
    return OtherEvent(name=values["event"], time=values["time"], values=others)


def _read(name: str, value: Any) -> Any:
    """JSON has no not-a-number and no tuples: of metrics, null stands for not-a-number."""
    if name == "metrics":
        pairs = (value or {}).items()
        return {key: math.nan if entry is None else float(entry) for key, entry in pairs}
    return tuple(value) if isinstance(value, list) else value
