"""Topology of a model's embedding: Betti numbers against units shifted in time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from raylab.analysis.trained import Trained, one_trained
from raylab.data.splitting.splits import CODE
from raylab.errors import ConfigError, StudyError
from raylab.evaluation.topology import persistent_topology, shifted_units
from raylab.reporting.figures.files import keep_score
from raylab.reporting.figures.topology import topology_figure

LANDMARKS = {1: 500, 2: 250}
KEPT_BARS = 50  # of each dimension, for the figure: the longest


def topology(
    path: str | Path,
    *,
    trial: str | None = None,
    split: str = "valid",
    highest: int = 1,
    shuffles: int = 20,
    landmarks: int | None = None,
    seed: int = 0,
) -> dict[str, Any]:
    """Betti numbers of the embedding of each session's held-out rows (docs/evaluation.md has the
    rule).

    The control is the same encoder on the same activity with every unit shifted in time on its own.
    So what the encoder makes of any input, such as the circle that every 2-d cosine embedding lies
    on, is in the control as well and does not count. The result and a figure are written to the
    study's `scores` folder.

    Args:
        highest: Homology dimension, 1 or 2.
        landmarks: Points used; default 500, of which 2 dimensions take 250.

    Returns:
        {"split", "trial", "highest", "shuffles", "sessions": {session: {"betti", "thresholds",
        "landmarks", "longest": lifetimes of the longest bars by dimension, "diagrams": births and
        deaths of the longest}}}.

    Raises:
        StudyError: ripser is not installed, or a session has fewer than 20 rows in the split.
    """
    if highest not in LANDMARKS:
        raise ConfigError(f"topology in dimension {highest}", "Choose 1 or 2.")
    trained = one_trained(path, trial)
    trained.read(split, "topology")
    sessions = {}
    for place, session in enumerate(trained.shard):
        stretches = _stretches(trained, session, split)
        controls = _controls(
            trained, session, stretches, shuffles, np.random.default_rng([seed, place])
        )
        points = _encoded(trained, session, stretches)
        found = persistent_topology(
            points, controls, landmarks=landmarks or LANDMARKS[highest], highest=highest
        )
        sessions[session] = {
            "betti": list(found.betti),
            "thresholds": list(found.thresholds),
            "landmarks": found.landmarks,
            "longest": [np.diff(bars[:5])[:, 0].tolist() for bars in found.diagrams],
            "diagrams": [bars[:KEPT_BARS].tolist() for bars in found.diagrams],
        }
    result = {
        "split": split,
        "trial": trained.trial,
        "highest": highest,
        "shuffles": shuffles,
        "sessions": sessions,
    }
    keep_score(trained.study, f"topology-{split}", result, topology_figure(result))
    return result


def _stretches(trained: Trained, session: str, split: str) -> list[np.ndarray]:
    """The viewed activity of each part of the split, (L, K)."""
    shard = trained.shard[session]
    parts = [(a, b) for a, b, code in shard.timeline.parts.tolist() if code == CODE[split]]
    if not parts:
        raise StudyError(
            f"{trained.study.path}: session '{session}' has no {split} samples",
            "Use another --split.",
        )
    return [shard.x[a:b].numpy() for a, b in parts]


def _encoded(trained: Trained, session: str, stretches: Sequence[np.ndarray]) -> np.ndarray:
    return np.concatenate([trained.model.encode(one, session=session) for one in stretches])


def _controls(
    trained: Trained,
    session: str,
    stretches: Sequence[np.ndarray],
    shuffles: int,
    random: np.random.Generator,
) -> Iterator[np.ndarray]:
    for _ in range(shuffles):
        yield _encoded(trained, session, shifted_units(stretches, random))
