"""Which entrants of a fold are fitted again so that further parts validate them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from raylab.analysis.answering.choosing import FoldChoice
from raylab.analysis.answering.contestants import Part
from raylab.analysis.answering.fitting import with_overrides
from raylab.analysis.answering.refitting.folding import ChosenFold
from raylab.analysis.answering.refitting.refits import seconds_of
from raylab.analysis.answering.searching.trials import Trial
from raylab.analysis.answering.simplicity import size_of
from raylab.tracking.records import TrialRecord
from raylab.tracking.study import StudyFolder

MOST = 3  # further parts of a fold
FEW = 6  # entrants that are compared where the first part has too few units for a set


@dataclass(frozen=True)
class Rotation:
    """The fits of one fold whose validation part is another one.

    Attributes:
        fold: The fold that tests.
        valid_folds: The parts that validate, each of them in turn.
        trials: An entrant's best candidate on each part.
    """

    fold: int
    valid_folds: tuple[int, ...]
    trials: tuple[Trial, ...]


def other_valid_folds(fold: int, folds: int) -> tuple[int, ...]:
    """The folds that may validate a fold besides the next one."""
    return tuple((fold + step) % folds for step in range(2, folds))[:MOST]


def plan_rotation(
    chosen: ChosenFold,
    study: StudyFolder,
    families: Mapping[str, str],
    *,
    folds: int,
    work_s: float,
) -> Rotation | None:
    """The rotation of a fold; None where its choice is clear, or where there is no time for it.

    What has to be compared comes first: the entrant of the best mean and the best baseline. They
    are validated by as many parts as there is time for. Then those of the other members of the set
    follow for which there is time, the simplest first.

    Args:
        folds: The number of outer folds.
        work_s: Seconds of work that the fits may take.
    """
    choice, number = chosen.choice, chosen.board.number
    if choice.members is not None and len(choice.members) == 1:
        return None
    records = {record.trial: record for record in study.records() if record.of is None}
    needed, others = _compared(choice, families)
    possible = other_valid_folds(number, folds)
    for count in range(len(possible), 0, -1):

        def fits(part: Part, valid_folds: Sequence[int] = possible[:count]) -> list[Trial]:
            record = records[part.trial]
            return [_trial(record, part, study, valid_fold) for valid_fold in valid_folds]

        trials = [trial for part in needed for trial in fits(part)]
        if seconds_of(trials, records.values()) > work_s:
            continue
        for part in others:
            more = [*trials, *fits(part)]
            if seconds_of(more, records.values()) <= work_s:
                trials = more
        distinct = {trial.name: trial for trial in trials}
        return Rotation(number, possible[:count], tuple(distinct.values()))
    return None


def _compared(choice: FoldChoice, families: Mapping[str, str]) -> tuple[list[Part], list[Part]]:
    """The candidates that have to be compared, and those that may be; each entrant has one."""
    best, baseline = choice.best, choice.baseline
    needed = [*best.parts, *(baseline.parts if baseline else ())]
    means = {name: float(losses.mean()) for name, losses in choice.losses.items()}
    leading = sorted(means, key=lambda name: means[name])[:FEW]
    ensemble = choice.ensemble.entrant if choice.ensemble else None
    members = [name for name in choice.members or leading if name != ensemble]

    def size(name: str) -> tuple[int, int]:
        return size_of(families[name], choice.chosen[name].learnt)

    return needed, [
        part for name in sorted(members, key=size) for part in choice.chosen[name].parts
    ]


def _trial(record: TrialRecord, part: Part, study: StudyFolder, valid_fold: int) -> Trial:
    assert record.fold is not None
    return Trial(
        name=f"{record.trial}-valid{valid_fold}",
        entrant=record.entrant or "",
        data=study.rotation_path(record.fold, valid_fold),
        config=with_overrides(record.config, part.overrides),
        fold=record.fold,
        params=record.params,
        of=record.trial,
        valid_fold=valid_fold,
    )
