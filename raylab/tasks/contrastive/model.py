"""The contrastive model: encoders and their loss (CEBRA: Schneider, Lee & Mathis 2023)."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass

import torch

from raylab.config.contrastive import ContrastiveTrial
from raylab.data.datasets.specs import SessionSpec
from raylab.data.shard import SessionShard
from raylab.models.adaptation import trunk
from raylab.models.base import Encoder
from raylab.models.encoders import build_encoder
from raylab.models.fast.contrastive_step import (
    EncoderBatch,
    FusedEncoder,
    add_gradients,
    fused_embedding,
    fused_loss,
)
from raylab.models.losses import build_loss
from raylab.models.objectives import Layout, Objectives
from raylab.tasks.windows import session_windows

SHARES = 16  # counts of rows that a worker's share of a step is rounded up to


@dataclass(frozen=True)
class Pairs:
    """Sessions that are scored together at a step.

    Attributes:
        rows: (R,) rows of the view to embed, per session.
        layout: Which of these rows are references, positives and negatives.
    """

    sessions: tuple[SessionShard, ...]
    rows: tuple[torch.Tensor, ...]
    layout: Layout


class ContrastiveModel(torch.nn.Module):
    """One encoder per session, or one for all sessions that is as wide as the widest, and the loss,
    whose temperature may be learnt.

    Args:
        sessions: Their units are those that the view shows.
    """

    def __init__(self, config: ContrastiveTrial, sessions: Mapping[str, SessionSpec]) -> None:
        super().__init__()
        shared = config.sessions.combine == "padded"
        units = [spec.units for spec in sessions.values()]
        self.encoders = torch.nn.ModuleList(
            _encoder(config, units=width, shared=shared)
            for width in ([max(units)] if shared else units)
        )
        self._place = {name: 0 if shared else place for place, name in enumerate(sessions)}
        self.criterion = build_loss(config.loss)
        self.objectives = Objectives(self.criterion, config.sampling)
        self.unit_dropout = config.augmentation.unit_dropout
        self.bf16 = config.training.precision == "bf16"
        self.fast = config.training.fast
        self._fused: dict[str, FusedEncoder] = {}
        if config.adaptation is not None and config.adaptation.layers == "input":
            for encoder in self.encoders:
                assert isinstance(encoder, Encoder)
                for p in trunk(encoder).values():
                    p.requires_grad_(False)

    def encoder(self, session: str) -> Encoder:
        """The encoder of a session."""
        encoder = self.encoders[self._place[session]]
        assert isinstance(encoder, Encoder)
        return encoder

    def encode(self, session: SessionShard, rows: torch.Tensor) -> torch.Tensor:
        """(B, D) embedding of the windows around (B,) rows of the view; augmented in training."""
        encoder = self.encoder(session.timeline.session)
        x = self._augment(session_windows(session, encoder, rows))
        # Only the encoder runs in bf16. A similarity has three digits there, and divided by a small
        # temperature it would be noise.
        with torch.autocast(x.device.type, torch.bfloat16) if self.bf16 else nullcontext():
            embedding: torch.Tensor = encoder(x)
        return embedding

    def encode_share(
        self, session: SessionShard, rows: torch.Tensor, *, total: int
    ) -> torch.Tensor:
        """`encode` of the rows that a worker owns of the `total` rows of a step. Call it once per
        step, because the fast step reuses its buffers.

        The fast step lays out buffers for each number of rows once. Rows are repeated up to one of
        few numbers, so that there are few such buffers.
        """
        count, unit = len(rows), max(1, total // SHARES)
        if count == 0 or not self.has_fast_step(session):
            return self.encode(session, rows)
        repeated = min(total, -(-count // unit) * unit) - count
        windows = self._fast_windows(session, torch.cat([rows, rows[:1].expand(repeated)]))
        return fused_embedding(windows)[:count]

    def pairs_loss(self, pairs: Pairs) -> torch.Tensor:
        """The loss of rows that this process holds."""
        if not (torch.is_grad_enabled() and all(map(self.has_fast_step, pairs.sessions))):
            embeddings = [
                self.encode(session, rows) for session, rows in zip(pairs.sessions, pairs.rows)
            ]
            return self.objectives.forward(torch.cat(embeddings), pairs.layout)
        return fused_loss(self._all_fast_windows(pairs), self.objectives, pairs.layout)

    def add_gradients(self, pairs: Pairs, *, weight: float) -> torch.Tensor:
        """`pairs_loss` of sessions that all have a fast step. Adds its gradients, times `weight`,
        to those of the parameters.
        """
        windows = self._all_fast_windows(pairs)
        return add_gradients(windows, self.objectives, pairs.layout, weight=weight)

    def has_fast_step(self, session: SessionShard) -> bool:
        """Whether `models/fast` computes the gradients of this session's encoder."""
        if session.timeline.session in self._fused:
            return True
        plain = session.x.device.type == "cpu" and session.x.dtype == torch.float32
        if not (self.fast and plain) or self.bf16:
            return False
        return FusedEncoder.supports(self.encoder(session.timeline.session))

    def _all_fast_windows(self, pairs: Pairs) -> list[EncoderBatch]:
        return [
            self._fast_windows(session, rows) for session, rows in zip(pairs.sessions, pairs.rows)
        ]

    def _fast_windows(self, session: SessionShard, rows: torch.Tensor) -> EncoderBatch:
        """The windows around (R,) rows of the view; augmented in training."""
        name = session.timeline.session
        if name not in self._fused:
            self._fused[name] = FusedEncoder(self.encoder(name), session.x.shape[1])
        fused = self._fused[name]
        first = session.local.index_select(0, rows) - fused.encoder.left
        if not self._augments and fused.prefers_recording(len(session.x), len(first)):
            return fused.of_recording(session.x, first)
        return fused.of_windows(self._augment(fused.windows(session.x, first)))

    @property
    def _augments(self) -> bool:
        return self.training and self.unit_dropout > 0

    def _augment(self, x: torch.Tensor) -> torch.Tensor:
        """(B, width, N) windows as training uses them, changed in place."""
        if self._augments:
            # One mask per window: a unit is absent from all of it, as if it had not been recorded.
            x *= torch.nn.functional.dropout(x.new_ones(len(x), 1, x.shape[2]), self.unit_dropout)
        return x


def _encoder(config: ContrastiveTrial, *, units: int, shared: bool) -> Encoder:
    encoder = build_encoder(
        config.model.encoder,
        units=units,
        output_dimension=config.model.output_dimension,
        normalize=config.normalized,
    )
    encoder.shared = shared
    return encoder
