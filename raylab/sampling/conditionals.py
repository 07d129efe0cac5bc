"""What makes two samples of one session a positive pair.

The distributions are those of cebra.distributions 0.6.1 on one long part, except that no window
leaves its part (CEBRA clamps at the ends and crosses gaps), that label changes are taken within a
part (CEBRA adds a few zeros for the first samples), and that neighbours are exact.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.random import Generator

from raylab.config.pairs import (
    CONDITIONALS,
    DeltaPairs,
    DiscretePairs,
    MixedPairs,
    PairsConfig,
    TimeDeltaPairs,
    TimePairs,
)
from raylab.data.session import Label
from raylab.data.views.variation import label_varies
from raylab.sampling.classes import ByClass, class_of_rows
from raylab.sampling.neighbours import Neighbours
from raylab.sampling.source import Rows, Source


class Conditional(ABC):
    """One meaning of "positive".

    Attributes:
        references: Rows that can have a positive, ascending.
        pool: Rows it can use, ascending: negatives come from here.
    """

    references: Rows
    pool: Rows

    @abstractmethod
    def positives(self, random: Generator, reference: Rows) -> Rows:
        """A positive row for each reference row, in the same shape."""


class LaterInTime(Conditional):
    """The positive follows its reference by `time_offset`. (TimeContrastive; its negatives, too,
    leave out the last `time_offset` samples, which with many short trials would be a bias: here all
    anchors.)
    """

    def __init__(self, source: Source, labels: Sequence[Label], config: TimePairs) -> None:
        self.pool, self.offset = source.anchors, config.time_offset
        self.references = source.rows(source.left, source.right - 1 + self.offset)
        if not len(self.references):
            raise source.too_far(self.offset)

    def positives(self, random: Generator, reference: Rows) -> Rows:
        return reference + self.offset


class ByLabel(Conditional):
    """Positives found by what is asked of a label; the answer may lie in another session."""

    @abstractmethod
    def query(self, random: Generator, reference: Rows) -> np.ndarray:
        """(n,) rows of this session -> (n, C): what their positives should be labelled."""

    @abstractmethod
    def find(self, random: Generator, query: np.ndarray) -> Rows:
        """(n, C) -> (n,) rows of this session that answer best."""

    def positives(self, random: Generator, reference: Rows) -> Rows:
        return self.find(random, self.query(random, reference.reshape(-1))).reshape(reference.shape)


class InClass(ByLabel):
    """The positive is of the reference's class.

    Attributes:
        classes: (T,) the class of every row, -1 where it has none.
        rows: The pool by class.
        by_class: The references by class.
    """

    def __init__(self, source: Source, classes: np.ndarray, labelled: np.ndarray) -> None:
        self.classes = classes
        self.pool = self.references = source.labelled_anchors(labelled)
        self.rows = self.by_class = ByClass(self.pool, self.classes[self.pool])

    def keep_references(self, classes: np.ndarray) -> None:
        """References of these classes only."""
        self.references = self.pool[np.isin(self.classes[self.pool], classes)]
        self.by_class = ByClass(self.references, self.classes[self.references])


class SameClass(InClass):
    """The positive is any row of the same class, or combination of classes
    (Discrete.sample_conditional).
    """

    def __init__(self, source: Source, labels: Sequence[Label], config: DiscretePairs) -> None:
        classes = class_of_rows(labels)
        super().__init__(source, classes, classes >= 0)
        if len(self.rows.known) < 2:
            raise source.error(
                "the label has one class only, so every pair is positive",
                "Choose another label (sampling.labels) or sampling.conditional.",
            )

    def query(self, random: Generator, reference: Rows) -> np.ndarray:
        return self.classes[reference, None]

    def find(self, random: Generator, query: np.ndarray) -> Rows:
        return self.rows.of(random, query[:, 0])


class NearLabel(ByLabel):
    """The positive has the label nearest to a query around the reference's label."""

    def __init__(self, source: Source, labels: Sequence[Label]) -> None:
        self.values, self.period = columns(labels)
        self.labelled = np.isfinite(self.values).all(axis=1)
        self.pool = self.references = source.labelled_anchors(self.labelled)
        require_variation(source, labels, self.pool)
        self.neighbours = Neighbours(self.values[self.pool], self.period)

    @abstractmethod
    def step(self, random: Generator, count: int) -> np.ndarray:
        """(count, C): what is added to the references' labels."""

    def query(self, random: Generator, reference: Rows) -> np.ndarray:
        return self.values[reference] + self.step(random, len(reference))

    def find(self, random: Generator, query: np.ndarray) -> Rows:
        return self.pool[self.neighbours(query)]


