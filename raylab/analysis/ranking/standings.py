"""The rows of a ranking: what was decoded of each model and baseline, and its place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from raylab.analysis.models.scorer import Interval, Scorer, resampled
from raylab.analysis.over_seeds import OverSeeds
from raylab.analysis.ranking.entrants import Entrant
from raylab.errors import StudyError
from raylab.evaluation.baselines import Baselines
from raylab.evaluation.bootstrap import interval
from raylab.evaluation.decoding import Decoded, mean_scores
from raylab.evaluation.reading import settings_text as readout_text
from raylab.reporting.baselines import BASELINE_NAMES
from raylab.results import Result
from raylab.tasks.sides import first_reason, unscored
from raylab.tracking.records import is_number
from raylab.tracking.selections import repetitions

DecodedSessions = Mapping[str, Decoded]
CHANCE = "chance"


@dataclass(frozen=True)
class ChampionSeeds(Result):
    """What the config of a champion reached by its study's own objective, over seeds.

    Attributes:
        metric: The study's objective.
        mean, interval, values: As of `OverSeeds`.
        count: Completed repetitions.
    """

    metric: str
    mean: float
    interval: tuple[float, float] | None
    values: tuple[float, ...]
    count: int


@dataclass(frozen=True)
class About:
    """What a row states besides its scores; None where it does not apply, as to baselines.

    Attributes:
        trial: The trial of the study.
        readout: The decoder of embeddings and its settings, or `itself` for a network.
        seconds: Training time.
        steps_per_s: Training steps per second; None for models that are fitted at once.
        seeds: Of the champion of a selection.
    """

    trial: str | None = None
    readout: str | None = None
    seconds: float | None = None
    steps_per_s: float | None = None
    seeds: ChampionSeeds | None = None


@dataclass(frozen=True)
class Standing:
    """What a row is made of.

    Attributes:
        valid, scored: What was decoded by session, on validation and on the ranking's split.
        constant: Scores of chance, which decodes nothing; None for all others.
    """

    name: str
    family: str
    valid: DecodedSessions
    scored: DecodedSessions
    about: About = field(default_factory=About)
    constant: Mapping[str, float] | None = None


@dataclass(frozen=True)
class RankingRow(Result):
    """A model or a baseline in a ranking.

    Attributes:
        rank: From 1; None for a row that lacks sessions, and so cannot be compared.
        use: Whether it has the best score on validation.
        name: The name of the study, or of the baseline.
        family: The kind of model, such as `contrastive` or `decoder: ridge`; or `baseline`.
        trial, readout, seconds, steps_per_s, seeds: See `About`.
        score: The primary metric, a mean over sessions: a fraction, or an error in the label's own
            unit.
        interval: Its 95 % interval over resampled examples, (low, high); None for chance.
        valid: The same score on validation; None for chance.
        sessions: How many sessions were scored; None for chance.
        fitted: The splits that the decoder was fitted on.
        scores: {metric: value}.
        intervals: {metric: (low, high)}.
    """

    rank: int | None
    use: bool
    name: str
    family: str
    trial: str | None
    readout: str | None
    seconds: float | None
    steps_per_s: float | None
    seeds: ChampionSeeds | None
    score: float
    interval: Interval | None
    valid: float | None
    sessions: int | None
    fitted: Sequence[str] | None
    scores: Mapping[str, float]
    intervals: Mapping[str, Interval]


def standing_of(entrant: Entrant, label: str, split: str) -> Standing:
    """The model of an entrant, scored on validation and on `split`.

    Raises:
        StudyError: The label cannot be scored on one of them.
    """
    decoded = {
        each: _decoded(Scorer(entrant.model, entrant.dataset, each), label)
        for each in dict.fromkeys(("valid", split))
    }
    for each, sessions in decoded.items():
        if not sessions:
            reasons = unscored(entrant.config, entrant.dataset, label, each)
            raise StudyError(
                f"{entrant.name}: trial {entrant.record.trial} has no score of '{label}' on the "
                f"{each} split" + (f": {first_reason(reasons)}" if reasons else ""),
                "That split needs labelled examples with several values. Choose another --label or "
                "--split.",
            )
    record = entrant.record
    stepwise = not entrant.config.at_once
    about = About(
        trial=record.trial,
        readout=_readout(decoded[split]),
        seconds=record.seconds,
        steps_per_s=record.step / record.seconds if stepwise and record.seconds else None,
        seeds=_seeds(entrant),
    )
    return Standing(entrant.name, entrant.family, decoded["valid"], decoded[split], about)


def _decoded(scorer: Scorer, label: str) -> dict[str, Decoded]:
    """Session -> the label as decoded there."""
    sessions = scorer.read([label])
    return {name: decoded[label] for name, decoded in sessions.items() if label in decoded}


def _seeds(entrant: Entrant) -> ChampionSeeds | None:
    if entrant.record.of is None:
        return None
    repeated = repetitions(entrant.study.records(), entrant.record.of)
    scores = [
        float(record.score or 0.0)
        for record in repeated
        if record.state == "completed" and is_number(record.score)
    ]
    metric = entrant.study.metrics[0]
    over = OverSeeds.of(scores, metric)
    return ChampionSeeds(metric, over.mean, over.interval, over.values, len(scores))


def _readout(sessions: DecodedSessions) -> str:
    """The decoder of embeddings, or the readout that the model is, with its settings; networks
    decode themselves.
    """
    choices = [decoded.choice for decoded in sessions.values() if decoded.choice is not None]
    return readout_text(choices) if choices else "itself"


def check_same_examples(models: Sequence[Standing]) -> None:
    """Make sure that all models were scored on the same labelled examples.

    The checks of configs before training imply it; this looks at what was scored.

    Raises:
        StudyError: Two of them were not.
    """
    first = models[0]
    for other in models[1:]:
        for a, b in ((first.valid, other.valid), (first.scored, other.scored)):
            alike = set(a) == set(b) and all(
                np.array_equal(a[name].truth, b[name].truth) for name in a
            )
            if not alike:
                raise StudyError(
                    f"{first.name} and {other.name} were not scored on the same examples "
                    f"({_counts(a)} and {_counts(b)})",
                    "One of them cannot decode some session: choose another --label, or rank them "
                    "apart.",
                )


def _counts(sessions: DecodedSessions) -> str:
    return ", ".join(f"{name} {len(decoded.truth)}" for name, decoded in sessions.items())


def baselines_of(entrants: Sequence[Entrant], label: str, split: str) -> Iterable[Standing]:
    """Matched baselines, once for each decoder that reads embeddings here.

    Where all models decode themselves, the baselines are decoded by nearest neighbours.
    """
    first = entrants[0]
    readers = [entrant for entrant in entrants if not entrant.decodes_itself] or [first]
    chance: Standing | None = None
    rule = {"scale": readers[0].config.evaluation.scale}  # one of them for all, or all come twice
    matched = (entrant.config.evaluation.matched.model_copy(update=rule) for entrant in readers)
    for evaluation in dict.fromkeys(matched):
        baselines = Baselines(first.dataset, evaluation, [label], first.config.sessions)
        scores = baselines.scores(split)
        for name, by_label in baselines.decoded.get(split, {}).items():
            yield Standing(
                BASELINE_NAMES[name],
                "baseline",
                baselines.decoded["valid"][name][label],
                by_label.get(label, {}),
                About(readout=_readout(by_label.get(label, {}))),
            )
        constant = scores[CHANCE].get(label)
        if constant and chance is None:
            chance = Standing(CHANCE, "baseline", {}, {}, constant=constant)
    if chance:
        yield chance


def ranked_rows(
    standings: Sequence[Standing], metric: str, sessions: int
) -> tuple[RankingRow, ...]:
    """All rows, best first; those that lack some of the sessions come last, without a rank."""
    rows = [_row(standing, metric) for standing in standings]
    full = [row for row in rows if row.sessions in (sessions, None)]
    partial = [row for row in rows if row.sessions not in (sessions, None)]
    use = max(
        (row for row in full if row.valid is not None),
        key=lambda row: row.valid or 0.0,
        default=None,
    )
    ranked = sorted(full, key=lambda row: -row.score)
    placed = [replace(row, rank=place, use=row is use) for place, row in enumerate(ranked, start=1)]
    return (*placed, *partial)


def _row(standing: Standing, metric: str) -> RankingRow:
    decoded = list(standing.scored.values())
    scores = (
        dict(standing.constant)
        if standing.constant
        else mean_scores([each.scores for each in decoded])
    )
    intervals = interval([resampled(each) for each in decoded]) if decoded else {}
    valid = mean_scores([each.scores for each in standing.valid.values()])
    about = standing.about
    return RankingRow(
        rank=None,
        use=False,
        name=standing.name,
        family=standing.family,
        trial=about.trial,
        readout=about.readout,
        seconds=about.seconds,
        steps_per_s=about.steps_per_s,
        seeds=about.seeds,
        score=scores[metric],
        interval=intervals.get(metric),
        valid=valid.get(metric),
        sessions=len(decoded) or None,
        fitted=list(decoded[0].fitted) if decoded else None,
        scores=scores,
        intervals=intervals,
    )
