"""A search under way: what is left to run, what ends it, and what users ask of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from raylab.files import no_room
from raylab.reporting.tables.cells import short_names
from raylab.space.parameters import Scalar
from raylab.space.schedulers import SCHEDULERS
from raylab.tracking.drivers import worked_seconds
from raylab.tracking.events import ENDED
from raylab.tracking.extensions import Addition, extended, waiting_additions
from raylab.tracking.records import TrialRecord
from raylab.tracking.requests import Request
from raylab.tracking.sqlite import sqlite_url
from raylab.tracking.study import StudyFolder
from raylab.tuning.checks.repeats import same_draw
from raylab.tuning.control import Control
from raylab.tuning.extending import Extension, added_setup, extended_budget, extent_of
from raylab.tuning.job import TrialSetup, trial_setup
from raylab.tuning.outcome import Outcome
from raylab.tuning.planning.study_plan import Plan
from raylab.tuning.stopping import Stopping

if TYPE_CHECKING:
    from raylab.tuning.drawing.searcher import Added, StudySearch


class SearchUnderWay:
    """A search under way.

    Attributes:
        known: The trials that the ledger had when the driver began.
        is_population: Whether members of a population are trained.
    """

    def __init__(
        self, study: StudyFolder, plan: Plan, say: Callable[[str], None], on_end: Callable[[], None]
    ) -> None:
        self._study, self._plan, self._say = study, plan, say
        events = study.ledger.read()
        self.known = {record.trial: record for record in study.records() if record.of is None}
        self._extent = extent_of(plan, events)
        self.stopping = Stopping(
            extended_budget(plan.space.budget, self._extent),
            plan.modes[plan.space.metrics[0]],
            known=self.known.values(),
            worked_s=worked_seconds(events),
            drawn_on=self._extent.drawn_on,
        )
        done = sum(record.state in ENDED for record in self.known.values())
        self._progress = Progress(
            say, on_end, total=self._extent.total, done=done, metrics=study.metrics
        )
        self.is_population = self._has_open_members()
        self.control = Control(study, extend=None if self.is_population else self._extend)
        self.searcher = self._make_searcher()

    @property
    def incomplete(self) -> bool:
        """Whether a trial that belongs to the study has not ended."""
        return self._progress.done < self._progress.total

    def end(self, trial: str, outcome: Outcome, params: Mapping[str, Scalar]) -> None:
        """Count the end of a trial."""
        self.stopping.ended(outcome)
        self._progress(trial, outcome, params)

    def _has_open_members(self) -> bool:
        """Whether the study is a population that is not complete. What extensions add to a complete
        one is trained as in other studies.
        """
        members = [record for record in self.known.values() if record.origin is None]
        ended = sum(record.state in ENDED for record in members)
        return self._plan.space.scheduler.is_population and ended < self._extent.trials

    def _make_searcher(self) -> StudySearch:
        from raylab.tuning.drawing.searcher import SearchSetup, StudySearch

        plan, drawn = self._plan, sum(record.origin is None for record in self.known.values())
        search = SearchSetup(
            modes=tuple(plan.modes[metric] for metric in plan.space.metrics),
            storage=sqlite_url(self._study.optuna_path),
            setup=self._setup,
            draws=self._extent.trials - drawn,
            additions=self._with_params(
                waiting_additions(self._extent.additions, self.known.values())
            ),
            enough=lambda: self.stopping.reason() is not None,
            no_room=partial(no_room, self._study.path),
            requested=self.control,
            same=partial(same_draw, plan.space, plan.dataset.sessions),
        )
        if not self.is_population:
            return StudySearch(plan.space, search)
        build = SCHEDULERS.builder(plan.space.scheduler)
        mode = plan.modes[plan.space.rung]
        searcher = build(plan.space, search, study=self._study, mode=mode, known=self.known)
        assert isinstance(searcher, StudySearch), f"{plan.space.scheduler.kind} builds no searcher"
        return searcher

    def _setup(
        self,
        trial: str,
        params: Mapping[str, Scalar],
        *,
        until: int | None = None,
        piece: int = 0,
        addition: Addition | None = None,
    ) -> TrialSetup:
        if addition is not None:
            origin = self._records()[addition.origin]
            return added_setup(self._study, self._plan, trial, origin, addition)
        config = self._plan.space.config(params, source=f"trial {trial}")
        return trial_setup(self._study, self._plan, trial, params, config, until=until, piece=piece)

    def _extend(self, request: Request) -> None:
        """Record what a user adds while the search is under way, and hand it out."""
        extension = Extension.from_dict(request.extension)
        event = extension.event(self._extent, request.id)
        self._study.ledger.append(event)
        self._extent = extended(self._extent, event)
        self._progress.total = self._extent.total
        self.stopping.extend(extended_budget(self._plan.space.budget, self._extent))
        self.searcher.extend(extension.trials, self._with_params(extension.added))
        self._say(f"the study was extended to {self._extent.total} trials")

    def _with_params(self, additions: Iterable[Addition]) -> list[Added]:
        records = self._records()
        return [(addition, records[addition.origin].params) for addition in additions]

    def _records(self) -> dict[str, TrialRecord]:
        return {record.trial: record for record in self._study.records()}


class Progress:
    """Counts the trials that have ended, and says a line for each."""

    def __init__(
        self,
        say: Callable[[str], None],
        on_end: Callable[[], None],
        *,
        total: int,
        done: int,
        metrics: Sequence[str],
    ) -> None:
        self._say, self._on_end, self.total, self.done = say, on_end, total, done
        self._metrics = metrics

    def __call__(self, trial: str, outcome: Outcome, params: Mapping[str, Scalar]) -> None:
        self.done += 1
        self._say(f"[{self.done}/{self.total}] {_line(trial, outcome, params, self._metrics)}")
        self._on_end()


def _line(
    trial: str, outcome: Outcome, params: Mapping[str, Scalar], metrics: Sequence[str]
) -> str:
    """What became of a trial; of several objectives, each value with its name."""
    scores = outcome.scores or (() if outcome.score is None else (outcome.score,))
    several = len(scores) > 1
    named = zip(metrics if several else [""] * len(scores), scores)
    texts = (f"{metric} {score:.4f}".lstrip() for metric, score in named)
    result = ", ".join(texts) or outcome.error or ""
    short = short_names(params)
    values = "  ".join(f"{short[path]}={_short(value)}" for path, value in params.items())
    step, kept = outcome.step, outcome.kept_step
    model = f", the model of step {kept}" if kept not in (None, step) else ""
    early = " early" if outcome.stopped else ""
    early = f" {outcome.stopped}" if outcome.state == "pruned" and outcome.stopped else early
    return f"trial {trial} {outcome.state}{early} at step {step}{model}: {result}  {values}"


def _short(value: Scalar) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)
