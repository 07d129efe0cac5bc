"""The decoder model: a network, or readouts that are stored as arrays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from raylab.config.decoder import DecoderTrial, FramesLoss, PlainLoss
from raylab.config.readouts import ReadoutConfig
from raylab.data.datasets.specs import SessionSpec
from raylab.data.examples import Examples
from raylab.data.views.variation import value_text, varying
from raylab.errors import TrainingError
from raylab.evaluation.class_weights import balanced_weights
from raylab.evaluation.formulas import on_circle
from raylab.evaluation.readout_method import Course, Features, Predicted, plain
from raylab.evaluation.readouts import Readout
from raylab.models.networks.build import build_network
from raylab.models.stored import StoredArrays
from raylab.tasks.decoder.examples import example_length
from raylab.tasks.decoder.frames import FrameError
from raylab.tasks.decoder.scale import in_units, scale_of
from raylab.tasks.decoder.targets import target_of

SETTINGS = "settings"  # the array that holds a readout's settings, as JSON


class DecoderModel(torch.nn.Module):
    """(n, L, K) examples of a session -> (n, outputs): scores of classes, values, or points on
    circles.

    Sessions share all layers of a network but the first, or all of them where sessions are padded.
    Each session has its own readout, or all share one where sessions are padded.

    Args:
        sessions: Their units are those that the view shows.
    """

    mean: Tensor
    std: Tensor
    weights: Tensor

    def __init__(self, config: DecoderTrial, sessions: Mapping[str, SessionSpec]) -> None:
        super().__init__()
        self.config, self.target = config, target_of(config, sessions)
        shared = config.sessions.combine == "padded"
        units = [spec.units for spec in sessions.values()]
        self.units = [max(units)] if shared else units
        self.place = {name: 0 if shared else place for place, name in enumerate(sessions)}
        self.rows, outputs = example_length(config, sessions), self.target.outputs
        self.register_buffer("mean", torch.zeros(outputs))
        self.register_buffer("std", torch.ones(outputs))
        self.register_buffer("weights", torch.ones(outputs))
        self.frames = FrameError(config.loss) if isinstance(config.loss, FramesLoss) else None
        if isinstance(config.model, ReadoutConfig):
            self.readouts = torch.nn.ModuleList(StoredArrays() for _ in self.units)
        else:
            self.network = build_network(config.model, self.units, outputs, length=self.rows)

    def _load_from_state_dict(
        self, state_dict: dict[str, Tensor], prefix: str, *arguments: Any, **options: Any
    ) -> None:
        """Take over the precision of the stored scale, which depends on the label (see `scale`)."""
        for name in ("mean", "std"):
            if f"{prefix}{name}" in state_dict:
                setattr(self, name, getattr(self, name).to(state_dict[f"{prefix}{name}"].dtype))
        super()._load_from_state_dict(state_dict, prefix, *arguments, **options)

    def outputs(self, session: str, x: Tensor) -> Tensor:
        """(n, L, K) -> (n, outputs): values float64 in the label's own unit, scores of classes and
        points on circles float32. A sequential readout knows nothing of what was before each
        example; `outputs_along` is for it.
        """
        place = self.place[session]
        if self.config.at_once:
            features: Features = self.features(place, x)
            if self.config.sequential:
                features = Course.alone(plain(features))
            read = torch.from_numpy(self._read(place, features)).to(x.device)
            return read if self.target.kind == "continuous" else read.to(x)
        standard = self._network(session, x)
        if self.target.kind != "continuous":
            return standard
        return in_units(standard, mean=self.mean, std=self.std)

    def outputs_along(self, session: str, course: Course) -> np.ndarray:
        """(n, outputs) of a sequential readout for the examples of a course, in the precision of
        `outputs`.
        """
        read = self._read(self.place[session], course)
        return read if self.target.kind == "continuous" else read.astype(np.float32)

    def errors(self, session: str, x: Tensor, target: Tensor) -> Tensor:
        """(n,) errors, whose mean training minimises. Of a readout, the distance from the truth."""
        if self.config.at_once:
            return self._distances(self.outputs(session, x), target)
        if self.frames is not None:
            return self.frames(self.outputs(session, x), target)
        outputs = self._network(session, x)
        if self.target.kind == "discrete":
            weights = self.weights[target]
            assert isinstance(self.config.loss, PlainLoss)  # the family's check ensures this
            smoothing = self.config.loss.label_smoothing
            return weights * functional.cross_entropy(
                outputs, target, reduction="none", label_smoothing=smoothing
            )
        return (outputs - (target - self.mean) / self.std).square().mean(1)

    def _distances(self, outputs: Tensor, target: Tensor) -> Tensor:
        if self.target.kind == "discrete":
            return (outputs.argmax(1) != target).to(outputs)
        return ((outputs - target) / self.std).square().mean(1)

    def _network(self, session: str, x: Tensor) -> Tensor:
        bf16 = self.config.training.precision == "bf16" and self.training
        with torch.autocast(x.device.type, torch.bfloat16, enabled=bf16):
            outputs: Tensor = self.network(self._lengthened(x), self.place[session])
        return outputs.float()

    def features(self, place: int, x: Tensor) -> np.ndarray:
        """(n, L, K) -> (n, rows * units) features of a readout. Units that a session lacks are
        zero.
        """
        lengthened = self._lengthened(x)
        return (
            functional.pad(lengthened, (0, self.units[place] - x.shape[2])).flatten(1).cpu().numpy()
        )

    def _lengthened(self, x: Tensor) -> Tensor:
        """The examples with as many rows as the longest example has; the last row is repeated."""
        missing = self.rows - x.shape[1]
        return x if missing == 0 else torch.cat([x, x[:, -1:].expand(-1, missing, -1)], dim=1)

    def session_settings(self, session: str) -> ReadoutConfig | None:
        """The settings of the readout of a session; None of a network."""
        return self.settings(self.place[session]) if self.config.at_once else None

    def settings(self, place: int) -> ReadoutConfig:
        """The settings that the readout of a place was fitted with."""
        assert isinstance(self.config.model, ReadoutConfig)
        stored = self._arrays(place)[SETTINGS].tobytes()
        return type(self.config.model).model_validate_json(stored)

    def _arrays(self, place: int) -> dict[str, np.ndarray]:
        stored = self.readouts[place]
        assert isinstance(stored, StoredArrays)
        return {name: value.cpu().numpy() for name, value in stored.arrays.items()}

    def store_readout(self, place: int, settings: ReadoutConfig, readout: Readout) -> None:
        """Store a readout, and its settings, some of which validation may have chosen."""
        stored = self.readouts[place]
        assert isinstance(stored, StoredArrays)
        text = np.frombuffer(settings.model_dump_json().encode(), np.uint8).copy()
        arrays = {**readout.arrays, SETTINGS: text}
        stored.store(
            {name: torch.from_numpy(np.ascontiguousarray(value)) for name, value in arrays.items()}
        )

    def _read(self, place: int, features: Features) -> np.ndarray:
        readout = Readout(self.config.model.kind, self.target.kind, self._arrays(place))
        return self.as_outputs(readout.predict(features))

    def as_outputs(self, predicted: Predicted) -> np.ndarray:
        """(n, outputs) float64 from the predictions of a readout."""
        if self.target.kind == "discrete":
            assert predicted.scores is not None
            return predicted.scores
        circular = self.target.kind == "circular"
        return on_circle(predicted.values) if circular else predicted.values

    def scale_to(self, examples: Mapping[str, Examples]) -> None:
        """Set the scale of values and the weights of classes from the training examples of all
        sessions.

        Raises:
            TrainingError: no training example has the label, or all have the same value.
        """
        sessions = [self.target.encode(of.label) for of in examples.values()]
        values = np.concatenate(sessions) if sessions else np.zeros(0)
        # Points on a circle have the size 1, whatever their coordinates.
        varies = np.atleast_1d(varying(values, 1.0 if self.target.kind == "circular" else None))
        if not varies.any():
            label = next((of.label for of in examples.values() if len(of.rows)), None)
            raise TrainingError(
                f"task.label '{self.target.name}': {len(values)} training examples have it"
                + (f", all of them {value_text(label)}" if label else ""),
                "Choose another label or other splits.",
            )
        if self.target.kind == "continuous":
            mean, std = scale_of(values, varies)
            self.mean = torch.from_numpy(mean).to(self.mean.device)
            self.std = torch.from_numpy(std).to(self.std.device)
        if self.frames is not None:
            self.frames.scale_to(values)
        if (
            self.target.kind == "discrete"
            and isinstance(self.config.loss, PlainLoss)
            and self.config.loss.balanced
        ):
            weights = balanced_weights(values, self.target.outputs)
            self.weights.copy_(torch.from_numpy(weights))
