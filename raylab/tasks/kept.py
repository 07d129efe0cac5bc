"""The part of a validation embedding that is kept for figures."""

from __future__ import annotations

import json
from collections.abc import Mapping

import numpy as np
import torch

from raylab.config.trial import TrialConfig
from raylab.data.session import Label
from raylab.data.views.view import Timeline
from raylab.errors import TrainingError
from raylab.evaluation.certainty.held_out import HeldOut
from raylab.evaluation.decoding import Decoded, reference_samples
from raylab.tasks.parameter_count import parameter_count

KEPT_SAMPLES = 2000  # over all sessions


def kept_embedding(
    embeddings: Mapping[str, np.ndarray], timelines: Mapping[str, Timeline]
) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """Validation samples of every session with their labels, as `embedding.safetensors` stores
    them.

    Args:
        embeddings: (rows of the view, D) of each session.

    Returns:
        (arrays, metadata). The arrays are `embedding` (n, D), `session` (n,) places in the list of
        sessions, and `label.NAME` (n, ...) for each label that all sessions have.
    """
    share = max(1, KEPT_SAMPLES // len(embeddings))
    points, sessions, labels = [], [], []
    for code, (name, embedding) in enumerate(embeddings.items()):
        at = reference_samples(timelines[name], ("valid",), share)
        points.append(embedding[timelines[name].rows[at]])
        sessions.append(np.full(len(at), code))
        labels.append({key: label.values[at] for key, label in timelines[name].reference.items()})
    first = next(iter(timelines.values())).reference
    shared = [
        key
        for key in first
        if all(_same_meaning(first[key], t.reference.get(key)) for t in timelines.values())
    ]
    arrays = {"embedding": np.concatenate(points), "session": np.concatenate(sessions)}
    arrays |= {f"label.{key}": np.concatenate([entry[key] for entry in labels]) for key in shared}
    described = {
        key: {"kind": first[key].kind, "unit": first[key].unit, "classes": first[key].classes}
        for key in shared
    }
    return arrays, {"labels": json.dumps(described), "sessions": json.dumps(list(embeddings))}


def kept_losses(
    config: TrialConfig, model: torch.nn.Module, decoded: Mapping[str, Decoded]
) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """What a study needs to say which trials its validation cannot tell apart.

    Args:
        decoded: The decoded validation samples of each session that has a score.

    Returns:
        (arrays, metadata); both empty where nothing was decoded. The array is `unit_losses` (U,)
        float64: the losses of the units of validation (presentations, trials, or blocks of time),
        whose mean is 1 - the primary score. The metadata say what a unit is, and how many numbers
        the model has learnt.
    """
    try:
        held_out = HeldOut.of(decoded, config.evaluation.per)
        losses = held_out.unit_losses(held_out.align(decoded))
    except TrainingError:  # nothing was decoded, or labels of sessions have no common losses
        return {}, {}
    described = {"kind": held_out.unit_kind, "learnt": parameter_count(model)}
    return {"unit_losses": losses}, {"units": json.dumps(described)}


def _same_meaning(label: Label, other: Label | None) -> bool:
    """Whether two sessions can share one array of a label. Codes of classes mean the same only
    where the classes are the same.
    """
    return (
        other is not None
        and (label.kind, label.classes) == (other.kind, other.classes)
        and (label.values.shape[1:] == other.values.shape[1:])
    )
