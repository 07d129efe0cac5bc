"""Files of predictions of made-up decoders."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from raylab.files import write_tensors

SESSIONS = ("rat-1", "rat-2")
PART, GAP_S, RATE = 30, 100.0, 10.0  # examples of a part; seconds between two; per second


def write_predictions(
    path: Path,
    kind: str,
    *,
    classes: tuple[str, ...] = (),
    label: str = "position",
    metadata: dict[str, str] | None = None,
    **about: Any,
) -> None:
    """Write predictions of two sessions, three continuous parts each; a fifth of them is wrong."""
    generator = np.random.default_rng(0)
    clock = np.concatenate([k * GAP_S + np.arange(PART) / RATE for k in range(3)])
    seconds = np.tile(clock, len(SESSIONS))
    count, wrong = len(seconds), generator.random(len(seconds)) < 0.2
    if kind == "discrete":
        truth = np.arange(count) % len(classes)
        predicted = np.where(wrong, (truth + 1) % len(classes), truth)
    else:
        truth = (3 * seconds % (2 * np.pi) - np.pi)[:, None]
        truth = np.concatenate([truth, truth / 2], axis=1) if kind == "continuous" else truth
        predicted = truth + 0.3 * wrong[:, None]
    arrays = {
        "truth": truth,
        "predicted": predicted,
        "session": np.repeat(np.arange(len(SESSIONS)), len(clock)),
        "seconds": seconds,
        "part": np.tile(np.repeat(np.arange(3), PART), len(SESSIONS)),
    }
    described = {"label": label, "kind": kind, "classes": classes, "sessions": SESSIONS, **about}
    named = {f"predictions.{name}": values for name, values in arrays.items()}
    write_tensors(path, named, {"predictions": json.dumps(described), **(metadata or {})})


def write_outputs(path: Path, kind: str) -> None:
    """Write what decoders of earlier versions kept: outputs, labels and sessions."""
    angle = np.linspace(-3, 3, 40)
    truth: dict[str, np.ndarray] = {
        "continuous": angle[:, None],
        "circular": angle[:, None],
        "discrete": np.arange(40) % 3,
    }
    outputs = {
        "continuous": angle[:, None] + 0.1,
        "circular": np.stack([np.cos(angle + 0.1), np.sin(angle + 0.1)], axis=1),
        "discrete": np.eye(3)[np.arange(40) % 3],
    }
    labels = {"aim": {"kind": kind, "unit": "", "classes": ["a", "b", "c"]}}
    write_tensors(
        path,
        {
            "embedding": outputs[kind],
            "session": np.repeat([0, 1], 20),
            "label.aim": truth[kind],
        },
        {"labels": json.dumps(labels), "sessions": json.dumps(SESSIONS)},
    )
