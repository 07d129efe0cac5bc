"""Contrastive pairs over several sessions: a positive lies in any of them, found by its label."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from raylab.config.pairs import PairsConfig
from raylab.config.sampling import SamplingConfig
from raylab.data.session import Label
from raylab.sampling.classes import align, shared_classes
from raylab.sampling.conditionals import (
    ByLabel,
    InClass,
    LabelChange,
    LabelChangeInClass,
    build_conditional,
)
from raylab.sampling.contrastive import BLOCK_ROWS, Drawn, priors
from raylab.sampling.source import Source
from raylab.seeding import derive


class DrawnAcross(NamedTuple):
    """Rows of one step of S sessions.

    Attributes:
        sessions: In the sampler's order; (1, B) positives each.
        partner: (S * B,): the place, among the positives of all sessions in order, of each
            reference's own.
    """

    sessions: list[Drawn]
    partner: Tensor


class AcrossSampler:
    """As cebra.distributions.MultisessionSampler and DiscreteMultisessionSampler 0.6.1: B
    references from every session alike; what they ask of a positive's label is dealt to the
    sessions at random, B to each; the session that a query was dealt to answers it with its nearest
    row. Label changes are those of all sessions.

    References are of classes that all sessions have (CEBRA takes a row of another class where one
    lacks it).

    Args:
        sources, labels: Of each session; all with the same labels.
    """

    def __init__(
        self,
        sources: Sequence[Source],
        labels: Sequence[Sequence[Label]],
        config: SamplingConfig,
        seed: int,
    ) -> None:
        (objective,) = config.losses.values()
        self._conditionals = _joined(sources, _aligned(labels), objective.pairs)
        of_sessions = [
            priors(source, [conditional], config)
            for source, conditional in zip(sources, self._conditionals)
        ]
        self._references, self._negatives = zip(*of_sessions)
        self._seed = seed
        self._key: tuple[int, ...] = ()
        self._block: tuple[np.ndarray, ...] = ()

    def draw(self, step: int, batch_size: int, negatives: int | None = None) -> DrawnAcross:
        """The rows of a step: so many references and negatives from every session."""
        count = negatives or batch_size
        steps = max(1, min(64, BLOCK_ROWS // (max(batch_size, count) * len(self._conditionals))))
        key = (step // steps, batch_size, count)
        if key != self._key:
            self._block, self._key = self._draw_block(steps, *key), key
        reference, positive, negative, partner = (
            torch.from_numpy(of[step % steps].copy()) for of in self._block
        )
        return DrawnAcross(
            [Drawn(*rows) for rows in zip(reference, positive[:, None], negative)], partner
        )

    def _draw_block(
        self, steps: int, block: int, batch_size: int, negatives: int
    ) -> tuple[np.ndarray, ...]:
        """(steps, S, B) references, (steps, S, B) positives, (steps, S, M) negatives, (steps, S *
        B) partners.
        """
        random = np.random.default_rng(derive(self._seed, "across", block, batch_size, negatives))
        each = [(steps, batch_size), (steps, negatives)]
        reference = np.stack([prior(random, each[0]) for prior in self._references], axis=1)
        query = np.concatenate(
            [
                conditional.query(random, reference[:, at].reshape(-1)).reshape(
                    steps, batch_size, -1
                )
                for at, conditional in enumerate(self._conditionals)
            ],
            axis=1,
        )
        dealt = random.permuted(np.tile(np.arange(query.shape[1]), (steps, 1)), axis=1)
        queries = np.split(
            np.take_along_axis(query, dealt[..., None], axis=1), len(self._conditionals), axis=1
        )
        positive = [
            conditional.find(random, of.reshape(steps * batch_size, -1)).reshape(steps, batch_size)
            for conditional, of in zip(self._conditionals, queries)
        ]
        negative = np.stack([prior(random, each[1]) for prior in self._negatives], axis=1)
        return reference, np.stack(positive, axis=1), negative, np.argsort(dealt, axis=1)


def _joined(
    sources: Sequence[Source], labels: Sequence[Sequence[Label]], config: PairsConfig
) -> list[ByLabel]:
    """The conditional of each session, whose queries any other can answer."""
    conditionals: list[ByLabel] = []
    for source, of in zip(sources, labels):
        conditional = build_conditional(source, of, config)
        # Pairs by time have no key `positives` (config/sampling.py), so all pairs are by label.
        assert isinstance(conditional, ByLabel)
        conditionals.append(conditional)
    changing = [
        conditional
        for conditional in conditionals
        if isinstance(conditional, LabelChange | LabelChangeInClass)
    ]
    if changing:
        changes = np.concatenate([conditional.changes for conditional in changing])
        for conditional in changing:
            conditional.changes = changes
    classed = [conditional for conditional in conditionals if isinstance(conditional, InClass)]
    if classed:
        shared = shared_classes([conditional.rows.known for conditional in classed])
        for conditional in classed:
            conditional.keep_references(shared)
    return conditionals


def _aligned(labels: Sequence[Sequence[Label]]) -> list[list[Label]]:
    """The labels of each session with classes in one common code."""
    common: list[list[Label]] = []
    for same in zip(*labels, strict=True):  # one label, session by session
        common.append(align(same) if same[0].kind == "discrete" else list(same))
    return [list(of) for of in zip(*common, strict=True)]
