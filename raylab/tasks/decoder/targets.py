"""The label that a decoder learns, encoded the same way for all sessions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from raylab.config.trial import TrialConfig
from raylab.data.datasets.specs import LabelSpec, SessionSpec
from raylab.data.session import Label
from raylab.data.shard import Shard
from raylab.data.views.view import view_labels
from raylab.errors import ConfigError
from raylab.evaluation.formulas import on_circle
from raylab.tasks.labels import decoded_label, require_one_meaning


@dataclass(frozen=True)
class Target:
    """The label that a decoder learns.

    Attributes:
        kind: Of the label: continuous, circular or discrete.
        classes: Of a discrete label, the classes of all sessions.
        dims: Of a continuous or circular label.
    """

    name: str
    kind: str
    classes: tuple[str, ...]
    dims: int

    @property
    def outputs(self) -> int:
        """How many numbers a decoder outputs: one score per class, one value per dimension, or two
        coordinates per circle.
        """
        return {"discrete": len(self.classes), "circular": 2 * self.dims}.get(self.kind, self.dims)

    def encode(self, label: Label) -> np.ndarray:
        """A session's label as training uses it: (n,) codes into `classes`, or (n, outputs)
        numbers.
        """
        if self.kind == "discrete":
            return np.append(self._codes(label.classes), -1)[label.values]
        return on_circle(label.values) if self.kind == "circular" else label.values

    def decode(self, outputs: np.ndarray, like: Label) -> tuple[np.ndarray, np.ndarray | None]:
        """(n, outputs) -> predictions in the codes or units of a session's label `like`, and
        (n, classes) scores of classes, None for other labels. A class that the session lacks gets a
        code beyond the session's own.
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
    """The label that is decoded in these sessions.

    Raises:
        ConfigError: a session lacks the label, or the label differs in kind between two sessions.
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
    """The label that is decoded, as `target_of` gives it, from the sessions' data."""
    timelines = {name: session.timeline for name, session in shard.items()}
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
    require_one_meaning(name, labels)
    first = next(iter(labels.values()))
    classes = tuple(dict.fromkeys(each for label in labels.values() for each in label.classes))
    return Target(name, first.kind, classes, first.dims)
