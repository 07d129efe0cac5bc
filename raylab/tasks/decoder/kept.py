"""The outputs of a decoder that are kept for figures."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from torch import Tensor

from raylab.data.examples import Examples
from raylab.data.session import Label
from raylab.tasks.decoder.frames import FrameError
from raylab.tasks.decoder.targets import Target
from raylab.tasks.kept import KEPT_SAMPLES

KEPT_FRAMES = 6


def kept_outputs(
    target: Target, examples: Mapping[str, Examples], outputs: Mapping[str, np.ndarray]
) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """The outputs for validation examples that have the label, in the form of `kept_embedding`.

    Args:
        outputs: (n, outputs) of all examples of each session.
    """
    points, sessions, labels = [], [], []
    for code, (name, session) in enumerate(examples.items()):
        at = session.positions(("valid",), max(1, KEPT_SAMPLES // len(examples)))
        points.append(outputs[name][at])
        sessions.append(np.full(len(at), code))
        label = replace(session.label, values=session.label.values[at])
        labels.append(target.encode(label) if target.kind == "discrete" else label.values)
    arrays = {
        "embedding": np.concatenate(points),
        "session": np.concatenate(sessions),
    }
    first: Label = next(iter(examples.values())).label
    described = {target.name: {"kind": target.kind, "unit": first.unit, "classes": target.classes}}
    arrays[f"label.{target.name}"] = np.concatenate(labels)
    return arrays, {"labels": json.dumps(described), "sessions": json.dumps(list(examples))}


def kept_frames(
    error: FrameError,
    examples: Mapping[str, Examples],
    outputs: Mapping[str, np.ndarray],
    mean: Tensor,
) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """Rebuilt frames for a figure, of the first session that has validation examples.

    Args:
        mean: (height * width,) the mean training frame.

    Returns:
        (arrays, metadata); both empty where no session has validation examples. The arrays are
        `frames.truth` and `frames.found` (n, height, width), distinct frames that are evenly spaced
        in time, whatever their scores; `frames.ssim` (n,); `frames.mean` (height, width).
    """
    first = next((name for name, session in examples.items() if len(session.rows)), None)
    if first is None:
        return {}, {}
    truth, rebuilt = examples[first].label.values, outputs[first]
    _, places = np.unique(truth, axis=0, return_index=True)
    at = np.sort(places)[
        np.unique(np.linspace(0, len(places) - 1, KEPT_FRAMES).round().astype(int))
    ]
    shape = (-1, error.config.height, error.config.width)
    arrays = {
        "frames.truth": truth[at].reshape(shape),
        "frames.found": rebuilt[at].reshape(shape),
        "frames.ssim": error.similarities(rebuilt[at], truth[at]),
        "frames.mean": mean.cpu().numpy().reshape(shape[1:]),
    }
    return {name: value.astype(np.float32) for name, value in arrays.items()}, {
        "frames": json.dumps(first)
    }
