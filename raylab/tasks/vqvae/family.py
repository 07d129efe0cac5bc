"""The VQ-VAE family: what it trains on, minimises and validates."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import torch
from torch import Tensor

from raylab.config.base import defaults
from raylab.config.vqvae import BehaviourConfig, VqvaeTrial
from raylab.data.datasets.specs import SessionSpec
from raylab.data.shard import Shard
from raylab.data.splitting.splits import CODE
from raylab.data.views.view import view_labels
from raylab.errors import ConfigError
from raylab.evaluation.metrics import directions
from raylab.tasks.kept import kept_embedding, kept_losses
from raylab.tasks.labels import (
    check_labels,
    decoded_sessions,
    decoding_metrics,
    decoding_scores,
)
from raylab.tasks.protocol import Comm, Task, Validation
from raylab.tasks.vqvae.behaviour import Behaviour
from raylab.tasks.vqvae.coding import code_rows, code_session
from raylab.tasks.vqvae.kept import kept_codes
from raylab.tasks.vqvae.model import VqvaeModel
from raylab.tasks.vqvae.scores import code_scores, mean_scores_of, rebuilt_samples
from raylab.tasks.vqvae.windows import Step, code_share, owned_windows, window_samplers


class VqvaeFamily(Task[VqvaeTrial, VqvaeModel, Step]):
    """Windows of activity as discrete codes; the vectors of the codes are decoded."""

    def check(self, config: VqvaeTrial, sessions: Mapping[str, SessionSpec]) -> None:
        label = config.behaviour.label
        check_labels(config, sessions, [("behaviour.label", label)] if label else [])
        for spec in config.sessions.used(sessions).values():
            known = view_labels(spec.labels, config.view)
            if label and (known[label].kind != "continuous" or known[label].dims != 1):
                raise ConfigError(
                    f"behaviour.label '{label}': {known[label].kind} with {known[label].dims} "
                    f"dimensions in session '{spec.id}', one continuous number is needed",
                    "Choose another label, or leave behaviour out.",
                )
        if config.controls.shuffle is not None and not label:
            raise ConfigError(
                "controls.shuffle: no label takes part in training (behaviour.label is not set)",
                "Leave it out, or set behaviour.label.",
            )

    def metrics(self, config: VqvaeTrial, sessions: Mapping[str, SessionSpec]) -> dict[str, str]:
        behaviour = ("behaviour.*",) if config.behaviour.label else ()
        own = directions("loss", "reconstruction.*", "codes.*", *behaviour)
        return own | decoding_metrics(config, sessions)

    def canonical(self, config: VqvaeTrial, sessions: Mapping[str, SessionSpec]) -> VqvaeTrial:
        changes: dict[str, object] = {}
        if config.behaviour.label is None:
            changes["behaviour"] = BehaviourConfig()
        if config.model.residual_blocks == 0:
            of_blocks = defaults(config.model, "norm_groups", "dropout")
            changes["model"] = config.model.model_copy(update=of_blocks)
        return config.model_copy(update=changes)

    def receptive_field(self, config: VqvaeTrial) -> tuple[int, int]:
        return 0, config.model.window

    def build(self, config: VqvaeTrial, sessions: Mapping[str, SessionSpec]) -> VqvaeModel:
        return VqvaeModel(config, sessions)

    def batches(self, config: VqvaeTrial, shard: Shard) -> Callable[[int], Step]:
        samplers, count = window_samplers(config, shard), config.training.batch_size
        behaviour = Behaviour.of(config, shard)

        def batch(step: int) -> Step:
            windows, labelled = [], 0
            for name, session in shard.items():
                if name in samplers:
                    starts = samplers[name].draw(step, count)
                    targets = behaviour.targets(name, starts) if behaviour else None
                    labelled += int(targets.isfinite().all(1).sum()) if targets is not None else 0
                    windows.append(owned_windows(session, starts, config.model.window, targets))
            return Step(tuple(windows), count, labelled)

        return batch

    def loss(self, model: VqvaeModel, batch: Step, comm: Comm) -> dict[str, Tensor]:
        """The squared error of the reconstruction (a mean over sessions), plus the loss of the
        quantizer and the error of the head. The codes of all sessions go through the codebook
        together.
        """
        latents = [model.encode(windows) for windows in batch.windows]
        share = code_share(batch, latents, comm) if comm.workers > 1 else None
        coded = model.network.quantize(torch.cat(latents), share)
        error, behaviour = coded.loss.new_zeros(()), coded.loss.new_zeros(())
        values_of_sessions = coded.values.split([len(latent) for latent in latents])
        for windows, values in zip(batch.windows, values_of_sessions):
            size = batch.count * len(batch.windows) * windows.x.shape[1] * windows.x.shape[2]
            error = error + model.squared_error(windows, values) / size
            if windows.behaviour is not None and batch.labelled:
                head_error = model.behaviour_error(values, windows.behaviour)
                behaviour = behaviour + head_error / batch.labelled
        return {
            "loss": error + coded.loss + behaviour,
            "reconstruction": error,
            "quantizer": coded.loss,
        }

    def embed(self, model: VqvaeModel, session: str, x: Tensor) -> Tensor:
        """The vectors of codes, each for the rows that it stands for; windows lie side by side."""
        parts, local = np.array([[0, len(x), CODE["train"]]]), torch.arange(len(x), device=x.device)
        return code_rows(
            model.network,
            model.place[session],
            x,
            local,
            parts,
            reduction=model.config.model.reduction,
            window=model.config.model.window,
        ).vectors

    def validate(
        self, config: VqvaeTrial, model: VqvaeModel, shard: Shard, comm: Comm
    ) -> Validation:
        model.eval()
        with torch.no_grad():
            coded = {
                name: code_session(
                    model.network,
                    model.place[name],
                    session,
                    splits=("train", "valid"),
                    reduction=config.model.reduction,
                    window=config.model.window,
                ).summed(comm)
                for name, session in shard.items()
            }
        if comm.rank > 0:
            model.train()
            return Validation({})
        timelines = {name: session.timeline for name, session in shard.items()}
        embeddings = {name: codes.vectors.cpu().numpy() for name, codes in coded.items()}
        decoded = decoded_sessions(config, embeddings, timelines)
        metrics = decoding_scores(decoded)
        rebuilt = {
            name: rebuilt_samples(config, shard[name], codes) for name, codes in coded.items()
        }
        metrics |= mean_scores_of(
            "reconstruction", [samples.scores for samples in rebuilt.values()]
        )
        metrics |= code_scores(config, model.network.quantizer, shard, coded)
        model.train()
        behaviour = Behaviour.of(config, shard)
        if behaviour:
            predicted = {
                name: (codes.tiles, codes.predicted.cpu().numpy()) for name, codes in coded.items()
            }
            metrics |= behaviour.scores(predicted)
        arrays, metadata = kept_embedding(embeddings, timelines)
        code_arrays, code_metadata = kept_codes(model.network.quantizer.sizes, coded, rebuilt)
        losses, units = kept_losses(config, model, decoded)
        return Validation(metrics, arrays | code_arrays | losses, metadata | code_metadata | units)

    def training_labels(self, config: VqvaeTrial, decoded: str | None) -> tuple[str, ...]:
        return (config.behaviour.label,) if config.behaviour.label else ()
