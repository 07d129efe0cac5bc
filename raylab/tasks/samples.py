"""Whether a label can be scored on the samples there are: checked before training, in the same way
for every family.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from raylab.config.decoder import DecoderTrial
from raylab.config.trial import TrialConfig
from raylab.config.view import ViewConfig
from raylab.data.dataset import Dataset
from raylab.data.examples import examples_of
from raylab.data.session import Label
from raylab.data.views.variation import value_text
from raylab.data.views.view import make_timeline
from raylab.errors import DataError
from raylab.evaluation.obstacles import (
    NAMES,
    constant_columns,
    obstacle,
    unseen_classes,
)

SHOWN = 6  # classes that a note names


@dataclass(frozen=True)
class Sides:
    """One label of one session: what a decoder is fitted on, and what each split scores."""

    fitted: Label
    scored: Mapping[str, Label]


def check_samples(config: TrialConfig, dataset: Dataset, *, required: bool) -> list[str]:
    """Check the decoded label on training and validation samples.

    Args:
        required: Whether trials are chosen by the scores of this label.

    Returns:
        Notes, one sentence each: sessions without a score, columns that R2 leaves out, classes
        that no training sample has.

    Raises:
        DataError: No session has a score, and one is required.
    """
    label = config.task.label
    if not label:
        return []
    sessions = label_sides(config, dataset, label, ("valid", "test"))
    reasons = {name: obstacle(side.fitted, side.scored["valid"]) for name, side in sessions.items()}
    scored = [name for name, reason in reasons.items() if not reason]
    if required and not scored:
        raise no_score(dataset, label, reasons)
    notes = [
        f"label '{label}' has no score in session '{name}': {reason}"
        for name, reason in reasons.items()
        if reason
    ]
    for name, side in sessions.items():
        notes += _column_notes(label, name, side) + _class_notes(label, name, side)
    return notes


def no_score(dataset: Dataset, label: str, reasons: Mapping[str, str]) -> DataError:
    """The error for a label that has a score in no session.

    Args:
        reasons: Why each session has none.
    """
    session, reason = next(iter(reasons.items()))
    where = f" of session '{session}'" + (
        f" (and none of {len(reasons) - 1} others has a score)" if len(reasons) > 1 else ""
    )
    return DataError(
        f"{dataset.path}: label '{label}' cannot be scored: {reason}{where}",
        "Choose another label (task.label), splits in which it varies, or an objective that needs "
        "no label.",
    )


def unscored(config: TrialConfig, dataset: Dataset, label: str, split: str) -> dict[str, str]:
    """Why a label has no score on a split, by session; only of sessions that have none."""
    sides = label_sides(config, dataset, label, (split,))
    reasons = {
        name: obstacle(side.fitted, side.scored[split], split=split) for name, side in sides.items()
    }
    return {name: reason for name, reason in reasons.items() if reason}


def label_sides(
    config: TrialConfig, dataset: Dataset, label: str, splits: tuple[str, ...]
) -> dict[str, Sides]:
    """A label of every session that a config uses and that has it. A session without training
    samples is decoded by what the others taught, and so is every session of a decoder whose
    sessions share what is fitted.
    """
    view, evaluation = ViewConfig(normalized_time=config.view.normalized_time), config.evaluation
    sides = {}
    for name in config.sessions.used(dataset.sessions):
        recording = dataset.open(name).limited(config.sessions.training_fraction)
        timeline = make_timeline(recording, view)
        if label in timeline.reference:
            examples = examples_of(timeline, label, per=evaluation.per)
            fitted = examples.labelled(("train",)).label
            scored = {
                split: examples.labelled((split,), evaluation.max_samples).label for split in splits
            }
            sides[name] = Sides(fitted, scored)
    taught = [side.fitted for side in sides.values() if len(side.fitted.values)]
    shared = isinstance(config, DecoderTrial) and (
        config.sessions.combine == "padded" or not config.at_once
    )
    return {
        name: replace(side, fitted=_joined(taught, side.fitted))
        if shared or not len(side.fitted.values)
        else side
        for name, side in sides.items()
    }


def _joined(labels: list[Label], like: Label) -> Label:
    """Labels of several sessions, with classes numbered as in the label `like` and then beyond."""
    alike = [label for label in labels if label.kind == like.kind]
    if not alike:
        return like
    if like.kind != "discrete":
        return replace(like, values=np.concatenate([label.values for label in alike]))
    names = list(dict.fromkeys([*like.classes, *(c for label in alike for c in label.classes)]))
    codes = [np.array([names.index(c) for c in label.classes], np.int64) for label in alike]
    values = np.concatenate([code[label.values] for code, label in zip(codes, alike)])
    return replace(like, values=values, classes=tuple(names))


def _column_notes(label: str, session: str, side: Sides) -> list[str]:
    """Columns without a variance to explain."""
    notes = []
    for split in ("valid", "test"):
        scored = side.scored[split]
        for column in constant_columns(scored):
            value = value_text(replace(scored, values=scored.values[:, [column]]))
            notes.append(
                f"label '{label}': column {column + 1} of {scored.values.shape[1]} is {value} in "
                f"all {NAMES[split]} samples of session '{session}': R2 leaves it out there"
            )
    return notes


def _class_notes(label: str, session: str, side: Sides) -> list[str]:
    """Classes that a decoder cannot know."""
    if side.fitted.kind != "discrete" or not len(side.fitted.values):
        return []
    splits: dict[str, list[str]] = {}
    for split, scored in side.scored.items():
        for name in unseen_classes(side.fitted, scored):
            splits.setdefault(name, []).append(NAMES[split])
    if not splits:
        return []
    named = [f"'{name}' ({', '.join(where)})" for name, where in list(splits.items())[:SHOWN]]
    more = f" and {len(splits) - SHOWN} more" if len(splits) > SHOWN else ""
    return [
        f"label '{label}' in session '{session}': no training sample has the class "
        f"{', '.join(named)}{more}: its samples count as errors"
    ]
