"""Decoding scores of a study's winner on one split, beside chance and matched baselines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from raylab.analysis.models.predictions import write_predictions
from raylab.analysis.models.scorer import Interval, LabelScores, Permuted, Scorer
from raylab.analysis.models.winner import model_and_data
from raylab.data.dataset import Dataset
from raylab.errors import StudyError
from raylab.evaluation.baselines import Baselines
from raylab.evaluation.summaries import summaries
from raylab.files import write_json
from raylab.paths import AnyPath
from raylab.reporting.figures.confusion import keep_confusions
from raylab.results import Result
from raylab.tasks.sides import first_reason, unscored
from raylab.tracking.events import TestRead
from raylab.tracking.records import reads_of_test
from raylab.tracking.selections import ended_selection
from raylab.tracking.study import StudyFolder
from raylab.tracking.winner import winner
from raylab.tuning.study_report import report


@dataclass(frozen=True)
class Spread(Result):
    """A score of several sessions or animals: median, (lower, upper) quartile, and how many."""

    median: float
    quartiles: Sequence[float]
    n: int


Summary = Mapping[str, Mapping[str, Spread]]  # label -> metric -> spread


@dataclass(frozen=True)
class Evaluation(Result):
    """Decoding scores of one trial on one split.

    Scores are means over sessions: fractions (r2, accuracy, ...), or errors in the label's own
    unit. A label that `evaluation.decoder` cannot decode has no scores.

    Attributes:
        split: valid or test.
        trial: The trial that was scored.
        selected: Whether it is the champion of a selection over seeds (`raylab.select`).
        scores: {label: {metric: value}}.
        intervals: {label: {metric: (low, high)}}, 95 % over resampled examples.
        permuted: {label: {metric: {"mean", "low", "high", "p"}}}: the same predictions scored
            against permuted labels, with the 95 % interval and the p-value.
        sessions: {session: {label: {metric: value}}}.
        fitted: {label: the splits that the decoder was fitted on}.
        animals: {animal: summary over its sessions}.
        summary: {"sessions": summary over all sessions, "animals": over medians of animals}.
        baselines: {baseline: {label: {metric: value}}}; `input` is the model's own input, decoded
            without the model.
        test_reads: How often the test split of this study has been read.
        unscored: {label: why it has no score}; None where all labels have one.
    """

    split: str
    trial: str
    selected: bool
    scores: LabelScores
    intervals: Mapping[str, Mapping[str, Interval]]
    permuted: Mapping[str, Permuted]
    sessions: Mapping[str, LabelScores]
    fitted: Mapping[str, Sequence[str]]
    animals: Mapping[str, Summary]
    summary: Mapping[str, Summary]
    baselines: Mapping[str, LabelScores]
    test_reads: int
    unscored: Mapping[str, str] | None = field(default=None, metadata={"omit_none": True})


def evaluate(path: AnyPath, *, split: str = "valid", trial: str | None = None) -> Evaluation:
    """Decode every label of one split from the winner's embedding, beside matched baselines.

    Settings of the decoder are chosen on validation. For scores on the test split, a decoder of
    embeddings is fitted on train and validation; networks stay as they were trained. The result is
    also written to the study's folder, where the report finds it.

    Args:
        path: The study.
        split: `valid` or `test`. Each reading of the test split is counted in the study's ledger.
        trial: Default: the study's winner, that is the champion of `raylab.select`, or else the
            best trial by validation.

    Returns:
        Scores of each label with 95 % intervals: fractions, or errors in the unit of the label.

    Raises:
        StudyError: There is no such split or trial, nothing completed, or the dataset has no label
            or is not the one that the study was made on.

    Example:
        >>> result = raylab.evaluate("study")
        >>> result.trial, result.split
        ('0001', 'valid')
        >>> sorted(result.scores)
        ['choice', 'heading', 'position']
        >>> result.scores["position"]["r2"] <= 1
        True
    """
    if split not in ("valid", "test"):
        raise StudyError(
            f"split '{split}' cannot be evaluated", "Use --split valid or --split test."
        )
    study = StudyFolder.open(Path(path))
    record = winner(study, trial)
    model, dataset = model_and_data(study, record)
    labels = list(dataset.labels)
    if not labels:
        raise StudyError(f"{study.path}: the dataset has no label to decode")
    if split == "test":  # counted before it can fail
        study.ledger.append(TestRead(trial=record.trial, purpose="evaluate"))
    scorer = Scorer(model, dataset, split)
    baselines = Baselines(dataset, model.config.evaluation.matched, labels, model.config.sessions)
    selection = ended_selection(study.ledger.read())
    scores = scorer.scores(labels)
    animals = {session["id"]: session["animal"] for session in dataset.manifest["sessions"]}
    over = summaries(scores.sessions, animals)
    result = Evaluation(
        split=split,
        trial=record.trial,
        selected=selection is not None and selection.champion == record.trial,
        scores=scores.scores,
        intervals=scores.intervals,
        permuted=scores.permuted,
        sessions=scores.sessions,
        fitted=scores.fitted,
        animals={name: _spreads(each) for name, each in over["animals"].items()},
        summary={name: _spreads(each) for name, each in over["summary"].items()},
        baselines={**baselines.scores(split), "input": scorer.own_input(labels)},
        test_reads=len(reads_of_test(study.ledger.read())),
        unscored=_unscored(scorer, dataset, labels, scores.scores),
    )
    more = {"settings": baselines.settings, "baseline_sessions": baselines.by_session}
    write_json(study.evaluation_path(split), {**result.to_dict(), **more})
    keep_confusions(study, scorer.decoded, split=split, trial=record.trial)
    write_predictions(study, scorer, split=split, trial=record.trial)
    if split == "test" and study.report_path.is_file():
        report(study.path)  # which else goes on saying that the test split is untouched
    return result


def _unscored(
    scorer: Scorer, dataset: Dataset, labels: Sequence[str], scores: LabelScores
) -> dict[str, str] | None:
    """Why labels that the model could be scored by have no score.

    Raises:
        StudyError: No label has one.
    """
    decodes_all = scorer.predictions is None
    reasons = {
        label: first_reason(unscored(scorer.model.config, dataset, label, scorer.split))
        for label in labels
        if label not in scores and (decodes_all or label == scorer.label)
    }
    known = {label: reason for label, reason in reasons.items() if reason}
    if known and not scores:
        label, reason = next(iter(known.items()))
        raise StudyError(
            f"{dataset.path}: label '{label}' has no score on the {scorer.split} split: {reason}",
            "Evaluate the other split, or prepare the dataset with splits in which it varies.",
        )
    return known or None


def _spreads(summary: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> Summary:
    return {
        label: {metric: Spread(**spread) for metric, spread in metrics.items()}
        for label, metrics in summary.items()
    }
