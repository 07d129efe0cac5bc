"""A decoder as a module: a network, or readouts, which are arrays."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from raylab.config.decoder import DecoderTrial, FramesLoss, PlainLoss
from raylab.config.readouts import ReadoutConfig
from raylab.data.dataset import SessionSpec
from raylab.data.examples import Examples
from raylab.data.session import Label
from raylab.data.shard import SessionShard, Shard
from raylab.errors import TrainingError
from raylab.evaluation.reading import primary_score
from raylab.evaluation.readouts import Readout, choose_readout, fit_readout
from raylab.evaluation.scores import on_circle
from raylab.models.networks.build import build_network
from raylab.models.stored import StoredArrays
from raylab.tasks.examples import every_example, rows_of, shown
from raylab.tasks.frames import FrameError
from raylab.tasks.targets import target_of

SETTINGS = "settings"  # the array that holds a readout's settings, as JSON


class DecoderModel(torch.nn.Module):
    """(n, L, K) examples of a session -> (n, outputs): scores of classes, values, or points on
    circles.

    Sessions share all but a first layer, or, where they are padded, all of a network. A readout is
    a session's own, or, where they are padded, fitted on all.

    Args:
        sessions: Their units are those that the view shows.
    """

    mean: Tensor
    std: Tensor
    weights: Tensor

    def __init__(self, config: DecoderTrial, sessions: Mapping[str, SessionSpec]) -> None:
        super().__init__()
        self.config, self.target = config, target_of(config, sessions)
        shared, units = (
            config.sessions.combine == "padded",
            [spec.units for spec in sessions.values()],
        )
        self.units = [max(units)] if shared else units
        self.place = {name: 0 if shared else place for place, name in enumerate(sessions)}
        self.rows, outputs = rows_of(config, sessions), self.target.outputs
        self.register_buffer("mean", torch.zeros(outputs))
        self.register_buffer("std", torch.ones(outputs))
        self.register_buffer("weights", torch.ones(outputs))
        self.frames = FrameError(config.loss) if isinstance(config.loss, FramesLoss) else None
        if isinstance(config.model, ReadoutConfig):
            self.readouts = torch.nn.ModuleList(StoredArrays() for _ in self.units)
        else:
            self.network = build_network(config.model, self.units, outputs, length=self.rows)

    def outputs(self, session: str, x: Tensor) -> Tensor:
        """(n, L, K) -> (n, outputs), values in the label's own unit."""
        place = self.place[session]
        if self.config.at_once:
            return torch.from_numpy(self._read(place, self.features(place, x))).to(x)
        return self._network(session, x) * self.std + self.mean

    def errors(self, session: str, x: Tensor, target: Tensor) -> Tensor:
        """(n,) what training minimises the mean of; of a readout, only how far it is from the
        truth.
        """
        if self.config.at_once:
            return self._misses(self.outputs(session, x), target)
        if self.frames is not None:
            found = self.outputs(session, x)
            return self.frames(found, target.to(found))
        found = self._network(session, x)
        if self.target.kind == "discrete":
            weights = self.weights[target]
            assert isinstance(self.config.loss, PlainLoss)  # checked before
            smoothing = self.config.loss.label_smoothing
            return weights * functional.cross_entropy(
                found, target, reduction="none", label_smoothing=smoothing
            )
        return (found - (target - self.mean) / self.std).square().mean(1)

    def _misses(self, outputs: Tensor, target: Tensor) -> Tensor:
        if self.target.kind == "discrete":
            return (outputs.argmax(1) != target).to(outputs)
        return ((outputs - target) / self.std).square().mean(1)

    def _network(self, session: str, x: Tensor) -> Tensor:
        bf16 = self.config.training.precision == "bf16" and self.training
        with torch.autocast(x.device.type, torch.bfloat16, enabled=bf16):
            found: Tensor = self.network(self._whole(x), self.place[session])
        return found.float()

    def features(self, place: int, x: Tensor) -> np.ndarray:
        """(n, L, K) -> (n, rows * units) as a readout sees them; units that a session lacks are
        zero.
        """
        whole = functional.pad(self._whole(x), (0, self.units[place] - x.shape[2]))
        return whole.flatten(1).cpu().numpy()

    def _whole(self, x: Tensor) -> Tensor:
        """As many rows as the longest example has."""
        missing = self.rows - x.shape[1]
        return x if missing == 0 else torch.cat([x, x[:, -1:].expand(-1, missing, -1)], dim=1)

    def chosen(self, session: str) -> ReadoutConfig | None:
        """The settings of the readout of a session; None of a network."""
        return self.settings(self.place[session]) if self.config.at_once else None

    def settings(self, place: int) -> ReadoutConfig:
        """Those that the readout of a place was fitted with."""
        return type(_settings(self.config)).model_validate_json(
            self._arrays(place)[SETTINGS].tobytes()
        )

    def _arrays(self, place: int) -> dict[str, np.ndarray]:
        stored = self.readouts[place]
        assert isinstance(stored, StoredArrays)
        return {name: value.cpu().numpy() for name, value in stored.arrays.items()}

    def _read(self, place: int, features: np.ndarray) -> np.ndarray:
        kind = self.target.kind
        said = Readout(self.config.model.kind, kind, self._arrays(place)).predict(features)
        if kind == "discrete":
            assert said.scores is not None
            return said.scores
        return on_circle(said.values) if kind == "circular" else said.values

    def scale_to(self, examples: Mapping[str, Examples]) -> None:
        """What the training examples of all sessions say: the scale of values, the weights of
        classes.

        Raises:
            TrainingError: there are none, or they are all the same.
        """
        told = [self.target.told(of.label) for of in examples.values()]
        every = np.concatenate(told) if told else np.zeros(0)
        if not len(every) or (every == every[0]).all():
            raise TrainingError(
                f"task.label '{self.target.name}': {len(every)} training examples have it"
                + (", all of them the same" if len(every) else ""),
                "Choose another label or other splits.",
            )
        if self.target.kind == "continuous":
            std = every.std(axis=0)
            self.mean.copy_(torch.from_numpy(every.mean(axis=0)))
            self.std.copy_(torch.from_numpy(np.where(std > 0, std, 1.0)))
        if self.frames is not None:
            self.frames.scale_to(every)
        if (
            self.target.kind == "discrete"
            and isinstance(self.config.loss, PlainLoss)
            and self.config.loss.balanced
        ):
            counts = np.bincount(every, minlength=self.target.outputs)
            there = counts > 0
            self.weights.copy_(
                torch.from_numpy(
                    np.where(there, len(every) / (there.sum() * np.maximum(counts, 1)), 0)
                )
            )


