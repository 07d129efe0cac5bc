"""Predicted labels beside the true ones, read back and checked."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from raylab.data.examples import SAMPLE
from raylab.evaluation.metrics import primary
from raylab.evaluation.scores import score_predictions
from raylab.reporting.saved.tensors import read_saved

_OUTPUTS = ("embedding", "session", "label.")  # what decoders of earlier versions kept


@dataclass(frozen=True, eq=False)
class Predictions:
    """Held-out examples of one label, session by session and in order of time.

    Attributes:
        label: The name of the label.
        kind: continuous, circular (radians) or discrete.
        truth, predicted: (n, D) values, or (n,) codes into `classes`.
        session: (n,) places in `sessions`.
        sessions: The names of the sessions.
        split: The split that was predicted.
        unit: Of the values.
        classes: Names of the codes of a discrete label.
        seconds: (n,) when each example was recorded; None where that is not known.
        part: (n,) the continuous part of the recording that each example lies in; None where that
            is not known.
        per: What one example is: `sample`, `segment` or a group, such as `presentation`.
        samples: Session -> how many examples were scored, of which this file may hold fewer.
        scores: Session -> metric -> score; empty where the file does not say.
        entrants: Of an answer: the entrants that predicted.
    """

    label: str
    kind: str
    truth: np.ndarray
    predicted: np.ndarray
    session: np.ndarray
    sessions: tuple[str, ...]
    split: str = "valid"
    unit: str = ""
    classes: tuple[str, ...] = ()
    seconds: np.ndarray | None = None
    part: np.ndarray | None = None
    per: str = SAMPLE
    samples: Mapping[str, int] = field(default_factory=dict)
    scores: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    entrants: tuple[str, ...] = ()

    @property
    def metric(self) -> str:
        """The primary metric of such a label."""
        return primary(self.kind)

    @property
    def columns(self) -> int:
        """How many numbers a value has; 1 of a class."""
        return 1 if self.truth.ndim == 1 else int(self.truth.shape[1])

    @property
    def title(self) -> str:
        """`position (cm)`"""
        unit = "rad" if self.kind == "circular" else self.unit
        return f"{self.label} ({unit})" if unit and self.kind != "discrete" else self.label

    def name_of(self, column: int) -> str:
        """`position 2 (cm)` where there are several columns."""
        if self.columns == 1:
            return self.title
        return self.title.replace(self.label, f"{self.label} {column + 1}", 1)

    def of_session(self, place: int) -> np.ndarray:
        """(m,) positions of the examples of one session."""
        return np.flatnonzero(self.session == place)

    def score(self, place: int) -> float | None:
        """The primary score of a session: as it was recorded, or else of these examples."""
        stated = self.scores.get(self.sessions[place], {}).get(self.metric)
        if stated is not None:
            return float(stated)
        at = self.of_session(place)
        if len(at) < 2:
            return None
        return score_predictions(self.kind, self.truth[at], self.predicted[at])[self.metric]

    def count(self, place: int) -> int:
        """How many examples of a session were scored."""
        return int(self.samples.get(self.sessions[place], len(self.of_session(place))))


def load_predictions(path: Path) -> Predictions | None:
    """Read a file of predictions, or those in an `embedding.safetensors`; None where there are
    none. DataError where they are damaged.
    """
    return read_saved(path, ("predictions.",), _predictions)


def load_outputs(path: Path) -> Predictions | None:
    """What a decoder of an earlier version kept: its outputs for evenly spaced validation samples,
    whose times are not known. None where there are none.
    """
    return read_saved(path, _OUTPUTS, _from_outputs)


def trial_of(path: Path) -> str | None:
    """The trial that a file of predictions is of; None where there is no such file."""
    return read_saved(path, ("predictions.",), lambda tensors, metadata: metadata.get("trial"))


def _predictions(tensors: Mapping[str, np.ndarray], metadata: Mapping[str, str]) -> Predictions:
    about: dict[str, Any] = json.loads(metadata["predictions"])
    return _checked(
        Predictions(
            label=str(about["label"]),
            kind=str(about["kind"]),
            truth=tensors["predictions.truth"],
            predicted=tensors["predictions.predicted"],
            session=tensors["predictions.session"],
            sessions=tuple(map(str, about["sessions"])),
            split=str(about.get("split", "valid")),
            unit=str(about.get("unit") or ""),
            classes=tuple(map(str, about.get("classes") or ())),
            seconds=tensors.get("predictions.seconds"),
            part=tensors.get("predictions.part"),
            per=str(about.get("per", SAMPLE)),
            samples=about.get("samples") or {},
            scores=about.get("scores") or {},
            entrants=tuple(map(str, json.loads(metadata.get("entrants", "[]")))),
        )
    )


def _from_outputs(tensors: Mapping[str, np.ndarray], metadata: Mapping[str, str]) -> Predictions:
    """Decode the outputs as `tasks.decoder.targets` does: classes by their scores, angles by their
    points on the circle.
    """
    ((label, entry),) = json.loads(metadata["labels"]).items()
    outputs, truth = tensors["embedding"], tensors[f"label.{label}"]
    kind, predicted = str(entry["kind"]), outputs
    known = truth >= 0 if kind == "discrete" else np.isfinite(truth).all(axis=1)
    if kind == "discrete":
        predicted = outputs.argmax(axis=1)
    elif kind == "circular":
        cosine, sine = np.split(outputs, 2, axis=1)
        predicted = np.arctan2(sine, cosine)
    return _checked(
        Predictions(
            label=str(label),
            kind=kind,
            truth=truth[known],
            predicted=predicted[known],
            session=tensors["session"][known],
            sessions=tuple(map(str, json.loads(metadata["sessions"]))),
            unit=str(entry.get("unit") or ""),
            classes=tuple(map(str, entry.get("classes") or ())),
        )
    )


def _checked(shown: Predictions) -> Predictions:
    """The predictions; ValueError where shapes or codes do not fit together."""
    lengths = {len(shown.truth), len(shown.session)}
    lengths |= {len(each) for each in (shown.seconds, shown.part) if each is not None}
    fits = len(lengths) == 1 and shown.truth.shape == shown.predicted.shape
    fits = fits and bool((np.asarray(shown.session) < len(shown.sessions)).all())
    if shown.kind == "discrete":
        codes = np.concatenate([shown.truth, shown.predicted])
        fits = fits and bool(((codes >= 0) & (codes < len(shown.classes))).all())
    if not fits:
        raise ValueError("their shapes disagree")
    return shown
