"""The losses of the best constant prediction of a fold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from raylab.config.trial import TrialConfig
from raylab.config.view import ViewConfig
from raylab.data.dataset import Dataset
from raylab.data.examples import examples_of
from raylab.data.session import Label
from raylab.data.views.view import make_timeline
from raylab.evaluation.certainty.held_out import HeldOut
from raylab.tasks.sides import joined_labels


def chance_losses(
    held_out: HeldOut, config: TrialConfig, dataset: Dataset, label: str, fit: Sequence[str]
) -> np.ndarray:
    """(U,) losses of the constant that the samples of the splits `fit` give.

    A session without such samples is predicted by the constant of the others.
    """
    labels = _fitted(config, dataset, label, fit)
    known = [each for each in labels.values() if len(each.values)]
    return held_out.chance_losses(
        {
            name: each if len(each.values) else joined_labels(known, each)
            for name, each in labels.items()
        }
    )


def _fitted(
    config: TrialConfig, dataset: Dataset, label: str, fit: Sequence[str]
) -> Mapping[str, Label]:
    labels = {}
    for name in config.sessions.used(dataset.sessions):
        timeline = make_timeline(dataset.open(name), ViewConfig())
        if label in timeline.reference:
            examples = examples_of(timeline, label, per=config.evaluation.per)
            labels[name] = examples.labelled(tuple(fit)).label
    return labels
