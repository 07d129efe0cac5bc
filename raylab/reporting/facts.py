"""Everything a report of a study is made of, read from its folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict, cast

from raylab.config.yaml_files import load_yaml
from raylab.files import read_json
from raylab.reporting.baselines import Baselines, baseline_scores, compared_metric
from raylab.reporting.identity import Identity
from raylab.reporting.score_files.common import Scores
from raylab.reporting.score_files.selection import SelectionScore
from raylab.reporting.ties import Ties, ties_of
from raylab.tracking.events import TestRead
from raylab.tracking.records import Mode, TrialRecord, best, front, reads_of_test
from raylab.tracking.selections import drawn, ended_selection
from raylab.tracking.study import StudyFolder

_RUNG_SCHEDULERS = ("asha", "hyperband")


class Evaluation(TypedDict, total=False):
    """The content of `evaluation-<split>.json`: scores by label and metric; those of baselines
    also by label, session and metric.
    """

    trial: str
    scores: Scores
    intervals: dict[str, dict[str, list[float]]]
    baselines: dict[str, Scores]
    baseline_sessions: dict[str, dict[str, dict[str, dict[str, float]]]]


@dataclass(frozen=True)
class StudyFacts:
    """Everything a report of a study is made of.

    Attributes:
        metrics, modes: Of the objectives.
        records: Of the trials of the search.
        winner: The champion of a selection over seeds; without one the best trial of the search.
        importance: Share of the score's variance by parameter.
        evaluation: Of the test split.
        test_reads: Each time the test split was read.
        embedding: The winner's `embedding.safetensors`.
        logs: Whether a searched path has a logarithmic scale.
        scores: The folder of scores.
        repetitions: Trials that repeat one of the search with another seed.
        selection: The last selection over seeds that has ended.
        rungs: Steps at which the scheduler compares trials.
        ties: The trials that cannot be told from the best one; None where there are none.
    """

    study: Identity
    metrics: tuple[str, ...]
    modes: tuple[Mode, ...]
    records: list[TrialRecord]
    winner: TrialRecord | None
    baselines: Baselines | None
    importance: Mapping[str, float] | None
    evaluation: Evaluation | None
    test_reads: Sequence[TestRead]
    embedding: Path | None
    logs: Mapping[str, bool]
    scores: Path
    repetitions: Sequence[TrialRecord] = ()
    selection: SelectionScore | None = None
    rungs: tuple[int, ...] = ()
    ties: Ties | None = None

    @property
    def metric(self) -> str:
        """The first objective, by which the winner is chosen and parameters are ranked."""
        return self.metrics[0]

    @property
    def mode(self) -> Mode:
        return self.modes[0]

    @property
    def several(self) -> bool:
        """Whether there are several objectives."""
        return len(self.metrics) > 1

    @property
    def front(self) -> list[TrialRecord]:
        """The trials of the Pareto front; none where there is one objective."""
        return front(self.records, *self.modes) if self.several else []

    @property
    def compared(self) -> str:
        """The metric by which the winner is held against the baselines."""
        return compared_metric(
            self.winner, metric=self.metric, baselines=self.baselines, label=self.study.label
        )

    @property
    def matched(self) -> dict[str, float]:
        """The baselines' scores by `compared`."""
        return baseline_scores(self.baselines, metric=self.compared, label=self.study.label)


def gather(study: StudyFolder, *, importance: Mapping[str, float] | None) -> StudyFacts:
    """Read the facts of a study."""
    every, events = study.records(), study.ledger.read()
    trials, selection = drawn(every), ended_selection(events)
    metrics, modes = study.metrics or ("loss",), study.modes or ("min",)
    winner = best(trials, *modes)
    if selection is not None:
        winner = next((record for record in every if record.trial == selection.champion), winner)
    return StudyFacts(
        study=Identity.read(study.description),
        metrics=metrics,
        modes=modes,
        records=trials,
        winner=winner,
        baselines=_baselines(study, winner),
        importance=importance,
        evaluation=cast(Evaluation | None, study.evaluation()),
        test_reads=reads_of_test(events),
        embedding=study.embedding_path(winner.trial) if winner else None,
        logs=_logs(study),
        scores=study.scores_folder,
        repetitions=[record for record in every if record.of is not None],
        selection=_selection(study) if selection else None,
        rungs=_rungs(study, trials),
        ties=ties_of(study),
    )


def _baselines(study: StudyFolder, winner: TrialRecord | None) -> Baselines | None:
    """The study's baselines, and the winner's own input where it was evaluated on validation."""
    baselines, valid = cast(Baselines | None, study.baselines()), study.evaluation("valid")
    if baselines is None or valid is None or winner is None or valid.get("trial") != winner.trial:
        return baselines
    own = (valid.get("baselines") or {}).get("input")
    return {**baselines, "valid": {**baselines["valid"], **({"input": own} if own else {})}}


def _selection(study: StudyFolder) -> SelectionScore | None:
    """The content of `scores/selection.json`; None where the file is gone."""
    return read_json(study.selection_path) if study.selection_path.is_file() else None


def _rungs(study: StudyFolder, trials: Sequence[TrialRecord]) -> tuple[int, ...]:
    """The steps at which asha and hyperband compare trials, as far as any trial came."""
    space = load_yaml(study.space_path) if study.space_path.is_file() else {}
    scheduler = space.get("scheduler")
    if not isinstance(scheduler, dict) or scheduler.get("kind") not in _RUNG_SCHEDULERS:
        return ()
    rung, factor = scheduler.get("grace_steps", 300), scheduler.get("reduction_factor", 3)
    last = max((record.step for record in trials), default=0)
    steps = []
    while factor > 1 and rung < last:
        steps.append(rung)
        rung *= factor
    return tuple(steps)


def _logs(study: StudyFolder) -> dict[str, bool]:
    """The scale of each searched path, from `space.yaml`; empty where there is none."""
    if not study.space_path.is_file():
        return {}
    search = load_yaml(study.space_path).get("search")
    leaves = search.items() if isinstance(search, dict) else ()
    return {path: bool(leaf.get("log")) for path, leaf in leaves if isinstance(leaf, dict)}
