"""Contrastive pairs of one session: which rows are reference, positive and negative at a step.

Pure in (seed, step, batch size). The distributions are those of cebra.distributions 0.6.1 on one long part,
except that no window leaves its part (CEBRA clamps at the ends and crosses gaps), that label changes are
taken within a part (CEBRA adds a few zeros for the first samples), and that neighbours are exact.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from numpy.random import Generator
from torch import Tensor

from raylab.config import ContrastiveSamplingConfig
from raylab.data.session import Label
from raylab.errors import ConfigError, TrainingError
from raylab.sampling.neighbours import Neighbours
from raylab.seeding import derive

Rows = np.ndarray  # int64 row numbers


class Conditional(Protocol):
    """One meaning of "positive"."""

    pool: Rows  # negatives: uniform over every row the conditional can use

    def pairs(self, random: Generator, size: tuple[int, int]) -> tuple[Rows, Rows]:
        """Reference and positive rows, each of shape `size`."""


class PairSampler:
    """Rows of reference, positive and negative samples; give every session a seed of its own."""

    def __init__(self, conditional: Conditional, seed: int) -> None:
        self._conditional, self._seed = conditional, seed
        self._key: tuple[int, int] = (-1, -1)
        self._block = np.empty((0, 3, 0), np.int64)

    @classmethod
    def build(
        cls,
        parts: np.ndarray,
        *,
        left: int,
        right: int,
        labels: Sequence[Label],
        config: ContrastiveSamplingConfig,
        seed: int,
        session: str = "",
    ) -> PairSampler:
        """The sampler of one session.

        Args:
            parts: (P, 2) [start, stop) row ranges of the training split, each continuous in time.
            left: Rows before a sample that its window covers.
            right: Rows from a sample on (itself included) that its window covers.
            labels: On the same rows; what `config.labels` names. Not used by `time`.

        Raises:
            ConfigError: The labels do not suit the conditional.
            TrainingError: No pair can be drawn from these parts and labels.
        """
        check_conditional(config, [label.kind for label in labels])
        source = _Source(np.asarray(parts, np.int64).reshape(-1, 2), left, right, config, session)
        return cls(CONDITIONALS[config.conditional](source, labels), seed)

    def draw(self, step: int, batch_size: int) -> Tensor:
        """(3, B) int64: rows of reference, positive and negative samples."""
        # Several steps at a time: a tree search costs little more for 64 steps than its call does for one.
        steps = max(1, min(64, 65_536 // batch_size))
        key = (step // steps, batch_size)
        if key != self._key:
            self._block, self._key = self._draw_block(steps, *key), key
        return torch.from_numpy(self._block[step % steps].copy())

    def _draw_block(self, steps: int, block: int, batch_size: int) -> np.ndarray:
        random = np.random.default_rng(derive(self._seed, "pairs", block, batch_size))
        size = (steps, batch_size)
        reference, positive = self._conditional.pairs(random, size)
        return np.stack([reference, positive, random.choice(self._conditional.pool, size)], axis=1)


def check_conditional(config: ContrastiveSamplingConfig, kinds: Sequence[str]) -> None:
    """Raise ConfigError where labels of these kinds cannot define positives by `config.conditional`."""
    name = config.conditional
    if name == "time":
        return
    if not kinds:
        raise ConfigError(
            f"sampling.conditional '{name}' needs a label, and there is none",
            "Set sampling.labels, or sampling.conditional to 'time'.",
        )
    if name == "discrete" and any(kind != "discrete" for kind in kinds):
        raise ConfigError(
            "sampling.conditional 'discrete' with a continuous label",
            "Set sampling.conditional to 'time_delta' or 'delta', or sampling.labels to discrete labels.",
        )
    if name != "discrete" and all(kind == "discrete" for kind in kinds):
        raise ConfigError(
            f"sampling.conditional '{name}' with discrete labels only",
            "Set sampling.conditional to 'discrete', or sampling.labels to a continuous label.",
        )


@dataclass(frozen=True)
class _Source:
    """Where pairs of one session may come from."""

    parts: np.ndarray
    left: int
    right: int
    config: ContrastiveSamplingConfig
    session: str

    def rows(self, before: int, after: int) -> Rows:
        """Rows t with t-before .. t+after inside one part."""
        ranges = [np.arange(start + before, stop - after) for start, stop in self.parts]
        return np.concatenate([np.empty(0, np.int64), *ranges])

    @property
    def anchors(self) -> Rows:
        """Rows whose whole receptive field lies inside one part."""
        rows = self.rows(self.left, self.right - 1)
        if not len(rows):
            raise self.error(
                f"the receptive field of {self.left + self.right} samples fits into no part",
                "Choose an encoder with a smaller receptive field (model.encoder), or splits with longer parts.",
            )
        return rows

    def labelled_anchors(self, labelled: np.ndarray) -> Rows:
        anchors = self.anchors
        rows = anchors[labelled[anchors]]
        if not len(rows):
            raise self.error(
                "no sample with its whole receptive field has a label",
                "Choose other labels (sampling.labels) or sampling.conditional.",
            )
        return rows

    def error(self, what: str, remedy: str) -> TrainingError:
        longest = max((int(stop - start) for start, stop in self.parts), default=0)
        return TrainingError(
            f"session '{self.session}': {what} (training parts: {len(self.parts)}, the longest of {longest} samples)",
            remedy,
        )

    def too_far(self) -> TrainingError:
        return self.error(
            f"no usable samples of one part lie {self.config.time_offset} samples apart, with a receptive "
            f"field of {self.left + self.right}",
            "Lower sampling.time_offset, choose a smaller receptive field, or splits with longer parts.",
        )


class TimePairs:
    """The positive follows its reference by `time_offset`. (TimeContrastive; its negatives, too, leave out
    the last `time_offset` samples, which with many short trials would be a bias: here all anchors.)"""

    def __init__(self, source: _Source, _labels: Sequence[Label]) -> None:
        self.pool, self.offset = source.anchors, source.config.time_offset
        self.references = source.rows(source.left, source.right - 1 + self.offset)
        if not len(self.references):
            raise source.too_far()

    def pairs(self, random: Generator, size: tuple[int, int]) -> tuple[Rows, Rows]:
        reference = random.choice(self.references, size)
        return reference, reference + self.offset


class SameClass:
    """The positive is any row of the same class, or combination of classes (DiscreteEmpirical)."""

    def __init__(self, source: _Source, labels: Sequence[Label]) -> None:
        codes = np.stack([label.values for label in labels], axis=1)
        self.pool = source.labelled_anchors(np.asarray((codes >= 0).all(axis=1)))
        _, self.classes = np.unique(codes[self.pool], axis=0, return_inverse=True)
        self.order = self.pool[np.argsort(self.classes, kind="stable")]
        self.counts = np.bincount(self.classes)
        self.starts = np.cumsum(self.counts) - self.counts
        if len(self.counts) < 2:
            raise source.error(
                "the label has one class only, so every pair is positive",
                "Choose another label (sampling.labels) or sampling.conditional.",
            )

    def pairs(self, random: Generator, size: tuple[int, int]) -> tuple[Rows, Rows]:
        reference = random.integers(len(self.pool), size=size)
        group = self.classes[reference]
        return self.pool[reference], self.order[self.starts[group] + random.integers(self.counts[group])]


class _LabelPairs(ABC):
    """The positive has the label nearest to a query around the reference's label."""

    def __init__(self, source: _Source, labels: Sequence[Label]) -> None:
        self.values, self.period = columns(labels)
        self.labelled = np.isfinite(self.values).all(axis=1)
        self.pool = source.labelled_anchors(self.labelled)
        self.neighbours = Neighbours(self.values[self.pool], self.period)

    @abstractmethod
    def step(self, random: Generator, count: int) -> np.ndarray:
        """(count, C): what is added to the references' labels."""

    def pairs(self, random: Generator, size: tuple[int, int]) -> tuple[Rows, Rows]:
        reference = random.choice(self.pool, size)
        query = self.values[reference.reshape(-1)] + self.step(random, reference.size)
        return reference, self.pool[self.neighbours(query)].reshape(size)


