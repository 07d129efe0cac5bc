"""Contrastive embeddings (CEBRA: Schneider, Lee & Mathis 2023): an encoder a session or one for
all, a joint InfoNCE loss.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

from raylab.config.contrastive import ContrastiveTrial
from raylab.data.dataset import SessionSpec
from raylab.data.shard import SessionShard, Shard
from raylab.data.views.view import Timeline
from raylab.errors import ConfigError
from raylab.models.adaptation import adopt_trunk, is_adaptable, trunk
from raylab.models.base import Encoder
from raylab.models.encoders import build_encoder
from raylab.models.fast.contrastive_step import (
    FusedEncoder,
    Seen,
    add_gradients,
    fused_embedding,
    fused_loss,
)
from raylab.models.losses import bits, build_loss
from raylab.models.objectives import Layout, Objectives
from raylab.tasks.embedding import embed, kept_embedding, padded_sequence, windows
from raylab.tasks.labels import check_labels, decoding_metrics, decoding_scores, training_timeline
from raylab.tasks.pairs import Draw, Group, check_pairs, group_draws, label_names, named_labels
from raylab.tasks.protocol import Comm, Validation, backward

BITS_BATCHES = 16
SHARES = 16  # counts of rows that a worker's share of a step is rounded up to


class ContrastiveModel(torch.nn.Module):
    """The encoders, one a session or one as wide as the widest, and the loss, whose temperature may
    be learnt.

    Args:
        sessions: Their units are those that the view shows.
    """

    def __init__(self, config: ContrastiveTrial, sessions: Mapping[str, SessionSpec]) -> None:
        super().__init__()
        shared, units = (
            config.sessions.combine == "padded",
            [spec.units for spec in sessions.values()],
        )
        self.encoders = torch.nn.ModuleList(
            _encoder(config, units=width, shared=shared)
            for width in ([max(units)] if shared else units)
        )
        self._place = {name: 0 if shared else place for place, name in enumerate(sessions)}
        self.criterion = build_loss(config.loss)
        self.objectives = Objectives(self.criterion, config.sampling)
        self.unit_dropout = config.augmentation.unit_dropout
        self.bf16 = config.training.precision == "bf16"
        self._fused: dict[str, FusedEncoder] = {}
        if config.adaptation is not None and config.adaptation.layers == "input":
            for encoder in self.encoders:
                assert isinstance(encoder, Encoder)
                for p in trunk(encoder).values():
                    p.requires_grad_(False)

    def encode(self, session: SessionShard, rows: torch.Tensor) -> torch.Tensor:
        """(B, D) embedding of the windows around rows of the view; augmented while training."""
        encoder = self.encoder(session.timeline.session)
        seen = self._augment(windows(session, encoder, rows))
        # Only the encoder: a similarity of three digits, divided by a small temperature, would be
        # noise.
        with torch.autocast(seen.device.type, torch.bfloat16) if self.bf16 else nullcontext():
            embedding: torch.Tensor = encoder(seen)
        return embedding

    def encode_share(self, session: SessionShard, rows: torch.Tensor, *, of: int) -> torch.Tensor:
        """`encode` of a worker's rows of the `of` rows of a step; by hand where that can be, so
        once a step only.

        Rows are repeated up to one of few counts, for each of which buffers are laid out once.
        """
        count, unit = len(rows), max(1, of // SHARES)
        if count == 0 or not self.by_hand(session):
            return self.encode(session, rows)
        more = min(of, -(-count // unit) * unit) - count
        return fused_embedding(self._seen(session, torch.cat([rows, rows[:1].expand(more)])))[
            :count
        ]

    def pairs_loss(self, pairs: Pairs) -> torch.Tensor:
        """The loss of rows that this process holds."""
        if not (torch.is_grad_enabled() and all(map(self.by_hand, pairs.sessions))):
            embeddings = [self.encode(one, rows) for one, rows in zip(pairs.sessions, pairs.rows)]
            return self.objectives.forward(torch.cat(embeddings), pairs.layout)
        return fused_loss(self._all_seen(pairs), self.objectives, pairs.layout)

    def add_gradients(self, pairs: Pairs, *, weight: float) -> torch.Tensor:
        """`pairs_loss` of sessions that are all `by_hand`; adds its gradients, times `weight`, to
        those there are.
        """
        return add_gradients(self._all_seen(pairs), self.objectives, pairs.layout, weight=weight)

    def _all_seen(self, pairs: Pairs) -> list[Seen]:
        return [self._seen(one, rows) for one, rows in zip(pairs.sessions, pairs.rows)]

    def by_hand(self, session: SessionShard) -> bool:
        if session.timeline.session in self._fused:
            return True
        plain = (
            session.x.device.type == "cpu" and session.x.dtype == torch.float32 and not self.bf16
        )
        return plain and FusedEncoder.supports(self.encoder(session.timeline.session))

    def _seen(self, session: SessionShard, rows: torch.Tensor) -> Seen:
        """The windows around (R,) rows of the view; augmented while training."""
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

    def _augment(self, seen: torch.Tensor) -> torch.Tensor:
        """(B, width, N) windows as training shows them, changed in place."""
        if self._augments:
            # One mask a window: a unit is away for all of it, as one that was not recorded.
            seen *= torch.nn.functional.dropout(
                seen.new_ones(len(seen), 1, seen.shape[2]), self.unit_dropout
            )
        return seen

    def encoder(self, session: str) -> Encoder:
        encoder = self.encoders[self._place[session]]
        assert isinstance(encoder, Encoder)
        return encoder


def _encoder(config: ContrastiveTrial, *, units: int, shared: bool) -> Encoder:
    encoder = build_encoder(
        config.model.encoder,
        units=units,
        output_dimension=config.model.output_dimension,
        normalize=config.normalized,
    )
    encoder.shared = shared
    return encoder


@dataclass(frozen=True)
class Pairs:
    """Sessions that are scored together at a step: the rows of the view to embed of each, and what
    they are.
    """

    sessions: tuple[SessionShard, ...]
    rows: tuple[torch.Tensor, ...]
    layout: Layout


class ContrastiveFamily:
    def check(self, config: ContrastiveTrial, sessions: Mapping[str, SessionSpec]) -> None:
        check_labels(config, sessions, named_labels(config))
        if config.controls.shuffle is not None and config.sampling.by_time:
            raise ConfigError(
                "controls.shuffle: with sampling.conditional 'time' no label defines positives",
                "Leave it out, or set another sampling.conditional.",
            )
        check_pairs(config, config.sessions.used(sessions))

    def metrics(
        self, config: ContrastiveTrial, sessions: Mapping[str, SessionSpec]
    ) -> dict[str, str]:
        return {"goodness_of_fit": "max", "loss": "min"} | decoding_metrics(config, sessions)

    def receptive_field(self, config: ContrastiveTrial) -> tuple[int, int]:
        encoder = build_encoder(config.model.encoder, units=1, output_dimension=2, normalize=True)
        return encoder.left, encoder.right

    def build(
        self, config: ContrastiveTrial, sessions: Mapping[str, SessionSpec]
    ) -> torch.nn.Module:
        return ContrastiveModel(config, sessions)

    def fit(
        self, config: ContrastiveTrial, model: torch.nn.Module, shard: Shard, comm: Comm
    ) -> None:
        """All of it is trained."""

    def predictions(
        self, config: ContrastiveTrial, model: torch.nn.Module, shard: Shard, split: str
    ) -> None:
        """Its embeddings are decoded."""

    def training_labels(self, config: ContrastiveTrial, first: str | None) -> tuple[str, ...]:
        named = [
            label
            for one in config.sampling.losses.values()
            for label in label_names(one.pairs, first)
        ]
        return tuple(dict.fromkeys(named))

    def adaptable(self, config: ContrastiveTrial) -> bool:
        return is_adaptable(config.model.encoder)

    def adopt(
        self, config: ContrastiveTrial, model: torch.nn.Module, trained: torch.nn.Module
    ) -> None:
        """The trunk of one trained encoder for every new one; a learnt temperature."""
        assert isinstance(model, ContrastiveModel)
        assert isinstance(trained, ContrastiveModel)
        wanted = config.adaptation.session if config.adaptation else None
        source = trained.encoder(wanted) if wanted else trained.encoders[0]
        assert isinstance(source, Encoder)
        for encoder in model.encoders:
            assert isinstance(encoder, Encoder)
            adopt_trunk(encoder, source)
        if model.criterion.log_inverse_temperature is not None:
            model.criterion.load_state_dict(trained.criterion.state_dict())

    def batches(self, config: ContrastiveTrial, shard: Shard) -> Callable[[int], list[Pairs]]:
        timelines = {
            name: training_timeline(config, session.timeline) for name, session in shard.items()
        }
        how: dict[str, Any] = {"field": self.receptive_field(config), "seed": config.training.seed}
        draws = group_draws(config, timelines, split="train", **how)
        size = config.training.batch_size
        negatives = config.sampling.negatives or size

        def batch(step: int) -> list[Pairs]:
            return [_on_device(draw(step, size, negatives), shard) for draw in draws]

        return batch

    def loss(
        self, model: torch.nn.Module, batch: list[Pairs], comm: Comm
    ) -> dict[str, torch.Tensor]:
        """Mean over sessions, whose negatives are their own, or the identity of a session would be
        the shortcut. Where positives come from all sessions, negatives do so too, and there is one
        loss.
        """
        assert isinstance(model, ContrastiveModel)
        losses = (
            [model.pairs_loss(pairs) for pairs in batch]
            if comm.workers == 1
            else _shares(model, batch, comm)
        )
        return {"loss": losses[0] if len(losses) == 1 else torch.stack(losses).mean()}

    def backward(self, model: torch.nn.Module, batch: list[Pairs], comm: Comm) -> torch.Tensor:
        assert isinstance(model, ContrastiveModel)
        if comm.workers > 1 or not all(
            model.by_hand(one) for pairs in batch for one in pairs.sessions
        ):
            return backward(self.loss(model, batch, comm)["loss"])
        losses = [model.add_gradients(pairs, weight=1 / len(batch)) for pairs in batch]
        return losses[0] if len(losses) == 1 else torch.stack(losses).mean()

    def embed(self, model: torch.nn.Module, session: str, x: torch.Tensor) -> torch.Tensor:
        assert isinstance(model, ContrastiveModel)
        encoder = model.encoder(session)
        return padded_sequence(encoder, x, before=encoder.left, after=encoder.right - 1)

    def validate(
        self, config: ContrastiveTrial, model: torch.nn.Module, shard: Shard, comm: Comm
    ) -> Validation:
        assert isinstance(model, ContrastiveModel)
        embeddings = {
            name: embed(model.encoder(name), session, comm) for name, session in shard.items()
        }
        if comm.rank > 0:
            return Validation({})
        timelines = {name: session.timeline for name, session in shard.items()}
        metrics = self._goodness_of_fit(config, model, embeddings, timelines)
        metrics |= decoding_scores(config, embeddings, timelines)
        if config.loss.learnable_temperature:
            metrics["temperature"] = model.criterion.temperature
        arrays, metadata = kept_embedding(embeddings, timelines)
        return Validation(metrics, arrays, metadata)

    def _goodness_of_fit(
        self,
        config: ContrastiveTrial,
        model: ContrastiveModel,
        embeddings: dict[str, np.ndarray],
        timelines: dict[str, Timeline],
    ) -> dict[str, float]:
        """Bits of InfoNCE on fixed validation batches at the trained temperature, whatever batch
        size, number of
        negatives or focus it was trained with: the mean over sessions, weighted over objectives.
        """
        rows = {name: torch.from_numpy(embedding) for name, embedding in embeddings.items()}
        device, size = next(model.parameters()).device, config.evaluation.bits_batch
        rows = {name: of.to(device) for name, of in rows.items()}
        draws = group_draws(
            config, timelines, split="valid", field=self.receptive_field(config), seed=0
        )
        values = [_bits_of_group(model.objectives, rows, draw, size) for draw in draws]
        return {"goodness_of_fit": float(np.mean(values))} if values else {}


def _on_device(group: Group, shard: Shard) -> Pairs:
    sessions = tuple(shard[name] for name in group.sessions)
    device = sessions[0].x.device
    if device.type == "cpu":
        return Pairs(sessions, group.rows, group.layout)
    partner = group.layout.partner
    layout = group.layout if partner is None else replace(group.layout, partner=partner.to(device))
    return Pairs(sessions, tuple(rows.to(device) for rows in group.rows), layout)


def _shares(model: ContrastiveModel, batch: list[Pairs], comm: Comm) -> list[torch.Tensor]:
    """What this worker adds to the loss of each group: every worker encodes the rows it owns, all
    get the embeddings of all, and each scores its share of the references.
    """
    owned = [
        _owned(model, one, rows) for pairs in batch for one, rows in zip(pairs.sessions, pairs.rows)
    ]
    together = comm.gather_rows(torch.cat(owned)).split(
        [len(one.sessions) * one.layout.rows for one in batch]
    )
    found = []
    for pairs, z in zip(batch, together):
        first, last = (
            at * pairs.layout.references // comm.workers for at in (comm.rank, comm.rank + 1)
        )
        found.append(model.objectives.forward(z, pairs.layout, slice(first, last)))
    return found


def _owned(model: ContrastiveModel, session: SessionShard, rows: torch.Tensor) -> torch.Tensor:
    """(R, D): the embeddings of rows that this worker owns, zero for others."""
    mine = (session.local[rows] >= 0).nonzero()[:, 0]
    encoded = model.encode_share(session, rows[mine], of=len(rows))
    return encoded.new_zeros(len(rows), encoded.shape[1]).index_copy(0, mine, encoded)


def _bits_of_group(
    objectives: Objectives, rows: Mapping[str, torch.Tensor], draw: Draw, size: int
) -> float:
    """The mean over fixed batches, weighted over objectives.

    Args:
        rows: (rows of the view, D) embeddings of each session.
        size: References and negatives of a batch, of each session.
    """
    losses = []
    with torch.no_grad():
        for step in range(BITS_BATCHES):
            group = draw(step, size, size)
            z = torch.cat([rows[name][of] for name, of in zip(group.sessions, group.rows)])
            losses.append([float(loss) for loss in objectives.infonce(z, group.layout)])
    found = [bits(float(loss), size * group.layout.sessions) for loss in np.mean(losses, axis=0)]
    return float(np.average(found, weights=objectives.weights))
