"""Decoders: a label read from activity, by a network trained end to end or by a readout fitted at
once.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from raylab.config.decoder import DecoderTrial, FramesLoss
from raylab.config.networks import GraphConfig
from raylab.data.dataset import SessionSpec
from raylab.data.examples import SAMPLE, Examples
from raylab.data.session import Label
from raylab.data.shard import SessionShard, Shard
from raylab.errors import ConfigError, TrainingError
from raylab.evaluation.decoding import Decoded, mean_scores
from raylab.evaluation.readouts import require_support
from raylab.evaluation.scores import PRIMARY, frames_of, score_predictions
from raylab.models.networks.graph import GraphNetwork
from raylab.sampling.epochs import EpochSampler
from raylab.seeding import derive
from raylab.tasks.decoders import DecoderModel, fit_readouts, refitted
from raylab.tasks.embedding import KEPT_SAMPLES
from raylab.tasks.examples import every_example, field_of, owned, shown, taught
from raylab.tasks.frames import check_frames, kept_frames
from raylab.tasks.graphs import fit_graphs
from raylab.tasks.labels import check_labels, decoding_metrics
from raylab.tasks.protocol import Comm, Validation, backward
from raylab.tasks.targets import Target, target_in, target_of

EXAMPLES = 1024  # predicted at a time


@dataclass(frozen=True)
class Shown:
    """One session's share of a step: (n, L, K) examples that this worker owns, with their (n, ...)
    targets.
    """

    session: str
    x: Tensor
    target: Tensor


@dataclass(frozen=True)
class Step:
    """
    Attributes:
        count: Examples of all sessions, over all workers.
    """

    examples: tuple[Shown, ...]
    count: int


class DecoderFamily:
    def check(self, config: DecoderTrial, sessions: Mapping[str, SessionSpec]) -> None:
        check_labels(config, sessions)
        target = target_of(config, config.sessions.used(sessions))
        if config.at_once:
            require_support(config.model.kind, target.kind, label=target.name)
        if isinstance(config.loss, FramesLoss):
            check_frames(config.loss, target)
        if config.training.shots is not None and target.kind != "discrete":
            raise ConfigError(
                f"training.shots: label '{target.name}' is {target.kind}, shots are counted by "
                "class",
                "Leave it out, or set task.label to a label with classes.",
            )

    def metrics(self, config: DecoderTrial, sessions: Mapping[str, SessionSpec]) -> dict[str, str]:
        frames = (
            {"decoding.ssim": "max", "decoding.l1": "min"}
            if isinstance(config.loss, FramesLoss)
            else {}
        )
        return {"loss": "min", **decoding_metrics(config, sessions, class_scores=True), **frames}

    def receptive_field(self, config: DecoderTrial) -> tuple[int, int]:
        return field_of(config)

    def build(self, config: DecoderTrial, sessions: Mapping[str, SessionSpec]) -> torch.nn.Module:
        return DecoderModel(config, sessions)

    def fit(self, config: DecoderTrial, model: torch.nn.Module, shard: Shard, comm: Comm) -> None:
        """A readout whole; of a network, what classes count and the scale of its targets."""
        assert isinstance(model, DecoderModel)
        examples = {
            name: taught(config, session.timeline, model.target.name)
            for name, session in shard.items()
        }
        model.scale_to(examples)
        if config.at_once:
            if comm.workers > 1:
                raise TrainingError(
                    f"model.kind '{config.model.kind}' is fitted at once, by one worker, not "
                    f"{comm.workers}",
                    "Set resources.workers: 1 (--workers 1), or choose a network.",
                )
            fit_readouts(config, model, shard, examples)
        else:
            _fit_graphs(config, model, shard, comm)

    def predictions(
        self, config: DecoderTrial, model: torch.nn.Module, shard: Shard, split: str
    ) -> dict[str, Decoded] | None:
        assert isinstance(model, DecoderModel)
        again = split == "test" and refits(config)
        model, found = refitted(config, model, shard) if again else model, {}
        for name, session in shard.items():
            examples = scored(config, session, model.target.name, split)
            if decoded := _decoded(
                model, examples, outputs_of(config, model, session, examples.rows)
            ):
                fitted = ("train", "valid") if again else ("train",)
                found[name] = replace(decoded, fitted=fitted, choice=model.chosen(name))
        return found

    def training_labels(self, config: DecoderTrial, first: str | None) -> tuple[str, ...]:
        return (first,) if first else ()

    def adaptable(self, config: DecoderTrial) -> bool:
        return False

    def adopt(self, config: DecoderTrial, model: torch.nn.Module, trained: torch.nn.Module) -> None:
        raise AssertionError("checked by adaptable")

    def batches(self, config: DecoderTrial, shard: Shard) -> Callable[[int], Step]:
        target = target_in(config, shard)
        examples = {
            name: taught(config, session.timeline, target.name) for name, session in shard.items()
        }
        examples = {name: found for name, found in examples.items() if len(found.rows)}
        draws = {
            name: EpochSampler(len(of.rows), derive(config.training.seed, name))
            for name, of in examples.items()
        }
        told = {name: torch.from_numpy(target.told(of.label)) for name, of in examples.items()}
        size = config.training.batch_size

        def batch(step: int) -> Step:
            found = []
            for name, of in examples.items():
                at = draws[name].draw(step, size)
                at = at[owned(config, shard[name], of.rows[at])]
                x = shown(config, shard[name], of.rows[at])
                found.append(Shown(name, x, told[name][at].to(x.device)))
            return Step(tuple(found), size * len(examples))

        return batch

    def loss(self, model: torch.nn.Module, batch: Step, comm: Comm) -> dict[str, Tensor]:
        """The mean over examples of all sessions; what a worker returns is its share."""
        assert isinstance(model, DecoderModel)
        each = [model.errors(one.session, one.x, one.target).sum() for one in batch.examples]
        return {"loss": torch.stack(each).sum() / batch.count}

    def backward(self, model: torch.nn.Module, batch: Step, comm: Comm) -> Tensor:
        assert isinstance(model, DecoderModel)
        if model.config.at_once:  # nothing is left to train
            with torch.no_grad():
                return self.loss(model, batch, comm)["loss"]
        return backward(self.loss(model, batch, comm)["loss"])

    def embed(self, model: torch.nn.Module, session: str, x: Tensor) -> Tensor:
        """What the decoder says at each row: of a window around it, or of a group that would begin
        there.
        """
        assert isinstance(model, DecoderModel)
        left, right = (
            model.config.input.around if model.config.evaluation.per == SAMPLE else (0, model.rows)
        )
        rows = torch.arange(len(x), device=x.device)[:, None] + torch.arange(
            -left, right, device=x.device
        )
        windows = rows.clamp(0, len(x) - 1).split(EXAMPLES)
        pooled = model.config.input.pool == "mean"
        found = [x[of].mean(1, keepdim=True) if pooled else x[of] for of in windows]
        with torch.no_grad():
            return torch.cat([model.outputs(session, one) for one in found])

    def validate(
        self, config: DecoderTrial, model: torch.nn.Module, shard: Shard, comm: Comm
    ) -> Validation:
        assert isinstance(model, DecoderModel)
        name, outputs, found = model.target.name, {}, {}
        model.eval()
        for session, one in shard.items():
            found[session] = scored(config, one, name, "valid")
            outputs[session] = outputs_of(config, model, one, found[session].rows, comm)
        model.train()
        if comm.rank > 0:
            return Validation({})
        decoded = [_decoded(model, found[session], outputs[session]) for session in shard]
        present = [one for one in decoded if one is not None]
        metrics = {
            f"decoding.{key}": value
            for key, value in mean_scores([one.scores for one in present]).items()
        }
        if present:
            metrics["decoding.score"] = metrics[f"decoding.{PRIMARY[model.target.kind]}"]
        arrays, described = _kept(model.target, found, outputs)
        if model.frames is not None:
            kept, said = kept_frames(model.frames, found, outputs, model.mean)
            arrays, described = arrays | kept, described | said
        return Validation(metrics, arrays, described)


def refits(config: DecoderTrial) -> bool:
    """Whether the test split is scored after a fit on train and validation. Not where what training
    is told is part of the question: a few examples a class, or shuffled ones.
    """
    return config.at_once and config.training.shots is None and config.controls.shuffle is None


def _fit_graphs(config: DecoderTrial, model: DecoderModel, shard: Shard, comm: Comm) -> None:
    if isinstance(config.model, GraphConfig):
        assert isinstance(model.network, GraphNetwork)
        fit_graphs(config.model, model.network, shard, model.place, comm)


def scored(config: DecoderTrial, session: SessionShard, label: str, split: str) -> Examples:
    return every_example(config, session.timeline, label).labelled(
        (split,), config.evaluation.max_samples
    )


def outputs_of(
    config: DecoderTrial,
    model: DecoderModel,
    session: SessionShard,
    rows: np.ndarray,
    comm: Comm | None = None,
) -> np.ndarray:
    """(n, outputs) of the examples at (n, L) rows, put together from what each worker owns."""
    found = session.x.new_zeros(len(rows), model.target.outputs)
    with torch.no_grad():
        for at in np.array_split(
            mine := owned(config, session, rows), max(1, len(mine) // EXAMPLES)
        ):
            x = shown(config, session, rows[at])
            found[torch.from_numpy(at).to(found.device)] = model.outputs(
                session.timeline.session, x
            ).to(found)
        return (comm or Comm()).gather_rows(found).cpu().numpy()


def _decoded(model: DecoderModel, examples: Examples, outputs: np.ndarray) -> Decoded | None:
    """None where fewer than two examples are labelled, or all are the same: nothing to tell apart."""
    target, truth = model.target, examples.label.values
    if len(truth) < 2 or (truth == truth[0]).all():
        return None
    predicted, scores = target.said(outputs, examples.label)
    known = examples.label.classes
    classes = (*known, *(name for name in target.classes if name not in known))
    frames = frames_of(replace(examples.label, classes=classes))
    found = score_predictions(target.kind, truth, predicted, scores, frames=frames)
    if model.frames is not None:
        found |= model.frames.scores(outputs, truth, mean=model.mean)
    how = {
        "classes": classes,
        "frames": frames,
        "class_scores": scores,
        "belongs": examples.belongs,
    }
    return Decoded(target.kind, found, truth, predicted, **how)  # type: ignore[arg-type]


def _kept(
    target: Target, examples: Mapping[str, Examples], outputs: Mapping[str, np.ndarray]
) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """Outputs for validation examples with the label, in the form in which embeddings are kept for
    plots.
    """
    points, sessions, labels = [], [], []
    for code, (name, of) in enumerate(examples.items()):
        at = of.positions(("valid",), max(1, KEPT_SAMPLES // len(examples)))
        points.append(outputs[name][at])
        sessions.append(np.full(len(at), code))
        values = of.label.values[at]
        labels.append(
            target.told(replace(of.label, values=values)) if target.kind == "discrete" else values
        )
    arrays = {
        "embedding": np.concatenate(points).astype(np.float32),
        "session": np.concatenate(sessions),
    }
    first: Label = next(iter(examples.values())).label
    described = {target.name: {"kind": target.kind, "unit": first.unit, "classes": target.classes}}
    arrays[f"label.{target.name}"] = np.concatenate(labels)
    return arrays, {"labels": json.dumps(described), "sessions": json.dumps(list(examples))}
