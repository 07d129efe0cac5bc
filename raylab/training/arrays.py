"""Training on arrays in this process, without a dataset on disk, a study or Ray. All samples are
training samples.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from raylab.config.trial import TrialConfig
from raylab.data.datasets.recording import Recording
from raylab.data.datasets.specs import LabelSpec, SessionSpec
from raylab.data.session import Label
from raylab.data.shard import Shard, assemble, cut
from raylab.data.splitting.splits import CODE
from raylab.data.views.view import make_timeline, view_activity
from raylab.errors import ConfigError
from raylab.training.checkpoints import CHECKPOINT
from raylab.training.loop import Training
from raylab.training.model import Model

NAME = "0"  # of the only session
RATE_HZ = 1.0  # arrays have no sampling rate, so the times of a view are in samples


@dataclass(frozen=True)
class Trained:
    """A trained model, with everything that training continues from.

    Attributes:
        losses: The mean loss of each round of the last call.
        checkpoint: The contents of the files of a checkpoint, by name.
    """

    model: Model
    losses: list[float]
    step: int
    checkpoint: dict[str, bytes]


def fit_arrays(
    config: TrialConfig,
    activity: np.ndarray,
    labels: Mapping[str, Label],
    *,
    before: Trained | None = None,
) -> Trained:
    """Train on one continuous stretch of activity. No sample is held out, so nothing is scored.

    Args:
        config: `training.max_steps` is the number of steps of this call.
        activity: (T, N) without NaN.
        labels: Of the same samples.
        before: Training to continue, with the scale of units that it was fitted with.

    Raises:
        ConfigError: the config needs a validation, or labels that are missing.
        TrainingError: there are too few samples, or the loss is no longer finite.
    """
    if config.training.keep == "best":
        raise ConfigError(
            "training.keep 'best': no samples are held out here, so no model is known to be best",
            "Leave it out, or split the recording and search (`raylab search`).",
        )
    if config.adapts:
        raise ConfigError(
            "adaptation: there is no trained model to adapt", "Use `raylab adapt STUDY --data ...`."
        )
    first = before.step if before else 0
    config = config.model_copy(
        update={
            "training": config.training.model_copy(
                update={"max_steps": first + config.training.max_steps}
            )
        }
    )
    data, shard = _in_memory(config, activity, labels, before)
    with torch.random.fork_rng():  # the caller's random stream does not change
        training = Training(config, data, shard)
        if before is not None:
            _restore(training, before.checkpoint)
        losses = []
        while not training.done:
            losses.append(training.advance())
        return Trained(_model(training, data), losses, training.step, _checkpoint(training))


@dataclass(frozen=True)
class _Arrays:
    """The description of the arrays as a dataset (`training.loop.Described`)."""

    sessions: Mapping[str, SessionSpec]
    fingerprint: str = ""

    def kept_units(self, session: str) -> np.ndarray:
        return np.ones(self.sessions[session].units, bool)


def _in_memory(
    config: TrialConfig, activity: np.ndarray, labels: Mapping[str, Label], before: Trained | None
) -> tuple[_Arrays, Shard]:
    samples, units = activity.shape
    parts = np.array([[0, samples, CODE["train"]]])
    time = np.arange(samples) / RATE_HZ
    recording = Recording(NAME, RATE_HZ, activity, time, parts, dict(labels))
    recording = recording.for_training(config.sessions)
    viewed, fitted = view_activity(
        recording, config.view, before.model.fitted[NAME] if before else None
    )
    timeline = make_timeline(recording, config.view)
    (chunks,) = cut(timeline, workers=1, left=0, right=1)
    described = {name: _described(label) for name, label in labels.items()}
    splits = {name: samples if name == "train" else 0 for name in CODE}
    spec = SessionSpec(NAME, units, RATE_HZ, splits, described)
    return _Arrays({NAME: spec}), {NAME: assemble(timeline, chunks, [viewed], fitted, recording)}


def _described(label: Label) -> LabelSpec:
    return LabelSpec(
        label.kind,
        label.unit,
        label.classes,
        1 if label.kind == "discrete" else label.values.shape[1],
    )


def _model(training: Training, data: _Arrays) -> Model:
    """The model with its own copy of the weights. Those in training are slices of one vector, and
    the training module keeps buffers.
    """
    module = training.task.build(training.config, training.sessions)
    module.load_state_dict(training.model.state_dict())
    fitted = {name: session.fitted for name, session in training.shard.items()}
    units = {name: data.kept_units(name) for name in data.sessions}
    return Model(training.config, module.eval(), training.sessions, fitted, units)


def _checkpoint(training: Training) -> dict[str, bytes]:
    with tempfile.TemporaryDirectory() as folder:
        training.save(Path(folder) / CHECKPOINT)
        return {path.name: path.read_bytes() for path in Path(folder).iterdir()}


def _restore(training: Training, files: Mapping[str, bytes]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for name, content in files.items():
            (Path(folder) / name).write_bytes(content)
        training.load(Path(folder) / CHECKPOINT)
