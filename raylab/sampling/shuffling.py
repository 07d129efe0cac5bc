"""Shuffled labels, a control: what a model gets from labels that have nothing to do with the
activity.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from raylab.data.session import Label
from raylab.data.splitting.splits import CODE
from raylab.data.views.view import Timeline
from raylab.seeding import derive

LEAST = 0.1  # of the training rows: a shorter shift would leave slow labels nearly where they were


def shifted_labels(timeline: Timeline, seed: int) -> Timeline:
    """A timeline whose labels are shifted in time against its training rows, all labels by one
    amount.

    The training rows count as one ring, part after part; rows of other splits keep their labels. A
    shift keeps the labels' distribution and rhythm, which sample-by-sample permutation would
    destroy together with the relation that is in question (Harris 2020, "Nonsense correlations in
    neuroscience"). The scores' own labels (`reference`) stay true.
    """
    parts = timeline.parts[timeline.parts[:, 2] == CODE["train"]]
    rows = np.concatenate([np.arange(start, stop) for start, stop, _ in parts])
    moved = np.roll(rows, _shift(len(rows), seed, timeline.session))
    labels = {name: _at(label, rows, moved) for name, label in timeline.labels.items()}
    return replace(timeline, labels=labels)


def shifted_examples(label: Label, seed: int, session: str) -> Label:
    """The same of the training examples of a session, in order of time."""
    rows = np.arange(len(label.values))
    return _at(label, rows, np.roll(rows, _shift(len(rows), seed, session)))


def _shift(count: int, seed: int, session: str) -> int:
    least = max(1, int(LEAST * count))
    return int(
        np.random.default_rng(derive(seed, "shuffle", session)).integers(
            least, max(count - least, least + 1)
        )
    )


def _at(label: Label, rows: np.ndarray, source: np.ndarray) -> Label:
    values = label.values.copy()
    values[rows] = label.values[source]
    return replace(label, values=values)
