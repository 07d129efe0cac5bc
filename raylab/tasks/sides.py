"""What each split has of a label, session by session, and why it has no score there."""

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
from raylab.data.views.view import make_timeline
from raylab.evaluation.obstacles import obstacle


@dataclass(frozen=True)
class Sides:
    """One label of one session: what a decoder is fitted on, and what each split scores."""

    fitted: Label
    scored: Mapping[str, Label]


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
        recording = dataset.open(name).for_training(config.sessions)
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
        name: replace(side, fitted=joined_labels(taught, side.fitted))
        if shared or not len(side.fitted.values)
        else side
        for name, side in sides.items()
    }


def joined_labels(labels: list[Label], like: Label) -> Label:
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


def unscored(config: TrialConfig, dataset: Dataset, label: str, split: str) -> dict[str, str]:
    """Why a label has no score on a split, by session; only of sessions that have none. Settings of
    decoders are chosen on validation, so a label without a score there has none on the test split.
    """
    splits = tuple(dict.fromkeys((split, "valid")))
    reasons = {}
    for name, side in label_sides(config, dataset, label, splits).items():
        each = (obstacle(side.fitted, side.scored[split], split=split) for split in splits)
        reasons[name] = next(filter(None, each), "")
    return {name: reason for name, reason in reasons.items() if reason}


def first_reason(reasons: Mapping[str, str]) -> str:
    """The reason of the first session, with its name."""
    return next((f"{reason} of session '{name}'" for name, reason in reasons.items()), "")