class LabelChange(_LabelPairs):
    """Query: the reference's label plus a label change over `time_offset` that occurred anywhere in the
    training parts (TimedeltaDistribution)."""

    def __init__(self, source: _Source, labels: Sequence[Label]) -> None:
        super().__init__(source, labels)
        starts = source.rows(0, source.config.time_offset)
        ends = starts + source.config.time_offset
        both = self.labelled[starts] & self.labelled[ends]
        if not both.any():
            raise source.too_far()
        # a change across an angle's border needs no unwrapping: queries are taken modulo the period
        self.changes = self.values[ends[both]] - self.values[starts[both]]

    def step(self, random: Generator, count: int) -> np.ndarray:
        return self.changes[random.integers(len(self.changes), size=count)]


class LabelNoise(_LabelPairs):
    """Query: the reference's label plus Gaussian noise of `delta` (DeltaNormalDistribution)."""

    def __init__(self, source: _Source, labels: Sequence[Label]) -> None:
        super().__init__(source, labels)
        self.delta = source.config.delta

    def step(self, random: Generator, count: int) -> np.ndarray:
        return self.delta * random.standard_normal((count, self.values.shape[1]))


def columns(labels: Sequence[Label]) -> tuple[np.ndarray, np.ndarray]:
    """Labels side by side as (T, C) numbers, NaN where unlabelled, and the (C,) period of each column.

    A discrete label becomes one-hot columns, as direction does in CEBRA's hippocampus tutorial. Units are
    taken as they are: distances and `delta` weigh columns by their own scale, as in CEBRA.
    """
    blocks = [_one_hot(label) if label.kind == "discrete" else label.values for label in labels]
    periods = [
        np.full(block.shape[1], 2 * np.pi if label.kind == "circular" else 0.0) for label, block in zip(labels, blocks)
    ]
    return np.concatenate(blocks, axis=1), np.concatenate(periods)


def _one_hot(label: Label) -> np.ndarray:
    codes = np.where(label.labelled, label.values, 0)
    classes = max(len(label.classes), int(codes.max()) + 1)
    return np.where(label.labelled[:, None], np.eye(classes)[codes], np.nan)


CONDITIONALS: dict[str, Callable[[_Source, Sequence[Label]], Conditional]] = {
    "time": TimePairs,
    "discrete": SameClass,
    "time_delta": LabelChange,
    "delta": LabelNoise,
}
