"""The leaderboard of a study: its trials from best to worst, every state visible."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from raylab.evaluation.bootstrap import over_seeds
from raylab.evaluation.metrics import bounds_of
from raylab.reporting.progress.running import last_step, scores_so_far
from raylab.reporting.tables.notes import note
from raylab.reporting.ties import Ties
from raylab.results import Result, rows_html
from raylab.tracking.records import Mode, State, TrialRecord, costs, front, is_number
from raylab.tracking.selections import drawn, repetitions

_ORDER = ("completed", "pruned", "running", "interrupted", "failed")


@dataclass(frozen=True)
class SeedScores(Result):
    """A trial's repetitions over seeds (`raylab.select`).

    Attributes:
        mean: Mean score of the completed repetitions; None where none completed.
        interval: Its 95 % interval by Student's t, (low, high); None for fewer than two scores.
        values: The score of each completed repetition.
        count: Completed repetitions.
        failed: Failed repetitions.
        cpu_seconds: CPUs that were reserved for all repetitions, times how long.
        gpu_seconds: The same of GPUs.
    """

    mean: float | None
    interval: Sequence[float] | None
    values: Sequence[float]
    count: int
    failed: int
    cpu_seconds: float
    gpu_seconds: float


@dataclass(frozen=True, kw_only=True)
class LeaderboardRow(Result):
    """One trial of the search.

    Attributes:
        trial: Its id, such as "0003".
        fold: Of an answer: the fold whose samples it saw; None in other studies.
        entrant: Of an answer: the contestant that its config belongs to.
        origin: The trial whose config it has, where an extension of the study added it.
        state: completed, pruned, running, interrupted or failed.
        front: Whether it is on the Pareto front; None in a study of one objective.
        score: The first objective on validation, in its own unit; None without a score.
        scores: Every objective by name; None in a study of one objective.
        tied: Whether validation cannot tell it from the best trial; None where nothing is known or
            the best trial is alone.
        seeds: Its repetitions over seeds; None where it has none.
        steps: The last training step that it reached.
        seconds: How long it worked, over all attempts.
        cpu_seconds: CPUs that were reserved for it, times how long.
        gpu_seconds: The same of GPUs.
        max_steps: Of a running trial: the last step that it may reach.
        so_far: Of a running trial: objective -> the score so far.
        params: What the search varied: config path -> value.
        metrics: Of the model that is kept, by name.
        note: A remark, such as why the trial stopped early; None without any.
    """

    trial: str
    fold: int | None = field(default=None, metadata={"omit_none": True})
    entrant: str | None = field(default=None, metadata={"omit_none": True})
    origin: str | None = field(default=None, metadata={"omit_none": True})
    state: State
    front: bool | None = field(default=None, metadata={"omit_none": True})
    score: float | None
    scores: Mapping[str, float] | None = field(default=None, metadata={"omit_none": True})
    tied: bool | None = field(default=None, metadata={"omit_none": True})
    seeds: SeedScores | None = None
    steps: int
    max_steps: int | None = field(default=None, metadata={"omit_none": True})
    so_far: Mapping[str, float] | None = field(default=None, metadata={"omit_none": True})
    seconds: float
    cpu_seconds: float
    gpu_seconds: float
    params: Mapping[str, Any]
    metrics: Mapping[str, float]
    note: str | None

    def place(self, heads: Sequence[str]) -> list[str]:
        """The cells of the columns that `place_heads` names."""
        fold = "all" if self.fold is None else str(self.fold)
        cells = {"fold": fold, "entrant": self.entrant or "", "origin": self.origin or ""}
        return [cells[head] for head in heads]

    def score_of(self, metrics: Sequence[str]) -> list[float | None]:
        """Scores of the objectives, named `metrics` in the study's order; of a running trial those
        so far.
        """
        if self.so_far is not None:
            return [self.so_far.get(metric) for metric in metrics]
        if self.scores is None:
            return [self.score]
        return [self.scores.get(metric) for metric in metrics]


@dataclass(frozen=True)
class Leaderboard:
    """The trials of a study, best first: a sequence of rows."""

    rows: tuple[LeaderboardRow, ...]

    def __iter__(self) -> Iterator[LeaderboardRow]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, place: int) -> LeaderboardRow:
        return self.rows[place]

    def __repr__(self) -> str:
        best = next((row for row in self.rows if row.state == "completed"), None)
        text = f"; best {best.trial}: {best.score:.4g}" if best and best.score is not None else ""
        return f"Leaderboard({len(self.rows)} trial{'s' * (len(self.rows) != 1)}{text})"

    def _repr_html_(self) -> str:
        return rows_html(self.to_dict())

    def to_dict(self) -> list[dict[str, Any]]:
        """The rows as plain values, which `--json` prints. Where no trial of the study was repeated
        over seeds, rows have no `seeds`.
        """
        plain = [row.to_dict() for row in self.rows]
        if not are_repeated(self.rows):
            for row in plain:
                del row["seeds"]
        return plain


def are_repeated(rows: Iterable[LeaderboardRow]) -> bool:
    """Whether any trial was repeated over seeds."""
    return any(row.seeds is not None for row in rows)


def seeds_head(metrics: Sequence[str]) -> str:
    """The heading of what was repeated over seeds; of several objectives it names the first."""
    return f"{metrics[0]} over seeds" if len(metrics) > 1 else "over seeds"


def place_heads(rows: Iterable[LeaderboardRow]) -> list[str]:
    """The columns that say where trials belong: in an answer their fold and entrant, in a study
    that was extended their origin; none in other studies.
    """
    every = list(rows)
    heads = ["fold", "entrant"] if any(row.entrant is not None for row in every) else []
    return [*heads, *(["origin"] if any(row.origin is not None for row in every) else [])]


def leaderboard_rows(
    records: Iterable[TrialRecord],
    *modes: Mode,
    metrics: Sequence[str] = (),
    ties: Ties | None = None,
) -> list[LeaderboardRow]:
    """One row per trial of the search, best first. Repetitions over seeds are no rows: the row of
    the trial that they repeat sums them up.

    A pruned trial ranks below every completed one, whatever its score: it was measured earlier.
    With several modes, the Pareto front comes first, and then the first objective decides. The
    trials of an answer are ranked in each fold on its own: scores of different folds are of
    different samples.

    Args:
        metrics: Names of the objectives, in the order of `modes`.
        ties: The trials that cannot be told from the best one, where there are any.
    """
    every = list(records)
    trials, several = drawn(every), len(modes) > 1
    leading = {record.trial for record in front(trials, *modes)} if several else set()
    ranked = sorted(
        trials,
        key=lambda record: _rank(
            _with_so_far(record, metrics, modes), modes, record.trial in leading
        ),
    )
    return [
        LeaderboardRow(
            trial=record.trial,
            fold=record.fold,
            entrant=record.entrant,
            origin=record.origin,
            state=record.state,
            front=record.trial in leading if several else None,
            score=record.score if is_number(record.score) else None,
            scores=dict(zip(metrics, record.scores)) if several else None,
            tied=None if ties is None else record.trial in ties.trials,
            seeds=_seeds(_over_seeds(every, record), metrics[0] if metrics else ""),
            steps=record.step,
            **_at_work(record, metrics, modes),
            seconds=round(record.seconds, 3),
            cpu_seconds=round(record.cpu_seconds, 3),
            gpu_seconds=round(record.gpu_seconds, 3),
            params=dict(record.params),
            metrics=dict(record.metrics),
            note=note(record),
        )
        for record in ranked
    ]


def _at_work(record: TrialRecord, metrics: Sequence[str], modes: Sequence[Mode]) -> dict[str, Any]:
    """The fields of a running trial; none of another one."""
    if record.state != "running":
        return {}
    so_far = scores_so_far(record, metrics, modes)
    return {"max_steps": last_step(record), "so_far": so_far or None}


def _with_so_far(record: TrialRecord, metrics: Sequence[str], modes: Sequence[Mode]) -> TrialRecord:
    """A running trial with the scores so far, by which it is ranked among running ones."""
    if record.state != "running":
        return record
    values = tuple(scores_so_far(record, metrics, modes).values())
    if not values or len(values) < len(modes):
        return record
    return replace(record, score=values[0], scores=values if len(values) > 1 else ())


def _over_seeds(every: Sequence[TrialRecord], record: TrialRecord) -> list[TrialRecord]:
    """Its repetitions with other seeds. A trial of an answer is repeated on more samples, which
    says nothing of seeds.
    """
    return [] if record.fold is not None else repetitions(every, record.trial)


def _seeds(repeated: Sequence[TrialRecord], metric: str) -> SeedScores | None:
    """The repetitions of a trial together; None where there is none."""
    if not repeated:
        return None
    scores = [
        float(record.score or 0.0)
        for record in repeated
        if record.state == "completed" and is_number(record.score)
    ]
    summary = (
        over_seeds(scores, bounds_of(metric))
        if scores
        else {"mean": None, "interval": None, "values": []}
    )
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
) -> tuple[int, int, bool, bool, tuple[float, ...], str]:
    scored = is_number(record.score)
    return (
        -1 if record.fold is None else record.fold,
        _ORDER.index(record.state),
        not leads,
        not scored,
        costs(record, modes) if scored else (),
        record.trial,
    )
