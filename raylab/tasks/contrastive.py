"""Contrastive embeddings (CEBRA: Schneider, Lee & Mathis 2023): one encoder a session, a joint InfoNCE loss."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import torch

from raylab.config import ContrastiveTrial
from raylab.data.dataset import SessionSpec
from raylab.data.shard import SessionShard, Shard
from raylab.data.splits import CODE
from raylab.data.view import Timeline
from raylab.errors import ConfigError, TrainingError
from raylab.evaluation.decoding import decode, mean_scores
from raylab.evaluation.scores import METRICS, MINIMISED, PRIMARY
from raylab.models.encoders import Encoder, build_encoder
from raylab.models.fused import FusedLoss
from raylab.models.losses import InfoNCE, bits
from raylab.sampling.contrastive import PairSampler, check_conditional
from raylab.seeding import derive
from raylab.tasks.embedding import embed, kept_embedding, windows
from raylab.tasks.protocol import Comm, Validation

BITS_BATCHES = 16


class ContrastiveModel(torch.nn.Module):
    """One encoder a session and the loss, whose temperature may be learnt."""

    def __init__(self, config: ContrastiveTrial, sessions: Mapping[str, SessionSpec]) -> None:
        super().__init__()
        normalize = config.loss.similarity == "cosine"
        self.names = tuple(sessions)
        self.encoders = torch.nn.ModuleList(
            build_encoder(
                config.model.encoder,
                units=spec.units,
                output_dimension=config.model.output_dimension,
                normalize=normalize,
            )
            for spec in sessions.values()
        )
        self.criterion = InfoNCE(config.loss)
        self.unit_dropout = config.augmentation.unit_dropout
        self._fused: dict[str, FusedLoss] = {}

    def encode(self, session: SessionShard, rows: torch.Tensor) -> torch.Tensor:
        """(B, D) embedding of the windows around rows of the view; augmented while training."""
        encoder = self.encoder(session.timeline.session)
        embedding: torch.Tensor = encoder(self._augment(windows(session, encoder, rows)))
        return embedding

    def session_loss(self, session: SessionShard, rows: torch.Tensor) -> torch.Tensor:
        """InfoNCE of (3, B) reference, positive and negative rows that this process holds."""
        flat, name = rows.flatten(), session.timeline.session
        fast = session.x.device.type == "cpu" and session.x.dtype == torch.float32 and torch.is_grad_enabled()
        if not (fast and FusedLoss.supports(self.encoder(name))):
            loss: torch.Tensor = self.criterion(*self.encode(session, flat).chunk(3))
            return loss
        if name not in self._fused:
            self._fused[name] = FusedLoss(self.encoder(name), self.criterion)
        fused = self._fused[name]
        first = session.local.index_select(0, flat) - fused.encoder.left
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
            seen *= torch.nn.functional.dropout(seen.new_ones(len(seen), 1, seen.shape[2]), self.unit_dropout)
        return seen

    def encoder(self, session: str) -> Encoder:
        encoder = self.encoders[self.names.index(session)]
        assert isinstance(encoder, Encoder)
        return encoder


@dataclass(frozen=True)
class Pairs:
    """One session's rows of a step: (3, B) reference, positive, negative rows of the view."""

    session: SessionShard
    rows: torch.Tensor


