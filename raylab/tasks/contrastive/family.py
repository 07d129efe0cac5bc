"""The contrastive family: what it trains on, minimises and validates."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import torch

from raylab.config.base import defaults
from raylab.config.contrastive import ContrastiveTrial
from raylab.data.datasets.specs import SessionSpec, used_sessions
from raylab.data.shard import Shard
from raylab.errors import ConfigError
from raylab.evaluation.metrics import directions
from raylab.models.adaptation import adopt_trunk, is_adaptable
from raylab.models.base import Encoder
from raylab.models.encoders import build_encoder
from raylab.tasks.contrastive.goodness_of_fit import goodness_of_fit
from raylab.tasks.contrastive.model import ContrastiveModel, Pairs
from raylab.tasks.contrastive.pair_checks import check_pairs, named_labels
from raylab.tasks.contrastive.pairs import Group, group_draws, label_names
from raylab.tasks.contrastive.shares import loss_shares
from raylab.tasks.embedding import embed_session, padded_sequence
from raylab.tasks.kept import kept_embedding, kept_losses
from raylab.tasks.labels import (
    check_labels,
    decoded_sessions,
    decoding_metrics,
    decoding_scores,
    training_timeline,
)
from raylab.tasks.protocol import Comm, Task, Validation


class ContrastiveFamily(Task[ContrastiveTrial, ContrastiveModel, list[Pairs]]):
    """Encoders that are trained with an InfoNCE loss; their embeddings are decoded."""

    def check(self, config: ContrastiveTrial, sessions: Mapping[str, SessionSpec]) -> None:
        check_labels(config, sessions, named_labels(config))
        if config.controls.shuffle is not None and config.sampling.by_time:
            raise ConfigError(
                "controls.shuffle: with sampling.conditional 'time' no label defines positives",
                "Leave it out, or set another sampling.conditional.",
            )
        check_pairs(config, used_sessions(sessions, config.sessions))

    def metrics(
        self, config: ContrastiveTrial, sessions: Mapping[str, SessionSpec]
    ) -> dict[str, str]:
        return directions("goodness_of_fit", "loss") | decoding_metrics(config, sessions)

    def canonical(
        self, config: ContrastiveTrial, sessions: Mapping[str, SessionSpec]
    ) -> ContrastiveTrial:
        changes: dict[str, object] = {
            "model": config.model.model_copy(update={"normalize": config.normalized})
        }
        if not config.loss.learnable_temperature:
            floor = defaults(config.loss, "min_temperature")
            changes["loss"] = config.loss.model_copy(update=floor)
        if config.sampling.negatives == config.training.batch_size:
            changes["sampling"] = config.sampling.model_copy(update={"negatives": None})
        return config.model_copy(update=changes)

    def receptive_field(self, config: ContrastiveTrial) -> tuple[int, int]:
        encoder = build_encoder(config.model.encoder, units=1, output_dimension=2, normalize=True)
        return encoder.left, encoder.right

    def build(
        self, config: ContrastiveTrial, sessions: Mapping[str, SessionSpec]
    ) -> ContrastiveModel:
        return ContrastiveModel(config, sessions)

    def batches(self, config: ContrastiveTrial, shard: Shard) -> Callable[[int], list[Pairs]]:
        timelines = {
            name: training_timeline(config, session.timeline) for name, session in shard.items()
        }
        draws = group_draws(
            config,
            timelines,
            split="train",
            field=self.receptive_field(config),
            seed=config.training.seed,
        )
        size = config.training.batch_size
        negatives = config.sampling.negatives or size

        def batch(step: int) -> list[Pairs]:
            return [_on_device(draw(step, size, negatives), shard) for draw in draws]

        return batch

    def loss(
        self, model: ContrastiveModel, batch: list[Pairs], comm: Comm
    ) -> dict[str, torch.Tensor]:
        """The mean over sessions. A session's negatives are its own: otherwise a model could tell
        them apart by the identity of the session alone. Where positives come from all sessions,
        negatives do so too, and there is one loss.
        """
        losses = (
            [model.pairs_loss(pairs) for pairs in batch]
            if comm.workers == 1
            else loss_shares(model, batch, comm)
        )
        return {"loss": losses[0] if len(losses) == 1 else torch.stack(losses).mean()}

    def backward(self, model: ContrastiveModel, batch: list[Pairs], comm: Comm) -> torch.Tensor:
        if comm.workers > 1 or not all(
            model.has_fast_step(session) for pairs in batch for session in pairs.sessions
        ):
            return super().backward(model, batch, comm)
        losses = [model.add_gradients(pairs, weight=1 / len(batch)) for pairs in batch]
        return losses[0] if len(losses) == 1 else torch.stack(losses).mean()

    def embed(self, model: ContrastiveModel, session: str, x: torch.Tensor) -> torch.Tensor:
        encoder = model.encoder(session)
        return padded_sequence(encoder, x, before=encoder.left, after=encoder.right - 1)

    def validate(
        self, config: ContrastiveTrial, model: ContrastiveModel, shard: Shard, comm: Comm
    ) -> Validation:
        embeddings = {
            name: embed_session(model.encoder(name), session, comm)
            for name, session in shard.items()
        }
        if comm.rank > 0:
            return Validation({})
        timelines = {name: session.timeline for name, session in shard.items()}
        field = self.receptive_field(config)
        metrics = goodness_of_fit(config, model, embeddings, timelines, field=field)
        decoded = decoded_sessions(config, embeddings, timelines)
        metrics |= decoding_scores(decoded)
        if config.loss.learnable_temperature:
            metrics["temperature"] = model.criterion.temperature
        arrays, metadata = kept_embedding(embeddings, timelines)
        losses, units = kept_losses(config, model, decoded)
        return Validation(metrics, arrays | losses, metadata | units)

    def training_labels(self, config: ContrastiveTrial, decoded: str | None) -> tuple[str, ...]:
        labels = [
            label
            for objective in config.sampling.losses.values()
            for label in label_names(objective.pairs, decoded)
        ]
        return tuple(dict.fromkeys(labels))

    def check_adaptable(self, config: ContrastiveTrial) -> None:
        if not is_adaptable(config.model.encoder):
            raise ConfigError(
                "the encoder has no layers that other units could use: it is linear, or adds its "
                "input to what its first layer makes of it",
                "Adapt a model of another encoder (offset1, offset10, attention ...), or train "
                "anew (`raylab train`).",
            )

    def model_shape(self, config: ContrastiveTrial) -> object:
        return config.model, config.normalized

    def adopt(
        self, config: ContrastiveTrial, model: ContrastiveModel, trained: ContrastiveModel
    ) -> None:
        """Copy the trunk of one trained encoder into every new one, and a learnt temperature."""
        session = config.adaptation.session if config.adaptation else None
        source = trained.encoder(session) if session else trained.encoders[0]
        assert isinstance(source, Encoder)
        for encoder in model.encoders:
            assert isinstance(encoder, Encoder)
            adopt_trunk(encoder, source)
        if model.criterion.log_inverse_temperature is not None:
            model.criterion.load_state_dict(trained.criterion.state_dict())


def _on_device(group: Group, shard: Shard) -> Pairs:
    sessions = tuple(shard[name] for name in group.sessions)
    device = sessions[0].x.device
    if device.type == "cpu":
        return Pairs(sessions, group.rows, group.layout)
    partner = group.layout.partner
    layout = group.layout if partner is None else replace(group.layout, partner=partner.to(device))
    return Pairs(sessions, tuple(rows.to(device) for rows in group.rows), layout)
