"""What a decoder model predicts of raw activity."""

from __future__ import annotations

import numpy as np
import torch

from raylab.config.decoder import DecoderTrial
from raylab.config.trial import TrialConfig
from raylab.data.datasets.specs import LabelSpec, SessionSpec
from raylab.data.examples import SAMPLE, longest_rows
from raylab.data.session import Label
from raylab.data.views.view import view_labels
from raylab.errors import ConfigError
from raylab.evaluation.ensembles.probabilities import class_probabilities
from raylab.tasks.decoder.model import DecoderModel
from raylab.tasks.decoder.predictions import outputs_of
from raylab.tasks.families import get_task
from raylab.training.predicting.prediction import Prediction
from raylab.training.predicting.stretch import Stretch, lengthened


def decoder_of(config: TrialConfig, module: torch.nn.Module) -> tuple[DecoderTrial, DecoderModel]:
    """The config and the module of a model that predicts its label itself.

    Raises:
        ConfigError: The model is of another family.
    """
    if not isinstance(config, DecoderTrial) or not isinstance(module, DecoderModel):
        raise ConfigError(
            f"a model of task.kind '{config.task.kind}' embeds activity and predicts no label",
            "Load it from its study (`raylab.load(STUDY)`), which can fit a readout, or use "
            "`transform`.",
        )
    return config, module


def predicted_by_decoder(
    config: DecoderTrial,
    model: DecoderModel,
    spec: SessionSpec,
    stretch: Stretch,
    *,
    groups: np.ndarray | None = None,
    rows: int | None = None,
) -> Prediction:
    """The label of every sample of a stretch, or of every trial or group in it.

    Args:
        spec: The session of the stretch.
        groups: As in `Stretch.rows`.
        rows: Of the session's longest example, where examples are groups; default: as its spec
            says.
    """
    label = view_labels(spec.labels, config.view)[model.target.name]
    outputs = _outputs(config, model, spec, stretch, groups, rows)
    values, scores = model.target.decode(outputs, _like(label))
    if scores is None:
        return Prediction(label.kind, values)
    others = [name for name in model.target.classes if name not in label.classes]
    likely = class_probabilities(config.model.kind, scores)
    return Prediction(label.kind, values, (*label.classes, *others), likely)


def _outputs(
    config: DecoderTrial,
    model: DecoderModel,
    spec: SessionSpec,
    stretch: Stretch,
    groups: np.ndarray | None,
    rows: int | None,
) -> np.ndarray:
    """(n, outputs) of the examples of a stretch."""
    per, name = config.evaluation.per, stretch.session
    examples, shard = stretch.rows(per, groups), stretch.shard()
    if per == SAMPLE:
        return get_task(config).embed(model, name, shard.x).numpy()[examples[:, 0]]
    # Where the rows of an example are pooled, the repetitions of its last row count, too.
    most = rows or longest_rows(spec, config.view, per)
    return outputs_of(config, model, shard, lengthened(examples, most, per=per, session=name))


def _like(label: LabelSpec) -> Label:
    """A label without samples."""
    return Label(
        kind=label.kind,  # type: ignore[arg-type]
        values=np.zeros((0, label.dims)),
        unit=label.unit,
        classes=label.classes,
    )
