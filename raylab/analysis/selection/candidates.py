"""The candidates of a selection: which trials they are, and what they reached over seeds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import get_args

from raylab.analysis.models.trained import without_seed
from raylab.analysis.selection.results import (
    CandidateScores,
    Difference,
    SeedSelection,
    Stability,
)
from raylab.analysis.shuffle_labels import ShuffledLabels
from raylab.config.parse import parse_trial
from raylab.errors import NothingCompleted, StudyError
from raylab.evaluation.choice import Candidate, Rule, choose
from raylab.evaluation.metrics import bounds_of
from raylab.reporting.ties import losses_of, ties_of
from raylab.tasks.parameter_count import parameter_count
from raylab.tracking.events import SelectionStarted
from raylab.tracking.records import TrialRecord, is_ended, is_number
from raylab.tracking.selections import Selection, ranked, selections
from raylab.tracking.study import StudyFolder
from raylab.training.model import Model


@dataclass(frozen=True)
class Request:
    """What `raylab.select` was asked for."""

    top: int
    seeds: int
    rule: Rule
    shuffles: int

    def matches(self, selection: Selection) -> bool:
        """Whether an earlier selection of the study was asked for the same."""
        earlier = (selection.top, selection.seeds, selection.rule, selection.shuffles)
        return earlier == (self.top, self.seeds, self.rule, self.shuffles)


def started(study: StudyFolder, request: Request) -> SelectionStarted:
    """The event that begins a selection: its candidates, and seeds that the search did not use.

    Trials that differ only in their seed are one candidate. The simplest of the trials that
    validation cannot tell from the best is always one, in place of the last where need be.

    Raises:
        StudyError: The study has not ended, or no trial has completed.
    """
    if not is_ended(study.ledger.read()):
        raise StudyError(
            f"{study.path}: the study has not ended",
            f"Finish it with `raylab resume {study.path}`.",
        )
    records = study.records()
    candidates = _different(ranked(records, *study.modes), request.top)
    ties = ties_of(study)
    if ties is not None and len(candidates) > 1:
        simplest = next(record for record in records if record.trial == ties.simplest)
        candidates = _different([*candidates[:-1], simplest, candidates[-1]], len(candidates))
    if not candidates:
        raise StudyError(f"{study.path}: no trial has completed", "`raylab leaderboard` shows why.")
    used = {
        (record.config.get("training") or {}).get("seed") for record in records if record.of is None
    }
    fresh = [seed for seed in range(1, request.seeds + len(used) + 1) if seed not in used]
    return SelectionStarted(
        top=request.top,
        seeds=request.seeds,
        rule=request.rule,
        shuffles=request.shuffles,
        trials=tuple(record.trial for record in candidates),
        values=tuple(fresh[: request.seeds]),
        fixed=tuple(record.trial for record in candidates if _is_fixed(record)),
    )


def _is_fixed(record: TrialRecord) -> bool:
    """Whether seeds change nothing about a trial."""
    return not parse_trial(record.config, f"trial {record.trial}").random


def _different(records: Sequence[TrialRecord], most: int) -> list[TrialRecord]:
    """The first records with configs that differ in more than their seed."""
    kept: list[TrialRecord] = []
    for record in records:
        config = without_seed(record.config)
        if len(kept) < most and all(config != without_seed(each.config) for each in kept):
            kept.append(record)
    return kept


@dataclass(frozen=True)
class Choice:
    """The chosen config, before the control on shuffled labels."""

    selection: Selection
    candidates: Sequence[CandidateScores]
    stability: Stability
    difference: Difference | None
    threshold: float | None
    of: str
    trial: str
    notes: Sequence[str]

    def result(
        self, study: StudyFolder, control: ShuffledLabels | None, notes: Sequence[str]
    ) -> SeedSelection:
        return SeedSelection(
            metric=study.metrics[0],
            mode=study.modes[0],
            top=self.selection.top,
            seeds=self.selection.seeds,
            rule=self.selection.rule,
            shuffles=self.selection.shuffles,
            values=self.selection.values,
            selections=len(selections(study.ledger.read())),
            candidates=self.candidates,
            stability=self.stability,
            difference=self.difference,
            threshold=self.threshold,
            of=self.of,
            trial=self.trial,
            notes=(*self.notes, *notes),
            control=control,
        )


def choice_of(study: StudyFolder, selection: Selection) -> Choice:
    """Choose among the candidates by the rule of the selection.

    Raises:
        NothingCompleted: No repetition completed.
    """
    by_trial = {record.trial: record for record in study.records()}
    candidates = [_candidate(study, by_trial, of, selection) for of in selection.trials]
    if all(score is None for candidate in candidates for score in candidate.scores):
        raise NothingCompleted(
            f"{study.path}: no repetition completed",
            f"`raylab leaderboard {study.path}` shows why.",
        )
    (rule,) = (rule for rule in get_args(Rule) if rule == selection.rule)
    bounds = bounds_of(study.metrics[0])
    chosen = choose(candidates, mode=study.modes[0], rule=rule, bounds=bounds)
    difference = chosen["difference"]
    return Choice(
        selection=selection,
        candidates=[CandidateScores(**candidate) for candidate in chosen["candidates"]],
        stability=Stability(**chosen["stability"]),
        difference=Difference(**difference) if difference else None,
        threshold=chosen["threshold"],
        of=chosen["chosen"],
        trial=f"{chosen['chosen']}-seed{selection.values[chosen['champion']]}",
        notes=_notes(study, [by_trial[trial] for trial in selection.trials], selection),
    )


def _candidate(
    study: StudyFolder, by_trial: Mapping[str, TrialRecord], of: str, selection: Selection
) -> Candidate:
    repeated = [
        by_trial.get(trial) for trial, candidate, _ in selection.repetitions() if candidate == of
    ]
    scores = tuple(
        record.score
        if record is not None and record.state == "completed" and is_number(record.score)
        else None
        for record in repeated
    )
    learnt = parameter_count(Model.load(study.model_folder(of)).module)
    search = float(by_trial[of].score or 0.0)
    if of not in selection.fixed:
        return Candidate(of, search, scores, learnt)
    trained = repeated[0]
    losses = None if trained is None else losses_of(trained, study.embedding_path(trained.trial))
    seeds = 1 if set(selection.trials) == set(selection.fixed) else selection.seeds
    return Candidate(
        of,
        search,
        scores * seeds,
        learnt,
        fixed=True,
        losses=None if losses is None else losses.values,
        units="" if losses is None else f"{len(losses.values)} {losses.kind}s of validation",
    )


def _notes(study: StudyFolder, records: Sequence[TrialRecord], selection: Selection) -> list[str]:
    notes = []
    if len(records) < selection.top:
        notes.append(
            f"{len(records)} different configs completed in the search, of {selection.top} asked "
            "for"
        )
    if len(study.modes) > 1:
        notes.append(f"of several objectives, only the first counts here: {study.metrics[0]}")
    moved = [record.trial for record in records if record.lineage and record.origin_step is None]
    if moved:
        notes.append(
            f"hyper-parameters of {', '.join(moved)} changed during training; its repetitions have "
            "the last ones"
        )
    return notes
