"""Topology of a model's embedding: Betti numbers against units shifted in time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from raylab.analysis.models.trained import Trained, load_trained
from raylab.data.splitting.splits import CODE
from raylab.errors import ConfigError, StudyError
from raylab.evaluation.topology import Topology as CloudTopology
from raylab.evaluation.topology import persistent_topology, shifted_units
from raylab.paths import AnyPath
from raylab.reporting.figures.files import keep_score
from raylab.reporting.figures.topology import topology_figure
from raylab.results import Result

LANDMARKS = {1: 500, 2: 250}
KEPT_BARS = 50  # longest bars per dimension that the result keeps, for the figure
LISTED_BARS = 5


@dataclass(frozen=True)
class SessionTopology(Result):
    """Betti numbers of one session's embedding.

    Attributes:
        betti: Betti number of each dimension, from 0.
        thresholds: Of each dimension, the longest lifetime in any shuffle.
        landmarks: Points that were used.
        longest: Of each dimension, the longest lifetimes, longest first.
        diagrams: Of each dimension, (birth, death) of the longest bars; scaled distances.
    """

    betti: tuple[int, ...]
    thresholds: tuple[float, ...]
    landmarks: int
    longest: tuple[tuple[float, ...], ...]
    diagrams: tuple[tuple[tuple[float, ...], ...], ...]

    @classmethod
    def of(cls, cloud: CloudTopology) -> SessionTopology:
        bars = [bars[:KEPT_BARS].tolist() for bars in cloud.diagrams]
        lifetimes = [np.diff(bars[:LISTED_BARS])[:, 0].tolist() for bars in cloud.diagrams]
        return cls(
            betti=cloud.betti,
            thresholds=cloud.thresholds,
            landmarks=cloud.landmarks,
            longest=tuple(map(tuple, lifetimes)),
            diagrams=tuple(tuple(map(tuple, dimension)) for dimension in bars),
        )


@dataclass(frozen=True)
class Topology(Result):
    """Betti numbers of a model's embedding, by session.

    Attributes:
        highest: The highest homology dimension.
        shuffles: Controls with units shifted in time.
        sessions: Session -> its Betti numbers.
    """

    split: str
    trial: str
    highest: int
    shuffles: int
    sessions: Mapping[str, SessionTopology]


def topology(
    path: AnyPath,
    *,
    trial: str | None = None,
    split: str = "valid",
    highest: int = 1,
    shuffles: int = 20,
    landmarks: int | None = None,
    seed: int = 0,
) -> Topology:
    """Compute the Betti numbers of the embedding of each session's held-out rows.

    A bar of the persistence diagram counts where it outlives every bar of its dimension in every
    control (the rule of Schneider, Lee & Mathis 2023, Nature 617, 360-368) and comes before the
    largest gap; docs/evaluation.md has the details. A control is the same encoder on the same
    activity with each unit shifted in time by itself. Structure that the encoder gives to any
    input, such as the circle on which every 2-d cosine embedding lies, is therefore in the controls
    and does not count. The result and a figure are written to the study's `scores` folder.

    Args:
        path: The study.
        trial: Default: the study's winner.
        split: `valid` or `test`. Each reading of the test split is counted.
        highest: The highest homology dimension, 1 or 2. Dimension 2 takes far longer.
        shuffles: Number of controls.
        landmarks: Points used of each cloud. Default: 500, or 250 for dimension 2.
        seed: The seed of the shifts.

    Returns:
        The Betti numbers of each session.

    Raises:
        ConfigError: `highest` is neither 1 nor 2.
        StudyError: The package ripser is not installed, or a session has fewer than 20
            rows in the split.

    Example:
        >>> result = raylab.topology("study", shuffles=2, landmarks=40)
        >>> len(result.sessions["a"].betti)  # dimensions 0 and 1
        2
    """
    if highest not in LANDMARKS:
        raise ConfigError(f"topology cannot be computed in dimension {highest}", "Choose 1 or 2.")
    trained = load_trained(path, trial)
    trained.read(split, "topology")
    sessions = {}
    for place, session in enumerate(trained.shard):
        stretches = _stretches(trained, session, split)
        controls = _controls(
            trained, session, stretches, shuffles, np.random.default_rng([seed, place])
        )
        points = _encoded(trained, session, stretches)
        cloud = persistent_topology(
            points, controls, landmarks=landmarks or LANDMARKS[highest], highest=highest
        )
        sessions[session] = SessionTopology.of(cloud)
    result = Topology(split, trained.trial, highest, shuffles, sessions)
    plain = result.to_dict()
    keep_score(trained.study, f"topology-{split}", plain, topology_figure(plain))
    return result


def _stretches(trained: Trained, session: str, split: str) -> list[np.ndarray]:
    """(L, K) activity of each part of the split, as the view shows it: rows, units."""
    shard = trained.shard[session]
    parts = [(a, b) for a, b, code in shard.timeline.parts.tolist() if code == CODE[split]]
    if not parts:
        raise StudyError(
            f"{trained.study.path}: session '{session}' has no {split} samples",
            "Use another --split.",
        )
    return [shard.x[a:b].numpy() for a, b in parts]


def _encoded(trained: Trained, session: str, stretches: Sequence[np.ndarray]) -> np.ndarray:
    return np.concatenate([trained.model.encode(stretch, session=session) for stretch in stretches])


def _controls(
    trained: Trained,
    session: str,
    stretches: Sequence[np.ndarray],
    shuffles: int,
    random: np.random.Generator,
) -> Iterator[np.ndarray]:
    for _ in range(shuffles):
        yield _encoded(trained, session, shifted_units(stretches, random))
