"""Trials that the validation of a study cannot tell apart.

The best of many scores is partly luck. A model confidence set (Hansen, Lunde & Nason 2011) of the
trials' losses on the units of validation contains the best trial with a probability of 90 %,
however many trials there are. Of its members, the simplest is as good a choice as the one with the
best score.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open

from raylab.config.readouts import READOUTS
from raylab.evaluation.certainty.confidence_set import confidence_set
from raylab.tracking.records import Mode, TrialRecord
from raylab.tracking.selections import ranked
from raylab.tracking.study import StudyFolder

MOST = 64  # trials that are compared, the best ones
SAME = 1e-6  # relative difference of a score and the mean of its losses: a rounding of float32
FAMILIES = ("decoder", "contrastive", "vqvae")


@dataclass(frozen=True)
class Ties:
    """The trials that cannot be told from the best one.

    Attributes:
        trials: Their ids, best first; the best one is among them.
        simplest: The one of them that is recommended: readouts before networks that decode,
            contrastive models and VQ-VAEs, then the one that has learnt the fewest numbers.
        text: The same in a sentence.
    """

    trials: tuple[str, ...]
    simplest: str
    text: str


@dataclass(frozen=True)
class UnitLosses:
    """What a trial's file says about its losses on validation.

    Attributes:
        values: (U,) of the units; their mean is 1 - the score.
        kind: What a unit is.
        learnt: How many numbers the trial's model has learnt.
    """

    values: np.ndarray
    kind: str
    learnt: int


def ties_of(study: StudyFolder) -> Ties | None:
    """The trials of a study that cannot be told from its best one; see `tied`."""
    return tied(study.records(), study.modes, study.embedding_path)


def tied(
    records: Sequence[TrialRecord],
    modes: Sequence[Mode],
    file_of: Callable[[str], Path | None],
) -> Ties | None:
    """The trials that cannot be told from the best one.

    Trials with exactly its score always belong to them. Others do where the objective is the
    label's primary score, the trials have kept their losses, and these are of at least 20 units.

    Args:
        records: Of the study's trials, in any order.
        file_of: Where the file with the losses of a trial is.

    Returns:
        None where the best trial is alone or there is none, of several objectives, and of an
        answer, which compares its entrants itself.
    """
    if len(modes) != 1 or any(record.fold is not None for record in records):
        return None
    trials = ranked(records, *modes)
    if len(trials) < 2:
        return None
    best = trials[0]
    losses = {record.trial: losses_of(record, file_of(record.trial)) for record in trials[:MOST]}
    members = {record.trial for record in trials if record.score == best.score}
    claimed = _members(best.trial, losses)
    members |= set(claimed)
    if len(members) < 2:
        return None
    kept = [record for record in trials if record.trial in members]
    simplest = min(kept, key=lambda record: _complexity(record, losses)).trial
    unit = losses[best.trial] if claimed else None
    text = _text(len(kept), len(trials), unit, simplest, best.trial)
    return Ties(tuple(record.trial for record in kept), simplest, text)


def _members(best: str, losses: Mapping[str, UnitLosses | None]) -> tuple[str, ...]:
    """The confidence set of the trials that were validated on the units of the best one."""
    reference = losses[best]
    if reference is None:
        return ()
    comparable = {
        trial: each.values
        for trial, each in losses.items()
        if each is not None and (each.kind, each.values.shape) == _units(reference)
    }
    chosen = confidence_set(comparable)
    return chosen.members if chosen is not None else ()


def _units(losses: UnitLosses) -> tuple[str, tuple[int, ...]]:
    return losses.kind, losses.values.shape


def losses_of(record: TrialRecord, path: Path | None) -> UnitLosses | None:
    """The losses of a trial; None where it has none, or they are not those of its score."""
    if path is None:
        return None
    try:
        with safe_open(path, framework="numpy") as file:
            described = json.loads((file.metadata() or {})["units"])
            values = np.asarray(file.get_tensor("unit_losses"), np.float64)
        losses = UnitLosses(values, str(described["kind"]), int(described["learnt"]))
    except (SafetensorError, KeyError, ValueError, OSError):
        return None
    score = float(record.score or 0.0)
    agrees = abs(1 - float(values.mean()) - score) < SAME * max(1.0, abs(score))
    return losses if agrees else None


def _complexity(
    record: TrialRecord, losses: Mapping[str, UnitLosses | None]
) -> tuple[bool, int, float]:
    """Smaller is simpler; of equally simple trials, the best one comes first."""
    task, model = (record.config.get(name) or {} for name in ("task", "model"))
    kind = str(task.get("kind", ""))
    family = FAMILIES.index(kind) if kind in FAMILIES else len(FAMILIES)
    readout = kind == "decoder" and READOUTS.find(model.get("kind")) is not None
    each = losses.get(record.trial)
    return not readout, family, float("inf") if each is None else each.learnt


def _text(count: int, tried: int, units: UnitLosses | None, simplest: str, best: str) -> str:
    if units is None:
        text = f"{count} of {tried} trials share the best score."
    else:
        text = (
            f"Validation cannot tell {count} of {tried} trials apart (90 % confidence set over "
            f"{len(units.values)} {units.kind}s)."
        )
    if simplest == best:
        return f"{text} The best of them is also the simplest."
    return f"{text} The simplest of them, and recommended, is {simplest}."
