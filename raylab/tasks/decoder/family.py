"""The decoder family: what it trains on, minimises and validates."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import torch
from torch import Tensor

from raylab.config.decoder import DecoderTrial, FramesLoss
from raylab.config.networks import GraphConfig
from raylab.config.readouts import ReadoutConfig
from raylab.data.datasets.specs import SessionSpec
from raylab.data.examples import SAMPLE, Examples
from raylab.data.shard import Shard
from raylab.errors import ConfigError, TrainingError
from raylab.evaluation.decoding import Decoded
from raylab.evaluation.ensembles.probabilities import session_probabilities
from raylab.evaluation.metrics import directions
from raylab.evaluation.readout_method import Course
from raylab.evaluation.readouts import require_settings
from raylab.models.networks.graph import GraphNetwork
from raylab.sampling.epochs import EpochSampler
from raylab.seeding import derive
from raylab.tasks.decoder.canonical import canonical_decoder, overruled_by_readout
from raylab.tasks.decoder.examples import (
    example_activity,
    example_field,
    owned_examples,
    training_examples,
)
from raylab.tasks.decoder.frames import check_frames
from raylab.tasks.decoder.graphs import fit_graphs
from raylab.tasks.decoder.kept import kept_frames, kept_outputs
from raylab.tasks.decoder.model import DecoderModel
from raylab.tasks.decoder.predictions import (
    BATCH,
    decoded_examples,
    outputs_of,
    scored_examples,
)
from raylab.tasks.decoder.readouts import fit_readouts, readout_candidates, refitted
from raylab.tasks.decoder.targets import target_in, target_of
from raylab.tasks.kept import kept_losses
from raylab.tasks.labels import check_labels, decoding_metrics, decoding_scores
from raylab.tasks.predictions import Places, kept_predictions
from raylab.tasks.protocol import Candidate, Comm, Task, Validation


@dataclass(frozen=True)
class SessionBatch:
    """One session's share of a step: (n, L, K) examples that this worker owns, with their (n, ...)
    targets.
    """

    session: str
    x: Tensor
    target: Tensor


@dataclass(frozen=True)
class Step:
    """What a step is trained on.

    Attributes:
        count: Examples of all sessions, over all workers.
    """

    examples: tuple[SessionBatch, ...]
    count: int


class DecoderFamily(Task[DecoderTrial, DecoderModel, Step]):
    """A network that is trained to predict a label, or a readout that is fitted in one call."""

    def check(self, config: DecoderTrial, sessions: Mapping[str, SessionSpec]) -> None:
        check_labels(config, sessions)
        target = target_of(config, config.sessions.used(sessions))
        if isinstance(config.model, ReadoutConfig):
            require_settings(config.model, target.kind, label=target.name)
        if isinstance(config.loss, FramesLoss):
            check_frames(config.loss, target)
        if config.training.shots is not None and target.kind != "discrete":
            raise ConfigError(
                f"training.shots: label '{target.name}' is {target.kind}, shots are counted by "
                "class",
                "Leave it out, or set task.label to a label with classes.",
            )

    def metrics(self, config: DecoderTrial, sessions: Mapping[str, SessionSpec]) -> dict[str, str]:
        decoding = decoding_metrics(config, sessions, class_scores=True)
        frames = ("decoding.ssim", "decoding.l1") if isinstance(config.loss, FramesLoss) else ()
        return directions("loss") | decoding | directions(*frames)

    def overruled(self, config: DecoderTrial) -> tuple[str, ...]:
        return overruled_by_readout(config)

    def canonical(self, config: DecoderTrial, sessions: Mapping[str, SessionSpec]) -> DecoderTrial:
        return canonical_decoder(config, sessions)

    def receptive_field(self, config: DecoderTrial) -> tuple[int, int]:
        return example_field(config)

    def build(self, config: DecoderTrial, sessions: Mapping[str, SessionSpec]) -> DecoderModel:
        return DecoderModel(config, sessions)

    def fit(self, config: DecoderTrial, model: DecoderModel, shard: Shard, comm: Comm) -> None:
        """Fit a readout completely; of a network, set the weights of classes and the scale of its
        targets.
        """
        examples = self._scaled(config, model, shard)
        if config.at_once:
            if comm.workers > 1:
                raise TrainingError(
                    f"model.kind '{config.model.kind}' is fitted in a single step by one "
                    f"worker, not by {comm.workers}",
                    "Set resources.workers: 1 (--workers 1), or choose a network.",
                )
            fit_readouts(config, model, shard, examples)
        elif isinstance(config.model, GraphConfig):
            assert isinstance(model.network, GraphNetwork)
            fit_graphs(config.model, model.network, shard, model.place, comm)

    def _scaled(
        self, config: DecoderTrial, model: DecoderModel, shard: Shard
    ) -> dict[str, Examples]:
        """The training examples, to whose scale the model is set."""
        examples = {
            name: training_examples(config, session.timeline, model.target.name)
            for name, session in shard.items()
        }
        model.scale_to(examples)
        return examples

    def candidates(
        self, config: DecoderTrial, model: DecoderModel, shard: Shard, split: str = "valid"
    ) -> Iterator[Candidate]:
        if isinstance(config.model, ReadoutConfig) and split == "valid":
            examples = self._scaled(config, model, shard)
            yield from readout_candidates(config, model, shard, examples)
        else:
            decoded = self.predictions(config, model, shard, split)
            likely = partial(session_probabilities, config.model.kind, decoded)
            yield Candidate({}, decoded, probabilities=likely)

    def predictions(
        self, config: DecoderTrial, model: DecoderModel, shard: Shard, split: str
    ) -> dict[str, Decoded]:
        again = split == "test" and refits(config)
        if again:
            model = refitted(config, model, shard)
        sessions = {}
        for name, session in shard.items():
            examples = scored_examples(config, session, model.target.name, split)
            outputs = outputs_of(config, model, session, examples.rows)
            if decoded := decoded_examples(model, examples, outputs):
                fitted = ("train", "valid") if again else config.sessions.training_splits
                choice = model.session_settings(name)
                sessions[name] = replace(decoded, fitted=fitted, choice=choice)
        return sessions

    def batches(self, config: DecoderTrial, shard: Shard) -> Callable[[int], Step]:
        target = target_in(config, shard)
        labelled = {
            name: training_examples(config, session.timeline, target.name)
            for name, session in shard.items()
        }
        examples = {name: session for name, session in labelled.items() if len(session.rows)}
        draws = {
            name: EpochSampler(len(session.rows), derive(config.training.seed, name))
            for name, session in examples.items()
        }
        targets = {
            name: torch.from_numpy(target.encode(session.label))
            for name, session in examples.items()
        }
        size = config.training.batch_size

        def batch(step: int) -> Step:
            sessions = []
            for name, session in examples.items():
                at = draws[name].draw(step, size)
                at = at[owned_examples(config, shard[name], session.rows[at])]
                x = example_activity(config, shard[name], session.rows[at])
                sessions.append(SessionBatch(name, x, targets[name][at].to(x.device)))
            return Step(tuple(sessions), size * len(examples))

        return batch

    def loss(self, model: DecoderModel, batch: Step, comm: Comm) -> dict[str, Tensor]:
        """The mean error over the examples of all sessions."""
        sums = [
            model.errors(session.session, session.x, session.target).sum()
            for session in batch.examples
        ]
        return {"loss": torch.stack(sums).sum() / batch.count}

    def backward(self, model: DecoderModel, batch: Step, comm: Comm) -> Tensor:
        if model.config.at_once:  # a fitted readout has nothing to train
            with torch.no_grad():
                return self.loss(model, batch, comm)["loss"]
        return super().backward(model, batch, comm)

    def embed(self, model: DecoderModel, session: str, x: Tensor) -> Tensor:
        """The decoder's outputs at each row: of a window around it, or of a group that would begin
        there.
        """
        left, right = (
            model.config.input.around if model.config.evaluation.per == SAMPLE else (0, model.rows)
        )
        rows = torch.arange(len(x), device=x.device)[:, None] + torch.arange(
            -left, right, device=x.device
        )
        windows = rows.clamp(0, len(x) - 1).split(BATCH)
        pooled = model.config.input.pool == "mean"
        if model.config.sequential:
            place, every = model.place[session], np.arange(len(x))
            features = [model.features(place, x[of]) for of in windows]
            course = Course(np.concatenate(features), every, every)
            return torch.from_numpy(model.outputs_along(session, course)).to(x.device)
        with torch.no_grad():
            outputs = [
                model.outputs(session, x[of].mean(1, keepdim=True) if pooled else x[of])
                for of in windows
            ]
            return torch.cat(outputs)

    def validate(
        self, config: DecoderTrial, model: DecoderModel, shard: Shard, comm: Comm
    ) -> Validation:
        label, outputs, examples = model.target.name, {}, {}
        model.eval()
        for name, session in shard.items():
            examples[name] = scored_examples(config, session, label, "valid")
            outputs[name] = outputs_of(config, model, session, examples[name].rows, comm)
        model.train()
        if comm.rank > 0:
            return Validation({})
        sessions = {name: decoded_examples(model, examples[name], outputs[name]) for name in shard}
        present = {name: decoded for name, decoded in sessions.items() if decoded is not None}
        metrics = decoding_scores(present)
        arrays, metadata = kept_outputs(model.target, examples, outputs)
        if model.frames is not None:
            frames, frames_metadata = kept_frames(model.frames, examples, outputs, model.mean)
            arrays, metadata = arrays | frames, metadata | frames_metadata
        losses, units = kept_losses(config, model, present)
        shown, described = kept_predictions(
            present,
            {name: Places.of(shard[name], examples[name]) for name in present},
            label=label,
            unit=_unit(examples),
            split="valid",
            per=config.evaluation.per,
        )
        return Validation(metrics, arrays | losses | shown, metadata | units | described)

    def training_labels(self, config: DecoderTrial, decoded: str | None) -> tuple[str, ...]:
        return (decoded,) if decoded else ()


def _unit(examples: Mapping[str, Examples]) -> str:
    """The unit of the label, which all sessions share."""
    return next((each.label.unit for each in examples.values()), "")


def refits(config: DecoderTrial) -> bool:
    """Whether the model is fitted on train and validation before the test split is scored. It is
    not where training uses a few examples per class or shuffled labels, because the score is then
    about exactly those training examples.
    """
    plain = config.training.shots is None and config.controls.shuffle is None
    return config.at_once and plain and config.sessions.validates
