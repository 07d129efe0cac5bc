"""The label that a decoder learns, in one coding for all sessions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from raylab.config.trial import TrialConfig
from raylab.data.dataset import LabelSpec, SessionSpec
from raylab.data.session import Label
from raylab.data.shard import Shard
from raylab.data.views.view import view_labels
from raylab.errors import ConfigError
from raylab.evaluation.scores import on_circle
from raylab.tasks.labels import decoded_label


@dataclass(frozen=True)
class Target:
    """
    Attributes:
        kind: Of the label.
        classes: Of a discrete label, those of all sessions.
        dims: Of a continuous or circular label.
    """

    name: str
    kind: str
    classes: tuple[str, ...]
    dims: int

    @property
    def outputs(self) -> int:
        """Numbers a decoder gives: a score a class, a value a dimension, a point on each circle."""
        return {"discrete": len(self.classes), "circular": 2 * self.dims}.get(self.kind, self.dims)

    def told(self, label: Label) -> np.ndarray:
        """(n,) codes into `classes`, or (n, outputs) numbers, of a session's label."""
        if self.kind == "discrete":
            return np.append(self._codes(label.classes), -1)[label.values]
        return on_circle(label.values) if self.kind == "circular" else label.values

    def said(self, outputs: np.ndarray, like: Label) -> tuple[np.ndarray, np.ndarray | None]:
        """(n, outputs) -> predictions in the session's own terms, and (n, classes) scores of
        classes. A class that the session does not know gets a code beyond its own.
        """
        if self.kind == "discrete":
            own = self._codes(like.classes)
            scores = outputs[
                :, np.concatenate([own, np.setdiff1d(np.arange(len(self.classes)), own)])
            ]
            return scores.argmax(1), scores
        if self.kind == "circular":
            cosine, sine = np.split(outputs, 2, axis=1)
            return np.arctan2(sine, cosine), None
        return outputs, None

    def _codes(self, classes: tuple[str, ...]) -> np.ndarray:
        place = {name: code for code, name in enumerate(self.classes)}
        return np.array([place[name] for name in classes], np.int64)


def target_of(config: TrialConfig, sessions: Mapping[str, SessionSpec]) -> Target:
    """What is decoded in these sessions.

    Raises:
        ConfigError: they have no label, or the same name means different things in two of them.
    """
    first = next(iter(sessions.values()))
    name = config.task.label or next(iter(first.labels), None)
    if name is None:
        raise ConfigError(
            f"task.label: session '{first.id}' has no label to decode", "Prepare it with labels."
        )
    known = {spec.id: view_labels(spec.labels, config.view) for spec in sessions.values()}
    for session, labels in known.items():
        if name not in labels:
            raise ConfigError(
                f"task.label: session '{session}' has no label '{name}'",
                "Choose one that all have.",
            )
    return _unified(name, {session: labels[name] for session, labels in known.items()})


def target_in(config: TrialConfig, shard: Shard) -> Target:
    """The same, of sessions that are there."""
    timelines = {session: one.timeline for session, one in shard.items()}
    name = decoded_label(config, next(iter(timelines.values())))
    assert name is not None  # checked before
    labels = {session: timeline.reference[name] for session, timeline in timelines.items()}
    dims = {
        session: 1 if label.kind == "discrete" else label.values.shape[1]
        for session, label in labels.items()
    }
    return _unified(
        name,
        {
            key: LabelSpec(label.kind, label.unit, label.classes, dims[key])
            for key, label in labels.items()
        },
    )


def _unified(name: str, labels: Mapping[str, LabelSpec]) -> Target:
    session, first = next(iter(labels.items()))
    for other, label in labels.items():
        if _meaning(label) != _meaning(first):
            raise ConfigError(
                f"task.label '{name}' is {_said(first)} in session '{session}' and {_said(label)} "
                f"in '{other}'",
                "Choose a label that means the same in all sessions.",
            )
    classes = tuple(dict.fromkeys(each for label in labels.values() for each in label.classes))
    return Target(name, first.kind, classes, first.dims)


def _meaning(label: LabelSpec) -> tuple[str, str, int]:
    return label.kind, label.unit, label.dims


def _said(label: LabelSpec) -> str:
    unit = f" in {label.unit}" if label.unit else ""
    return f"{label.kind}{unit}, {label.dims} wide"