class ContrastiveFamily:
    def check(self, config: ContrastiveTrial, sessions: Mapping[str, SessionSpec]) -> None:
        for spec in sessions.values():
            named = [("task.label", config.task.label)] if config.task.label else []
            for key, name in (*named, *(("sampling.labels", label) for label in config.sampling.labels)):
                if name not in spec.labels:
                    known = ", ".join(spec.labels) or "none"
                    raise ConfigError(f"{key}: session '{spec.id}' has no label '{name}'", f"Its labels: {known}.")
            if config.sampling.conditional != "time":
                label_names = _conditional_labels(config, spec)
                if not label_names:
                    raise ConfigError(
                        f"sampling.conditional '{config.sampling.conditional}': session '{spec.id}' has no label",
                        "Use --set sampling.conditional=time.",
                    )
                check_conditional(config.sampling, [spec.labels[name].kind for name in label_names])

    def metrics(self, config: ContrastiveTrial, sessions: Mapping[str, SessionSpec]) -> dict[str, str]:
        found = {"goodness_of_fit": "max", "loss": "min"}
        label = task_label(config, next(iter(sessions.values())))
        if label:
            kind = next(iter(sessions.values())).labels[label].kind
            found["decoding.score"] = "max"
            found |= {f"decoding.{name}": "min" if name in MINIMISED else "max" for name in METRICS[kind]}
        return found

    def receptive_field(self, config: ContrastiveTrial) -> tuple[int, int]:
        encoder = build_encoder(config.model.encoder, units=1, output_dimension=2, normalize=True)
        return encoder.left, encoder.right

    def build(self, config: ContrastiveTrial, sessions: Mapping[str, SessionSpec]) -> torch.nn.Module:
        return ContrastiveModel(config, sessions)

    def batches(self, config: ContrastiveTrial, shard: Shard) -> Callable[[int], list[Pairs]]:
        samplers = {
            name: self._sampler(config, session.timeline, "train", config.training.seed)
            for name, session in shard.items()
        }

        def batch(step: int) -> list[Pairs]:
            return [
                Pairs(shard[name], sampler.draw(step, config.training.batch_size).to(shard[name].x.device))
                for name, sampler in samplers.items()
            ]

        return batch

    def loss(self, model: torch.nn.Module, batch: list[Pairs], comm: Comm) -> dict[str, torch.Tensor]:
        """Mean InfoNCE over sessions; negatives come from the same session, or its identity would be the shortcut."""
        assert isinstance(model, ContrastiveModel)
        losses = [_session_loss(model, pairs, comm) for pairs in batch]
        return {"loss": losses[0] if len(losses) == 1 else torch.stack(losses).mean()}

    def validate(self, config: ContrastiveTrial, model: torch.nn.Module, shard: Shard, comm: Comm) -> Validation:
        assert isinstance(model, ContrastiveModel)
        embeddings = {name: embed(model.encoder(name), session, comm) for name, session in shard.items()}
        if comm.rank > 0:
            return Validation({})
        timelines = {name: session.timeline for name, session in shard.items()}
        metrics = self._goodness_of_fit(config, model, embeddings, timelines)
        metrics |= self._decoding(config, embeddings, timelines)
        if config.loss.learnable_temperature:
            metrics["temperature"] = model.criterion.temperature
        arrays, metadata = kept_embedding(embeddings, timelines)
        return Validation(metrics, arrays, metadata)

    def _sampler(self, config: ContrastiveTrial, timeline: Timeline, split: str, seed: int) -> PairSampler:
        parts = timeline.parts[timeline.parts[:, 2] == CODE[split], :2]
        left, right = self.receptive_field(config)
        names = config.sampling.labels or _first(config, timeline)
        labels = [] if config.sampling.conditional == "time" else [timeline.labels[name] for name in names]
        return PairSampler.build(
            parts,
            left=left,
            right=right,
            labels=labels,
            config=config.sampling,
            seed=derive(seed, timeline.session),
            session=timeline.session,
        )

    def _goodness_of_fit(
        self,
        config: ContrastiveTrial,
        model: ContrastiveModel,
        embeddings: dict[str, np.ndarray],
        timelines: dict[str, Timeline],
    ) -> dict[str, float]:
        """Bits on fixed validation batches at the trained temperature, whatever batch size it was trained with."""
        values = []
        for name, embedding in embeddings.items():
            try:
                sampler = self._sampler(config, timelines[name], "valid", seed=0)
            except TrainingError:  # validation parts shorter than the receptive field: no score for this session
                continue
            rows = torch.from_numpy(embedding).to(next(model.parameters()).device)
            with torch.no_grad():
                losses = [
                    float(model.criterion(*rows[sampler.draw(step, config.evaluation.bits_batch)]))
                    for step in range(BITS_BATCHES)
                ]
            values.append(bits(float(np.mean(losses)), config.evaluation.bits_batch))
        return {"goodness_of_fit": float(np.mean(values))} if values else {}

    def _decoding(
        self, config: ContrastiveTrial, embeddings: dict[str, np.ndarray], timelines: dict[str, Timeline]
    ) -> dict[str, float]:
        names = {name: _first(config, timeline) for name, timeline in timelines.items()}
        decoded = [
            decode(embedding, timelines[name], config.evaluation, label=names[name][0], fit=("train",), score="valid")
            for name, embedding in embeddings.items()
            if names[name]
        ]
        present = [entry for entry in decoded if entry is not None]
        scores = {f"decoding.{name}": value for name, value in mean_scores([entry.scores for entry in present]).items()}
        if present:
            scores["decoding.score"] = scores[f"decoding.{PRIMARY[present[0].kind]}"]
        return scores


def task_label(config: ContrastiveTrial, spec: SessionSpec) -> str | None:
    return config.task.label or next(iter(spec.labels), None)


def _first(config: ContrastiveTrial, timeline: Timeline) -> tuple[str, ...]:
    name = config.task.label or next(iter(timeline.labels), None)
    return (name,) if name else ()


def _conditional_labels(config: ContrastiveTrial, spec: SessionSpec) -> tuple[str, ...]:
    label = task_label(config, spec)
    return config.sampling.labels or ((label,) if label else ())


def _session_loss(model: ContrastiveModel, pairs: Pairs, comm: Comm) -> torch.Tensor:
    """InfoNCE of one session. Each worker encodes the rows it owns and scores its share of the references."""
    if comm.workers == 1:
        return model.session_loss(pairs.session, pairs.rows)
    flat, size = pairs.rows.flatten(), pairs.rows.shape[1]
    mine = (pairs.session.local[flat] >= 0).nonzero()[:, 0]
    encoded = model.encode(pairs.session, flat[mine])
    rows = encoded.new_zeros(3 * size, encoded.shape[1]).index_copy(0, mine, encoded)
    reference, positive, negative = comm.gather_rows(rows).split(size)
    share = slice(comm.rank * size // comm.workers, (comm.rank + 1) * size // comm.workers)
    return model.criterion.per_row(reference[share], positive[share], negative).sum() / size
