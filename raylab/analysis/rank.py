"""Several studies ranked by one decoding score, on the same examples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from raylab.analysis.models.trained import HELD_OUT
from raylab.analysis.ranking.entrants import By, check_alike, entrants_of, label_of
from raylab.analysis.ranking.standings import (
    RankingRow,
    baselines_of,
    check_same_examples,
    ranked_rows,
    standing_of,
)
from raylab.errors import StudyError
from raylab.evaluation.metrics import primary
from raylab.paths import AnyPath, local_path
from raylab.reporting.tables.ranking import write_csv
from raylab.results import Result
from raylab.tracking.events import TestRead
from raylab.tracking.records import reads_of_test


@dataclass(frozen=True)
class Ranking(Result):
    """Models of several studies, and matched baselines, best first.

    Attributes:
        split: valid or test.
        label: What was decoded.
        metric: The label's primary metric, by which rows are ranked.
        unit: The unit of the label.
        per: What one example is: a sample, a trial or a presentation (`evaluation.per`).
        data: The fingerprint of the dataset.
        sessions: The sessions that were scored.
        rows: Best first.
        test_reads: {study: how often its test split has been read}.
    """

    split: str
    label: str
    metric: str
    unit: str
    per: str
    data: str
    sessions: tuple[str, ...]
    rows: tuple[RankingRow, ...]
    test_reads: Mapping[str, int]


def rank(
    studies: Sequence[AnyPath],
    *,
    label: str | None = None,
    split: str = "valid",
    by: By = "study",
    out: str | Path | None = None,
) -> Ranking:
    """Rank the winners of studies by one decoding score, with matched baselines beside them.

    Each study's winner is chosen on validation by the study's own objective. All rows are then
    scored again on the same examples of one prepared dataset. `use` marks the row with the best
    score on validation, whatever the split: the test split chooses nothing. A row that lacks
    sessions (a baseline where a session is held out whole) has no rank.

    Args:
        studies: Folders of studies on the same dataset.
        label: What is decoded. Default: the label that all studies decode.
        split: `valid` or `test`. Each reading of the test split is counted in the ledger of each
            study.
        by: `study`: the winner of each. `family`: the best trial of each kind of model in a study.
        out: A CSV file for the rows; it must not exist yet.

    Returns:
        One row per model and baseline, best first.

    Raises:
        StudyError: The studies cannot be compared (the message says what differs), one is
            unfinished, or `out` exists.
        ConfigError: There is no such label.

    Example:
        >>> ranking = raylab.rank(["study", "other"], label="position")
        >>> [row.rank for row in ranking.rows][:3]
        [1, 2, 3]
        >>> sum(row.use for row in ranking.rows)
        1
    """
    if out is not None and local_path(out).exists():
        raise StudyError(f"{out}: already exists", "Choose another --out, or remove it.")
    ranking = _rank(studies, label, split, by)
    if out is not None:
        write_csv(local_path(out), ranking.to_dict())
    return ranking


def _rank(paths: Sequence[AnyPath], label: str | None, split: str, by: By) -> Ranking:
    if not paths or split not in HELD_OUT or by not in ("study", "family"):
        raise StudyError(
            f"{len(paths)} studies cannot be ranked by '{by}' on '{split}'", "Use valid or test."
        )
    entrants = entrants_of(paths, by)
    check_alike(entrants)
    label = label_of(entrants, label)
    if split == "test":  # counted before it can fail
        for entrant in entrants:
            event = TestRead(trial=entrant.record.trial, purpose="leaderboard")
            entrant.study.ledger.append(event)
    models = [standing_of(entrant, label, split) for entrant in entrants]
    check_same_examples(models)
    first = entrants[0]
    spec, sessions = first.dataset.labels[label], list(models[0].scored)
    metric = primary(spec.kind)
    standings = [*models, *baselines_of(entrants, label, split)]
    return Ranking(
        split=split,
        label=label,
        metric=metric,
        unit=spec.unit,
        per=first.config.evaluation.per,
        data=first.dataset.fingerprint,
        sessions=tuple(sessions),
        rows=ranked_rows(standings, metric, len(sessions)),
        test_reads={
            entrant.name: len(reads_of_test(entrant.study.ledger.read())) for entrant in entrants
        },
    )
