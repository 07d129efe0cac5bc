"""VQ-VAE of windows of activity (van den Oord, Vinyals & Kavukcuoglu 2017), with a head that reads
behaviour.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from raylab.config.vqvae import VqvaeTrial
from raylab.data.dataset import SessionSpec
from raylab.data.shard import SessionShard, Shard
from raylab.data.splitting.splits import CODE
from raylab.data.views.view import view_labels
from raylab.errors import ConfigError
from raylab.models.quantizers.base import Share
from raylab.models.vqvae import VqVae
from raylab.sampling.windows import WindowSampler
from raylab.seeding import derive
from raylab.tasks.behaviour import STATISTICS, Behaviour
from raylab.tasks.coding import code_rows, code_session
from raylab.tasks.coding_scores import code_scores, kept_codes, mean_scores_of, rebuilt_samples
from raylab.tasks.embedding import kept_embedding, take_windows
from raylab.tasks.labels import check_labels, decoding_metrics, decoding_scores
from raylab.tasks.protocol import Comm, Validation, backward

SCORES = {
    "reconstruction.mse": "min",
    "reconstruction.explained_variance": "max",
    "codes.usage": "max",
    "codes.usage_least": "max",
    "codes.perplexity": "max",
    "codes.bits_per_window": "min",
    "codes.bits_per_s": "min",
    "codes.capacity": "min",
    "codes.loss": "min",
}


@dataclass(frozen=True)
class Windows:
    """One session's share of a step.

    Attributes:
        x: (n, window, K) of those windows whose first row this worker owns.
        places: (n,) int64 which of the session's windows of the step these are.
        behaviour: (n, statistics) standardised targets, NaN where the label is missing; None
            without a head.
    """

    session: str
    x: Tensor
    places: Tensor
    behaviour: Tensor | None


@dataclass(frozen=True)
class Step:
    """What a step is trained on.

    Attributes:
        count: Windows of each session, over all workers.
        labelled: Windows with behaviour, over all workers and sessions.
    """

    windows: tuple[Windows, ...]
    count: int
    labelled: int = 0


class VqvaeModel(torch.nn.Module):
    """The network, and whose first and last layer is whose.

    Args:
        sessions: Their units are those that the view shows.
    """

    def __init__(self, config: VqvaeTrial, sessions: Mapping[str, SessionSpec]) -> None:
        super().__init__()
        shared, units = (
            config.sessions.combine == "padded",
            [spec.units for spec in sessions.values()],
        )
        self.network = VqVae(
            config.model,
            config.quantizer,
            [max(units)] if shared else units,
            statistics=len(STATISTICS) if config.behaviour.label else 0,
            seed=derive(config.training.seed, "quantizer"),
        )
        self.place = {name: 0 if shared else place for place, name in enumerate(sessions)}
        self.config = config
        self.bf16 = config.training.precision == "bf16"
        weights = torch.tensor([config.behaviour.weights[name] for name in STATISTICS])
        self.statistic_weights = config.behaviour.weight * weights

    def encode(self, one: Windows) -> Tensor:
        """(n, window, K) -> (n, codes, D) float32."""
        with self._precision(one.x):
            return self.network.encode(one.x, self.place[one.session]).float()

    def squared_error(self, one: Windows, values: Tensor) -> Tensor:
        """Of what (n, codes, D) decodes to, summed over windows, rows and units."""
        with self._precision(one.x):
            return self.network.squared_error(values, one.x, self.place[one.session])

    def _precision(self, x: Tensor) -> AbstractContextManager[Any]:
        """Of the network while training; the quantizer, its distances and averages, stay float32."""
        return torch.autocast(x.device.type, torch.bfloat16) if self.bf16 else nullcontext()


class VqvaeFamily:
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
        found = {"loss": "min", **SCORES}
        if config.behaviour.label:
            found |= {"behaviour.r2": "max"} | {
                f"behaviour.r2_{name}": "max" for name in STATISTICS
            }
        return found | decoding_metrics(config, sessions)

    def receptive_field(self, config: VqvaeTrial) -> tuple[int, int]:
        return 0, config.model.window

    def build(self, config: VqvaeTrial, sessions: Mapping[str, SessionSpec]) -> torch.nn.Module:
        return VqvaeModel(config, sessions)

    def fit(self, config: VqvaeTrial, model: torch.nn.Module, shard: Shard, comm: Comm) -> None:
        """All of it is trained."""

    def predictions(
        self, config: VqvaeTrial, model: torch.nn.Module, shard: Shard, split: str
    ) -> None:
        """Its embeddings are decoded."""

    def training_labels(self, config: VqvaeTrial, first: str | None) -> tuple[str, ...]:
        return (config.behaviour.label,) if config.behaviour.label else ()

    def adaptable(self, config: VqvaeTrial) -> bool:
        return False

    def adopt(self, config: VqvaeTrial, model: torch.nn.Module, trained: torch.nn.Module) -> None:
        raise AssertionError("checked by adaptable")

    def batches(self, config: VqvaeTrial, shard: Shard) -> Callable[[int], Step]:
        draws, count = self._samplers(config, shard), config.training.batch_size
        behaviour = Behaviour.of(config, shard)

        def batch(step: int) -> Step:
            found, labelled = [], 0
            for name, session in shard.items():
                if name in draws:
                    starts = draws[name].draw(step, count)
                    targets = behaviour.targets(name, starts) if behaviour else None
                    labelled += int(targets.isfinite().all(1).sum()) if targets is not None else 0
                    found.append(_owned(session, starts, config.model.window, targets))
            return Step(tuple(found), count, labelled)

        return batch

    def _samplers(self, config: VqvaeTrial, shard: Shard) -> dict[str, WindowSampler]:
        found = {}
        for name, session in shard.items():
            parts = session.timeline.parts
            training = parts[parts[:, 2] == CODE["train"], :2]
            if len(training):
                found[name] = WindowSampler(
                    training,
                    window=config.model.window,
                    stride=config.model.stride,
                    seed=derive(config.training.seed, name),
                    session=name,
                )
        return found

    def loss(self, model: torch.nn.Module, batch: Step, comm: Comm) -> dict[str, Tensor]:
        """Squared error of the reconstruction (a mean over sessions), what the quantizer adds, and
        the head's error.

        All sessions' codes go through the codebook together. What a worker returns is its share.
        """
        assert isinstance(model, VqvaeModel)
        latents = [model.encode(one) for one in batch.windows]
        share = _share(batch, latents, comm) if comm.workers > 1 else None
        coded = model.network.quantize(torch.cat(latents), share)
        error, behaviour = coded.loss.new_zeros(()), coded.loss.new_zeros(())
        for one, values in zip(batch.windows, coded.values.split([len(each) for each in latents])):
            size = batch.count * len(batch.windows) * one.x.shape[1] * one.x.shape[2]
            error = error + model.squared_error(one, values) / size
            if one.behaviour is not None and batch.labelled:
                behaviour = behaviour + _head_error(model, values, one.behaviour) / batch.labelled
        return {
            "loss": error + coded.loss + behaviour,
            "reconstruction": error,
            "quantizer": coded.loss,
        }

    def backward(self, model: torch.nn.Module, batch: Step, comm: Comm) -> Tensor:
        return backward(self.loss(model, batch, comm)["loss"])

    def embed(self, model: torch.nn.Module, session: str, x: Tensor) -> Tensor:
        """The vectors of codes, each for the rows that it stands for; windows side by side."""
        assert isinstance(model, VqvaeModel)
        parts, local = np.array([[0, len(x), CODE["train"]]]), torch.arange(len(x), device=x.device)
        return code_rows(
            model.network, model.place[session], x, local, parts, **_shape(model.config)
        ).vectors

    def validate(
        self, config: VqvaeTrial, model: torch.nn.Module, shard: Shard, comm: Comm
    ) -> Validation:
        assert isinstance(model, VqvaeModel)
        model.eval()
        with torch.no_grad():
            how: dict[str, Any] = {"splits": ("train", "valid"), **_shape(config)}
            coded = {
                name: code_session(model.network, model.place[name], session, **how).summed(comm)
                for name, session in shard.items()
            }
        if comm.rank > 0:
            model.train()
            return Validation({})
        embeddings = {name: one.vectors.cpu().numpy() for name, one in coded.items()}
        metrics = decoding_scores(
            config, embeddings, {name: session.timeline for name, session in shard.items()}
        )
        rebuilt = {name: rebuilt_samples(config, shard[name], one) for name, one in coded.items()}
        metrics |= mean_scores_of("reconstruction", [one.scores for one in rebuilt.values()])
        metrics |= code_scores(config, model.network.quantizer, shard, coded)
        model.train()
        behaviour = Behaviour.of(config, shard)
        if behaviour:
            predicted = {
                name: (one.tiles, one.predicted.cpu().numpy()) for name, one in coded.items()
            }
            metrics |= behaviour.scores(predicted)
        arrays, metadata = kept_embedding(
            embeddings, {name: session.timeline for name, session in shard.items()}
        )
        kept, described = kept_codes(model.network.quantizer.sizes, coded, rebuilt)
        return Validation(metrics, {**arrays, **kept}, {**metadata, **described})


def _shape(config: VqvaeTrial) -> dict[str, int]:
    return {"reduction": config.model.reduction, "window": config.model.window}


def _owned(
    session: SessionShard, starts: np.ndarray, window: int, targets: Tensor | None
) -> Windows:
    """What this worker holds of the windows of a step."""
    first = session.local[torch.from_numpy(starts).to(session.local.device)]
    places = (first >= 0).nonzero()[:, 0]
    x = take_windows(session.x, first[places], window)
    mine = None if targets is None else targets.to(x.device)[places]
    return Windows(session.timeline.session, x, places, mine)


def _share(batch: Step, latents: Sequence[Tensor], comm: Comm) -> Share:
    length = latents[0].shape[1]
    codes = torch.arange(length, device=latents[0].device)
    places = [
        ((at * batch.count + one.places)[:, None] * length + codes).flatten()
        for at, one in enumerate(batch.windows)
    ]
    return Share(comm, len(batch.windows) * batch.count * length, torch.cat(places))


def _head_error(model: VqvaeModel, values: Tensor, targets: Tensor) -> Tensor:
    """Summed over windows that have the label throughout."""
    known = targets.isfinite().all(1)
    error = (model.network.predict(values)[known] - targets[known]).square()
    return (error * model.statistic_weights.to(error)).sum()
