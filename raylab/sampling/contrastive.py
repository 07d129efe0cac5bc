"""Contrastive pairs of one session: which rows are reference, positive and negative at a step.

Pure in (seed, step, batch size, negatives).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial, reduce
from typing import NamedTuple

import numpy as np
import torch
from numpy.random import Generator
from torch import Tensor

from raylab.config.sampling import SamplingConfig
from raylab.data.session import Label
from raylab.sampling.conditionals import Conditional, InClass, build_conditional
from raylab.sampling.source import Rows, Source
from raylab.seeding import derive

Prior = Callable[[Generator, tuple[int, ...]], Rows]  # references or negatives of some shape
BLOCK_ROWS = 65_536  # references drawn at a time, at most


class Drawn(NamedTuple):
    """Rows of one step of one session: (B,) references, (K, B) positives of K objectives, (M,)
    negatives.
    """

    reference: Tensor
    positive: Tensor
    negative: Tensor

    @property
    def rows(self) -> Tensor:
        """All of them, (B + K * B + M,), in this order."""
        return torch.cat([self.reference, self.positive.flatten(), self.negative])


class PairSampler:
    """Rows of reference, positive and negative samples; give every session a seed of its own.

    Args:
        conditionals: One for each objective. References have a positive in all of them; negatives
            suit all.
        references, negatives: Where both are drawn from.
    """

    def __init__(
        self, conditionals: Sequence[Conditional], references: Prior, negatives: Prior, seed: int
    ) -> None:
        self._conditionals, self._references, self._negatives = conditionals, references, negatives
        self._seed = seed
        self._key: tuple[int, ...] = ()
        self._block: tuple[np.ndarray, ...] = ()

    @classmethod
    def build(
        cls,
        parts: np.ndarray,
        *,
        left: int,
        right: int,
        labels: Sequence[Sequence[Label]],
        config: SamplingConfig,
        seed: int,
        session: str = "",
    ) -> PairSampler:
        """The sampler of one session.

        Args:
            parts: (P, 2) [start, stop) row ranges of the training split, each continuous in time.
            left: Rows before a sample that its window covers.
            right: Rows from a sample on (itself included) that its window covers.
            labels: Of each objective, on the same rows; what its `labels` names. Empty for `time`.

        Raises:
            ConfigError: The labels do not suit the conditional.
            TrainingError: No pair can be drawn from these parts and labels.
        """
        source = Source(np.asarray(parts, np.int64).reshape(-1, 2), left, right, session)
        conditionals = [
            build_conditional(source, of, objective.pairs)
            for of, objective in zip(labels, config.losses.values(), strict=True)
        ]
        return cls(conditionals, *priors(source, conditionals, config), seed)

    def draw(self, step: int, batch_size: int, negatives: int | None = None) -> Drawn:
        """The rows of a step; as many negatives as references unless told otherwise."""
        count = negatives or batch_size
        # Several steps at a time: a tree search costs little more for 64 steps than its call does
        # for one.
        steps = max(1, min(64, BLOCK_ROWS // max(batch_size, count)))
        key = (step // steps, batch_size, count)
        if key != self._key:
            self._block, self._key = self._draw_block(steps, *key), key
        return Drawn(*(torch.from_numpy(rows[step % steps].copy()) for rows in self._block))

    def _draw_block(
        self, steps: int, block: int, batch_size: int, negatives: int
    ) -> tuple[np.ndarray, ...]:
        more = () if negatives == batch_size else (negatives,)
        random = np.random.default_rng(derive(self._seed, "pairs", block, batch_size, *more))
        reference = self._references(random, (steps, batch_size))
        positive = np.stack(
            [conditional.positives(random, reference) for conditional in self._conditionals], axis=1
        )
        return reference, positive, self._negatives(random, (steps, negatives))


def priors(
    source: Source, conditionals: Sequence[Conditional], config: SamplingConfig
) -> tuple[Prior, Prior]:
    """Where references and negatives of a session are drawn from."""
    first = conditionals[0]
    if config.balanced:
        assert isinstance(first, InClass)
        return first.by_class.balanced, first.rows.balanced
    references = reduce(np.intersect1d, (conditional.references for conditional in conditionals))
    if not len(references):
        raise source.error(
            "no sample has a positive in every objective",
            "Choose labels that are known at the same samples (sampling.objectives).",
        )
    return partial(_uniform, references), partial(
        _uniform, reduce(np.intersect1d, (conditional.pool for conditional in conditionals))
    )


def _uniform(rows: Rows, random: Generator, size: tuple[int, ...]) -> Rows:
    return rows[random.integers(len(rows), size=size)]
