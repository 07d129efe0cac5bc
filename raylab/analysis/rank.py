"""One leaderboard of several studies: every kind of model by one decoding score, on the same
examples.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from raylab.analysis.entrants import By, Entrant, check_alike, entrants_of, label_of
from raylab.analysis.scorer import Scorer, resampled
from raylab.analysis.trained import HELD_OUT
from raylab.errors import StudyError
from raylab.evaluation.baselines import Baselines
from raylab.evaluation.bootstrap import interval
from raylab.evaluation.decoding import Decoded, mean_scores
from raylab.evaluation.metrics import primary
from raylab.evaluation.reading import said
from raylab.evaluation.seeds import over_seeds
from raylab.reporting.baselines import BASELINE_NAMES
from raylab.reporting.tables.ranking import write_csv
from raylab.tracking.events import TestRead
from raylab.tracking.records import is_number, reads_of_test
from raylab.tracking.selections import repetitions

DecodedSessions = Mapping[str, Decoded]
CHANCE = "chance"
_UNTRAINED: dict[str, Any] = {
    "trial": None,
    "readout": None,
    "seconds": None,
    "steps_per_s": None,
    "seeds": None,
}


@dataclass(frozen=True)
class Standing:
    """What a row of the table is made of.

    Attributes:
        valid, shown: What was decoded by session, on validation and on the split that is shown.
        about: Other columns.
        constant: Scores of chance, which decodes nothing.
    """

    name: str
    family: str
    valid: DecodedSessions
    shown: DecodedSessions
    about: Mapping[str, Any]
    constant: Mapping[str, float] | None = None


def rank(
    studies: Sequence[str | Path],
    *,
    label: str | None = None,
    split: str = "valid",
    by: By = "study",
    out: str | Path | None = None,
) -> dict[str, Any]:
    """Rank the winners of studies by one decoding score, with matched baselines beside them.

    Winners are chosen on validation by each study's own objective, and all rows are scored anew on
    the same examples of one prepared dataset. Best first by the score shown; `use` marks the best
    on validation, whatever the split: the test split chooses nothing. A row that has not every
    session (baselines of sessions held out whole) has no rank.

    Args:
        studies: Folders.
        label: What is decoded; default: the label that all studies decode.
        split: valid, or test, which is an event in the ledger of each study, one a trial.
        by: study: the winner of each. family: the best trial of each kind of model in a study.
        out: A CSV file for the rows; must not exist.

    Returns:
        {"split", "label", "metric": the primary one, "unit", "per", "data": fingerprint,
        "sessions", "rows": [{"rank", "name", "family", "trial", "use", "score", "interval": [low,
        high], "valid", "sessions", "readout", "fitted", "seconds", "steps_per_s", "seeds": of a
        champion {"metric": the study's own objective, "mean", "interval", "values", "count"},
        "scores": {metric: value}, "intervals"}], "test_reads": {study: times}}. Fractions, errors
        in the label's own unit; None where there is nothing.

    Raises:
        StudyError: studies that do not compare, with what differs; an unfinished study; a file that
            is there.
        ConfigError: no such label.
    """
    if out is not None and Path(out).exists():
        raise StudyError(f"{out}: already there", "Choose another --out, or remove it.")
    result = _rank(studies, label, split, by)
    if out is not None:
        write_csv(Path(out), result)
    return result


def _rank(paths: Sequence[str | Path], label: str | None, split: str, by: By) -> dict[str, Any]:
    if not paths or split not in HELD_OUT or by not in ("study", "family"):
        raise StudyError(
            f"{len(paths)} studies cannot be ranked by '{by}' on '{split}'", "Use valid or test."
        )
    entrants = entrants_of(paths, by)
    check_alike(entrants)
    label = label_of(entrants, label)
    if split == "test":  # counted before it can fail
        for one in entrants:
            one.study.ledger.append(TestRead(trial=one.record.trial, purpose="leaderboard"))
    models = [_standing(one, label, split) for one in entrants]
    _check_same_examples(models)
    first = entrants[0]
    spec, sessions = first.dataset.labels[label], list(models[0].shown)
    standings = [*models, *_baselines(entrants, label, split)]
    return {
        "split": split,
        "label": label,
        "metric": primary(spec.kind),
        "unit": spec.unit,
        "per": first.config.evaluation.per,
        "data": first.dataset.fingerprint,
        "sessions": sessions,
        "rows": _rows(standings, primary(spec.kind), len(sessions)),
        "test_reads": {one.name: len(reads_of_test(one.study.ledger.read())) for one in entrants},
    }


def _standing(one: Entrant, label: str, split: str) -> Standing:
    found = {
        each: _of_label(Scorer(one.model, one.dataset, each), label)
        for each in dict.fromkeys(("valid", split))
    }
    for each, decoded in found.items():
        if not decoded:
            raise StudyError(
                f"{one.name}: trial {one.record.trial} has no score of '{label}' on the {each} "
                "split",
                "Labelled examples with several values are needed there. Choose another --label or "
                "--split.",
            )
    record, trained = one.record, not one.config.at_once
    about = {
        "trial": record.trial,
        "readout": _read_out(found[split]),
        "seconds": record.seconds,
        "steps_per_s": record.step / record.seconds if trained and record.seconds else None,
        "seeds": _seeds(one),
    }
    return Standing(one.name, one.family, found["valid"], found[split], about)


def _seeds(one: Entrant) -> dict[str, Any] | None:
    """Of a champion: what its config reached by the study's own objective, over the seeds of the
    selection.
    """
    if one.record.of is None:
        return None
    own = repetitions(one.study.records(), one.record.of)
    scores = [
        float(record.score or 0.0)
        for record in own
        if record.state == "completed" and is_number(record.score)
    ]
    return {"metric": one.study.metrics[0], **over_seeds(scores), "count": len(scores)}


def _of_label(scorer: Scorer, label: str) -> dict[str, Decoded]:
    return {name: found[label] for name, found in scorer.read([label]).items() if label in found}


def _read_out(found: DecodedSessions) -> str:
    """The decoder of embeddings, or the readout that the model is, with its settings; networks
    decode themselves.
    """
    choices = [one.choice for one in found.values() if one.choice is not None]
    return said(choices) if choices else "itself"


def _check_same_examples(models: Sequence[Standing]) -> None:
    """What the checks before promise, seen in what was scored."""
    first = models[0]
    for other in models[1:]:
        for a, b in ((first.valid, other.valid), (first.shown, other.shown)):
            alike = set(a) == set(b) and all(
                np.array_equal(a[name].truth, b[name].truth) for name in a
            )
            if not alike:
                raise StudyError(
                    f"{first.name} and {other.name} were not scored on the same examples "
                    f"({_counted(a)} and {_counted(b)})",
                    "Some session cannot be decoded by one of them: choose another --label, or "
                    "rank them apart.",
                )


def _counted(found: DecodedSessions) -> str:
    return ", ".join(f"{name} {len(one.truth)}" for name, one in found.items())


def _baselines(entrants: Sequence[Entrant], label: str, split: str) -> Iterable[Standing]:
    """Once for each decoder that reads embeddings here; neighbours where all models decode
    themselves.
    """
    first = entrants[0]
    read = [one for one in entrants if not one.decodes_itself] or [first]
    chance: Standing | None = None
    for evaluation in dict.fromkeys(one.config.evaluation.matched for one in read):
        made = Baselines(first.dataset, evaluation, [label], first.config.sessions)
        scores = made.scores(split)
        for name, by_label in made.decoded.get(split, {}).items():
            shown = by_label.get(label, {})
            about = {**_UNTRAINED, "readout": _read_out(shown)}
            yield Standing(
                BASELINE_NAMES[name], "baseline", made.decoded["valid"][name][label], shown, about
            )
        chance = chance or _chance(scores[CHANCE].get(label))
    if chance:
        yield chance


def _chance(constant: Mapping[str, float] | None) -> Standing | None:
    return Standing(CHANCE, "baseline", {}, {}, _UNTRAINED, constant) if constant else None


def _rows(standings: Sequence[Standing], metric: str, sessions: int) -> list[dict[str, Any]]:
    rows = [_row(one, metric) for one in standings]
    full = [row for row in rows if row["sessions"] in (sessions, None)]
    use = max(
        (row for row in full if row["valid"] is not None),
        key=lambda row: row["valid"],
        default=None,
    )
    ranked = sorted(full, key=lambda row: -row["score"])
    others = [row for row in rows if row not in full]
    return [
        {"rank": place + 1 if row in full else None, "use": row is use, **row}
        for place, row in enumerate([*ranked, *others])
    ]


def _row(one: Standing, metric: str) -> dict[str, Any]:
    scores = (
        dict(one.constant)
        if one.constant
        else mean_scores([each.scores for each in one.shown.values()])
    )
    intervals = interval([resampled(each) for each in one.shown.values()]) if one.shown else {}
    return {
        "name": one.name,
        "family": one.family,
        **one.about,
        "score": scores[metric],
        "interval": intervals.get(metric),
        "valid": mean_scores([each.scores for each in one.valid.values()]).get(metric),
        "sessions": len(one.shown) or None,
        "fitted": list(next(iter(one.shown.values())).fitted) if one.shown else None,
        "scores": scores,
        "intervals": intervals,
    }
