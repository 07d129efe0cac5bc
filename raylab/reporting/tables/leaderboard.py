"""The leaderboard of a study: its trials from best to worst, every state visible."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from raylab.evaluation.seeds import over_seeds
from raylab.reporting.tables.notes import note
from raylab.results import Result
from raylab.tracking.records import Mode, State, TrialRecord, costs, front, is_number
from raylab.tracking.selections import drawn, repetitions

_ORDER = ("completed", "pruned", "running", "interrupted", "failed")


@dataclass(frozen=True)
class SeedScores(Result):
    """Scores of the repetitions of a trial that have ended.

    Attributes:
        mean: Over the repetitions that completed; None where none did.
        interval: Its 95 % interval, [low, high]; None for fewer than two repetitions.
        values: The scores.
        count: How many repetitions completed.
        failed: How many failed.
        cpu_seconds: CPUs that were reserved for the repetitions, times how long.
        gpu_seconds: The same of GPUs.
    """

    mean: float | None
    interval: Sequence[float] | None
    values: Sequence[float]
    count: int
    failed: int
    cpu_seconds: float
    gpu_seconds: float


@dataclass(frozen=True)
class LeaderboardRow(Result):
    """A trial of the search in the leaderboard.

    Attributes:
        trial: The trial's id.
        state: completed, pruned, running, interrupted or failed.
        front: Whether the trial is on the Pareto front; None for a study of one objective.
        score: Of the first objective; None where the trial has none.
        scores: Of every objective by name; None for a study of one objective.
        seeds: Scores of the trial's repetitions over seeds; None where it was not repeated.
        steps: The last step it reached.
        seconds: How long it worked, over all attempts.
        cpu_seconds: CPUs that were reserved for it, times how long.
        gpu_seconds: The same of GPUs.
        params: The searched paths and their values.
        metrics: Of the model kept at the end.
        note: Why it stopped early, which model is kept, a collapsed codebook; None without either.
        repeated: Whether any trial of the study was repeated over seeds.
    """

    trial: str
    state: State
    score: float | None
    steps: int
    seconds: float
    cpu_seconds: float
    gpu_seconds: float
    params: dict[str, Any]
    metrics: dict[str, float]
    note: str | None
    front: bool | None = None
    scores: dict[str, float] | None = None
    seeds: SeedScores | None = None
    repeated: bool = field(default=False, repr=False)

    def to_dict(self) -> dict[str, Any]:
        """The row as `--json` prints it: "front" and "scores" only of several objectives, "seeds"
        only in a study with repetitions.
        """
        several, row = self.front is not None, super().to_dict()
        names = ["trial", "state", *(["front"] if several else []), "score"]
        names += [*(["scores"] if several else []), *(["seeds"] if self.repeated else [])]
        names += ["steps", "seconds", "cpu_seconds", "gpu_seconds", "params", "metrics", "note"]
        return {name: row[name] for name in names}

    def score_of(self, metrics: Sequence[str]) -> list[float | None]:
        """Scores of the objectives, named `metrics` in the study's order."""
        if self.scores is None:
            return [self.score]
        return [self.scores.get(metric) for metric in metrics]


def leaderboard_rows(
    records: Iterable[TrialRecord], *modes: Mode, metrics: Sequence[str] = ()
) -> list[LeaderboardRow]:
    """One row per trial of the search, best first. Repetitions over seeds are no rows: the row of
    the trial that they repeat sums them up.

    A pruned trial ranks below every completed one, whatever its score: it was measured earlier.
    With several modes, the Pareto front comes first, and then the first objective decides.

    Args:
        metrics: Names of the objectives, in the order of `modes`.
    """
    every = list(records)
    trials, repeated = drawn(every), any(record.of is not None for record in every)
    several = len(modes) > 1
    leading = {record.trial for record in front(trials, *modes)} if several else set()
    ranked = sorted(trials, key=lambda record: _rank(record, modes, record.trial in leading))
    return [
        LeaderboardRow(
            trial=record.trial,
            state=record.state,
            front=record.trial in leading if several else None,
            score=record.score if is_number(record.score) else None,
            scores=dict(zip(metrics, record.scores)) if several else None,
            seeds=_seeds(repetitions(every, record.trial)),
            repeated=repeated,
            steps=record.step,
            seconds=round(record.seconds, 3),
            cpu_seconds=round(record.cpu_seconds, 3),
            gpu_seconds=round(record.gpu_seconds, 3),
            params=dict(record.params),
            metrics=dict(record.metrics),
            note=note(record),
        )
        for record in ranked
    ]


def _seeds(repeated: Sequence[TrialRecord]) -> SeedScores | None:
    """The repetitions of a trial together; None where there is none."""
    if not repeated:
        return None
    scores = [
        float(record.score or 0.0)
        for record in repeated
        if record.state == "completed" and is_number(record.score)
    ]
    summary = over_seeds(scores) if scores else {"mean": None, "interval": None, "values": []}
    return SeedScores(
        mean=summary["mean"],
        interval=summary["interval"],
        values=summary["values"],
        count=len(scores),
        failed=sum(record.state == "failed" for record in repeated),
        cpu_seconds=round(sum(record.cpu_seconds for record in repeated), 3),
        gpu_seconds=round(sum(record.gpu_seconds for record in repeated), 3),
    )


def _rank(
    record: TrialRecord, modes: Sequence[Mode], leads: bool
) -> tuple[int, bool, bool, tuple[float, ...], str]:
    scored = is_number(record.score)
    return (
        _ORDER.index(record.state),
        not leads,
        not scored,
        costs(record, modes) if scored else (),
        record.trial,
    )