def fit_readouts(
    config: DecoderTrial, model: DecoderModel, shard: Shard, examples: Mapping[str, Examples]
) -> None:
    """One for each place, on training examples; settings left open are chosen on validation.

    Raises:
        TrainingError: a session that needs a readout of its own has too few examples.
    """
    for place in range(len(model.readouts)):
        _keep(model, place, *_chosen(config, model, shard, examples, place))


def refitted(config: DecoderTrial, model: DecoderModel, shard: Shard) -> DecoderModel:
    """The same readouts with the settings that validation chose, fitted on training and validation
    examples: how every decoder that is fitted at once is scored on the test split.
    """
    found = copy.deepcopy(model)
    for place in range(len(model.readouts)):
        settings, both = (
            model.settings(place),
            _held(config, model, shard, place, ("train", "valid")),
        )
        _keep(found, place, settings, fit_readout(settings, *_together(config, model, both)))
    return found


def _chosen(
    config: DecoderTrial,
    model: DecoderModel,
    shard: Shard,
    examples: Mapping[str, Examples],
    place: int,
) -> tuple[ReadoutConfig, Readout]:
    """The settings that are best on validation, and the readout of the training examples."""
    names = [name for name in shard if model.place[name] == place]
    fit = _together(config, model, {name: (shard[name], examples[name]) for name in names})
    valid = _together(config, model, _held(config, model, shard, place, ("valid",)))
    return choose_readout(_settings(config), fit, valid, primary_score)


def _held(
    config: DecoderTrial, model: DecoderModel, shard: Shard, place: int, splits: Sequence[str]
) -> dict[str, tuple[SessionShard, Examples]]:
    """The labelled examples of some splits, of the sessions that share a readout."""
    name, limit = model.target.name, config.evaluation.max_samples
    return {
        session: (one, every_example(config, one.timeline, name).labelled(splits, limit))
        for session, one in shard.items()
        if model.place[session] == place
    }


def _keep(model: DecoderModel, place: int, settings: ReadoutConfig, readout: Readout) -> None:
    """The readout, and the settings that it was fitted with, which validation may have chosen."""
    stored = model.readouts[place]
    assert isinstance(stored, StoredArrays)
    told = np.frombuffer(settings.model_dump_json().encode(), np.uint8).copy()
    arrays = {**readout.arrays, SETTINGS: told}
    stored.store(
        {name: torch.from_numpy(np.ascontiguousarray(value)) for name, value in arrays.items()}
    )


def _settings(config: DecoderTrial) -> ReadoutConfig:
    assert isinstance(config.model, ReadoutConfig)
    return config.model


def _together(
    config: DecoderTrial, model: DecoderModel, of: Mapping[str, tuple[SessionShard, Examples]]
) -> tuple[np.ndarray, Label]:
    """Features and labels of several sessions, classes as the target counts them."""
    features = [
        model.features(model.place[name], shown(config, session, one.rows))
        for name, (session, one) in of.items()
    ]
    first, target = next(iter(of.values()))[1].label, model.target
    discrete = target.kind == "discrete"
    values = [target.told(one.label) if discrete else one.label.values for _, one in of.values()]
    classes = target.classes if discrete else ()
    return np.concatenate(features), Label(
        kind=first.kind, values=np.concatenate(values), unit=first.unit, classes=classes
    )