class LabelChange(NearLabel):
    """Query: the reference's label plus a label change over `time_offset` that occurred anywhere in
    the training parts (TimedeltaDistribution).

    Attributes:
        changes: (n, C). Of sessions trained together, theirs too.
    """

    def __init__(self, source: Source, labels: Sequence[Label], config: TimeDeltaPairs) -> None:
        super().__init__(source, labels)
        self.changes = label_changes(source, self.values, self.labelled, config.time_offset)

    def step(self, random: Generator, count: int) -> np.ndarray:
        return self.changes[random.integers(len(self.changes), size=count)]


class LabelNoise(NearLabel):
    """Query: the reference's label plus Gaussian noise of `delta` (DeltaNormalDistribution)."""

    def __init__(self, source: Source, labels: Sequence[Label], config: DeltaPairs) -> None:
        super().__init__(source, labels)
        self.delta = config.delta

    def step(self, random: Generator, count: int) -> np.ndarray:
        return self.delta * random.standard_normal((count, self.values.shape[1]))


class LabelChangeInClass(InClass):
    """As LabelChange in the continuous labels, among rows of the reference's class
    (MixedTimeDeltaDistribution).

    A query is (class, continuous labels ...).
    """

    def __init__(self, source: Source, labels: Sequence[Label], config: MixedPairs) -> None:
        classes = class_of_rows([label for label in labels if label.kind == "discrete"])
        numbers = [label for label in labels if label.kind != "discrete"]
        self.values, self.period = columns(numbers)
        labelled = np.isfinite(self.values).all(axis=1)
        super().__init__(source, classes, labelled & (classes >= 0))
        require_variation(source, numbers, self.pool)
        # What a label does over time is taken from all samples, whatever their class, as in CEBRA.
        self.changes = label_changes(source, self.values, labelled, config.time_offset)
        members = np.split(self.rows.order, self.rows.starts[1:])
        self.within = {
            int(known): (rows, Neighbours(self.values[rows], self.period))
            for known, rows in zip(self.rows.known, members)
        }

    def query(self, random: Generator, reference: Rows) -> np.ndarray:
        change = self.changes[random.integers(len(self.changes), size=len(reference))]
        return np.column_stack([self.classes[reference], self.values[reference] + change])

    def find(self, random: Generator, query: np.ndarray) -> Rows:
        answers = np.empty(len(query), np.int64)
        for known in np.unique(query[:, 0]):
            asked = np.flatnonzero(query[:, 0] == known)
            rows, neighbours = self.within[int(known)]
            answers[asked] = rows[neighbours(query[asked, 1:])]
        return answers


def require_variation(source: Source, labels: Sequence[Label], pool: Rows) -> None:
    """TrainingError where labels that define positives by their distance have one value only."""
    if not any(label_varies(replace(label, values=label.values[pool])) for label in labels):
        raise source.error(
            "the label has one value only, so every sample is as near as any other",
            "Choose another label (sampling.labels) or sampling.conditional.",
        )


def label_changes(
    source: Source, values: np.ndarray, labelled: np.ndarray, time_offset: int
) -> np.ndarray:
    """(n, C) changes of (T, C) values over `time_offset`, inside parts."""
    starts = source.rows(0, time_offset)
    ends = starts + time_offset
    both = labelled[starts] & labelled[ends]
    if not both.any():
        raise source.too_far(time_offset)
    # a change across an angle's border needs no unwrapping: queries are taken modulo the period
    changes: np.ndarray = values[ends[both]] - values[starts[both]]
    return changes


def columns(labels: Sequence[Label]) -> tuple[np.ndarray, np.ndarray]:
    """Labels side by side as (T, C) numbers, NaN where unlabelled, and the (C,) period of each
    column.

    A discrete label becomes one-hot columns, as direction does in CEBRA's hippocampus tutorial.
    Units are taken as they are: distances and `delta` weigh columns by their own scale, as in
    CEBRA.
    """
    blocks = [_one_hot(label) if label.kind == "discrete" else label.values for label in labels]
    periods = [
        np.full(block.shape[1], 2 * np.pi if label.kind == "circular" else 0.0)
        for label, block in zip(labels, blocks)
    ]
    return np.concatenate(blocks, axis=1), np.concatenate(periods)


def _one_hot(label: Label) -> np.ndarray:
    codes = np.where(label.labelled, label.values, 0)
    classes = max(len(label.classes), int(codes.max()) + 1)
    return np.where(label.labelled[:, None], np.eye(classes)[codes], np.nan)


def build_conditional(source: Source, labels: Sequence[Label], config: PairsConfig) -> Conditional:
    """The kind of pairs that `config` names, in the rows of `source`.

    Raises:
        ConfigError: Labels of these kinds cannot define its positives.
        TrainingError: No pair can be drawn from these rows and labels.
    """
    config.check_labels([label.kind for label in labels])
    conditional = CONDITIONALS.builder(config)(source, labels, config)
    assert isinstance(conditional, Conditional)
    return conditional
