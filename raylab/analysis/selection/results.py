"""What a selection over seeds results in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from raylab.analysis.shuffle_labels import ShuffledLabels, ShuffleGap
from raylab.results import Result


@dataclass(frozen=True)
class CandidateScores(Result):
    """A trial of the search, trained again over seeds.

    Attributes:
        trial: Of the search.
        search: Its score in the search: one seed, and biased upwards, because it was selected.
        scores: Of each repetition, in the order of the seeds; None where one did not complete.
        mean, interval: Over the completed repetitions, with the 95 % interval by Student's t.
        failed: Repetitions that did not complete.
        learnt: How many numbers the model learns.
        ranks: By seed, 1 the best; None where not every candidate completed with that seed.
        first: For how many seeds it was the best.
        over: Of a config without randomness, such as a readout: what its interval is over, such as
            `20 blocks of validation`. It is trained once, and every seed has its score. None of
            other configs, whose interval is over seeds.
    """

    trial: str
    search: float
    scores: Sequence[float | None]
    mean: float | None
    interval: Sequence[float] | None
    failed: int
    learnt: int
    ranks: Sequence[float | None]
    first: int
    over: str | None = field(default=None, metadata={"omit_none": True})


@dataclass(frozen=True)
class Stability(Result):
    """Whether the seeds, and the search, agree on the order of the candidates.

    Attributes:
        seeds: With which all candidates completed.
        kendall_w: Agreement of the seeds' rankings, from 0 to 1 where all are equal (Kendall &
            Smith 1939, corrected for ties).
        spearman: Rank correlation of the search's scores and the means over seeds.
    """

    seeds: int
    kendall_w: float | None
    spearman: float | None


@dataclass(frozen=True)
class Difference(Result):
    """The best candidate's score minus the second's, by seed; positive where it is better."""

    first: str
    second: str
    mean: float
    interval: Sequence[float] | None
    values: Sequence[float]


@dataclass(frozen=True)
class SeedSelection(Result):
    """The candidates of a search over seeds, and the champion.

    Attributes:
        metric: The study's first objective, by which the choice is made.
        mode: max or min.
        top: How many candidates were asked for.
        seeds: Repetitions per candidate.
        rule: best or simplest.
        shuffles: The trials of the control on shuffled labels; 0 without a control.
        values: `training.seed` of the repetitions.
        selections: How many selections the study has had, with this one.
        candidates: Best first by the search.
        difference: The difference of the two best by mean; None for one candidate.
        threshold: The mean that the rule `simplest` requires; None for one seed.
        of: The trial of the search whose config was chosen.
        trial: The champion: the repetition of the chosen config with the median score.
        notes: What limits the result.
        control: The champion's config on shuffled labels; None without a control.
    """

    metric: str
    mode: str
    top: int
    seeds: int
    rule: str
    shuffles: int
    values: Sequence[int]
    selections: int
    candidates: Sequence[CandidateScores]
    stability: Stability
    difference: Difference | None
    threshold: float | None
    of: str
    trial: str
    notes: Sequence[str]
    control: ShuffledLabels | None


def selection_from(record: Mapping[str, Any]) -> SeedSelection:
    """A selection from its `to_dict()`, as selection.json holds it."""
    difference, control = record["difference"], record["control"]
    nested = {
        "candidates": [CandidateScores(**candidate) for candidate in record["candidates"]],
        "stability": Stability(**record["stability"]),
        "difference": Difference(**difference) if difference else None,
        "control": _control(control) if control else None,
    }
    return SeedSelection(**{**record, **nested})


def _control(record: Mapping[str, Any]) -> ShuffledLabels:
    scores = {label: ShuffleGap(**gap) for label, gap in record["scores"].items()}
    return ShuffledLabels(**{**record, "scores": scores})
