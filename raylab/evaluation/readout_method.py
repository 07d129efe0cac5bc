"""What every kind of readout offers: fitting as plain arrays, and predictions from them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar, Generic, Literal, TypeVar

import numpy as np

from raylab.config.readouts import READOUTS, ReadoutConfig
from raylab.config.view import ScaleRule
from raylab.data.session import Label
from raylab.data.views.scaling import column_scale
from raylab.data.views.variation import varying
from raylab.errors import TrainingError
from raylab.evaluation.class_weights import balanced_weights
from raylab.evaluation.formulas import on_circle

if TYPE_CHECKING:
    from sklearn.preprocessing import StandardScaler

UNSEEN = 100.0  # by which the score of a class that was not fitted is below all others
Arrays = dict[str, np.ndarray]
# What the scores of classes are: logarithms of probabilities up to a constant, votes of neighbours,
# or distances from a boundary, which say nothing about probabilities.
ScoreMeaning = Literal["log_probabilities", "votes", "distances"]
C = TypeVar("C", bound=ReadoutConfig)


@dataclass(frozen=True)
class Predicted:
    """Predictions of n examples.

    Attributes:
        values: (n,) class codes, or (n, D) values or angles in radians.
        scores: Of classes: (n, classes), finite, larger is more likely. A class that no fitted
            example was of has `UNSEEN` less than the least likely of the others, or than 0 where
            that is lower: it is never predicted, and its probability is e^-100 of that one's at
            most. Their softmax is the probability for logistic, lda and naive_bayes (whose best is
            0); for knn they are votes, by the weights of their classes. Else None.
    """

    values: np.ndarray
    scores: np.ndarray | None = None


@dataclass(frozen=True)
class Course:
    """Examples in the course of time, for readouts that are sequential.

    Attributes:
        rows: (m, F) features of all rows, those that are no example included, in order of time.
        time: (m,) int64, ascending. Rows whose times differ by 1 follow each other, rows of one
            time are the same moment, and a larger difference separates continuous parts.
        at: (n,) which of the rows are the examples.
    """

    rows: np.ndarray
    time: np.ndarray
    at: np.ndarray

    @property
    def shape(self) -> tuple[int, int]:
        """(n, F) of the examples, as arrays of features have it."""
        return len(self.at), self.rows.shape[1]

    @property
    def features(self) -> np.ndarray:
        """(n, F) of the examples."""
        features: np.ndarray = self.rows[self.at]
        return features

    def __getitem__(self, keep: np.ndarray) -> Course:
        """Some of the examples, chosen as of an array."""
        return replace(self, at=self.at[keep])

    @classmethod
    def of(cls, features: Features) -> Course:
        """The course of n examples. Without one, they are one continuous part in order of time."""
        if isinstance(features, Course):
            return features
        every = np.arange(len(features))
        return cls(features, every, every)

    @classmethod
    def alone(cls, features: np.ndarray) -> Course:
        """Each of n examples as a continuous part of its own."""
        every = np.arange(len(features))
        return cls(features, 2 * every, every)


Features = np.ndarray | Course  # (n, F) features of examples, or of sequential readouts a course


def plain(features: Features) -> np.ndarray:
    """(n, F) features of the examples."""
    return features.features if isinstance(features, Course) else features


@dataclass(frozen=True)
class Examples:
    """What readouts are fitted on.

    Attributes:
        source: (n, F) features, finite, or their course.
        label: Of the n examples, all labelled.
        scale: The rule by which `scaler` divides almost constant features.
    """

    source: Features
    label: Label
    scale: ScaleRule = "floored"

    @cached_property
    def features(self) -> np.ndarray:
        """(n, F) of the examples."""
        return plain(self.source)

    @cached_property
    def codes(self) -> tuple[np.ndarray, np.ndarray]:
        """The codes that occur (S,), and the position of each example's code among them (n,)."""
        seen, positions = np.unique(self.label.values, return_inverse=True)
        return seen, positions

    def weights(self, settings: ReadoutConfig) -> np.ndarray | None:
        """(S,) weights of the classes that occur, by settings with one value each. None where all
        examples count the same: without weights, and where all classes are equally frequent.
        """
        if settings.class_weights != ("balanced",) or self.label.kind != "discrete":
            return None
        seen, positions = self.codes
        weights = balanced_weights(positions, len(seen))
        return weights if np.ptp(weights) else None

    def priors(self, settings: ReadoutConfig) -> np.ndarray:
        """(S,) how likely each class is before the features are seen: as frequent as it is, or all
        the same.
        """
        counts = np.bincount(self.codes[1])
        if self.weights(settings) is not None:
            counts = np.ones_like(counts)
        return np.asarray(counts / counts.sum())

    @cached_property
    def scaler(self) -> StandardScaler:
        from sklearn.preprocessing import StandardScaler

        scaler = StandardScaler().fit(self.features.astype(np.float64))
        scaler.scale_ = column_scale(
            self.features, scaler.scale_, varying(self.features), self.scale
        )
        return scaler

    @cached_property
    def standard(self) -> np.ndarray:
        """(n, F) float64 features of mean 0 and variance 1, or less where `scale` has a floor;
        constant ones are about 0.
        """
        return np.asarray(self.scaler.transform(self.features.astype(np.float64)))

    @property
    def targets(self) -> np.ndarray:
        """(n, K) float64 to regress on: 1 for an example's class and -1 for others, points on the
        circle, or values.
        """
        if self.label.kind == "discrete":
            seen, positions = self.codes
            return 2.0 * (positions[:, None] == np.arange(len(seen))) - 1
        return on_circle(self.label.values) if self.label.kind == "circular" else self.label.values

    def folded(self, coefficients: np.ndarray, intercept: np.ndarray) -> Arrays:
        """Of standardised features (K, F) and (K,) -> of features as they are."""
        weights = coefficients.T / self.scaler.scale_[:, None]
        return {"weights": weights, "bias": intercept - self.scaler.mean_ @ weights}


def sklearn_weight(settings: ReadoutConfig, examples: Examples) -> Literal["balanced"] | None:
    """The argument `class_weight` of an estimator of scikit-learn."""
    return None if examples.weights(settings) is None else "balanced"


@dataclass(frozen=True)
class Readout:
    """A fitted readout.

    Attributes:
        kind: Of its config.
        label_kind: continuous, circular or discrete.
        arrays: All that was fitted, by name, fit for a safetensors file. Of a discrete label also
            `seen`, the (S,) codes that were fitted, and `classes`, how many the label has.
    """

    kind: str
    label_kind: str
    arrays: Arrays

    @property
    def converged(self) -> bool:
        """False where an iterative solver (logistic, svm) stopped at its limit of iterations."""
        return bool(self.arrays.get("converged", np.ones(1, bool))[0])

    def predict(self, features: Features) -> Predicted:
        """Predictions from (n, F) features; TrainingError where they are not finite or not as wide
        as those fitted. A sequential readout takes features without a course for one continuous
        part in order of time.
        """
        features, method = finite(features, self.kind), method_of(self.kind)
        width = method.width(self.arrays)
        if features.shape[1] != width:
            raise TrainingError(
                f"model.kind {self.kind}: fitted on {width} features, given {features.shape[1]}"
            )
        return method.predict_course(self, features)

    def of_outputs(self, outputs: np.ndarray) -> Predicted:
        """From (n, S) of the classes that were fitted, (n, 2 D) points around the circle, or (n, D)
        values.
        """
        if self.label_kind == "discrete":
            # Below zero, too: votes of many neighbours may all be larger than UNSEEN.
            unseen = np.minimum(outputs.min(axis=1, keepdims=True), 0) - UNSEEN
            scores = np.repeat(unseen, int(self.arrays["classes"][0]), axis=1).astype(np.float64)
            scores[:, self.arrays["seen"]] = outputs
            return Predicted(scores.argmax(axis=1), scores)
        if self.label_kind == "circular":
            half = outputs.shape[1] // 2
            return Predicted(np.arctan2(outputs[:, half:], outputs[:, :half]))
        return Predicted(outputs)


Fitted = tuple[ReadoutConfig, Arrays]


class ReadoutMethod(ABC, Generic[C]):
    """How readouts of one kind are fitted and applied.

    The arrays `weights` (F, S) and `bias` (S,) are all that a linear readout needs: it only defines
    `fit`. Others also define `width` and `outputs`, or `predict`.

    Attributes:
        score_meaning: What the scores of classes are, so that probabilities can be told from them.
    """

    score_meaning: ClassVar[ScoreMeaning] = "distances"

    @abstractmethod
    def fit(self, settings: C, examples: Examples) -> Arrays:
        """The arrays of a readout whose settings have one value each."""

    def fit_each(self, config: C, examples: Examples) -> Iterator[Fitted]:
        """The arrays for each combination of settings, in the order of `config.candidates()`.

        Where all classes are equally frequent, balanced weights are none: both are one fit.
        """
        last: tuple[C, Arrays] | None = None
        for settings in config.candidates():
            weighted = examples.weights(settings) is not None
            alike = settings if weighted else settings.unweighted()
            if last is None or last[0] != alike:
                last = (alike, self.fit(alike, examples))
            yield settings, last[1]

    def width(self, arrays: Arrays) -> int:
        """How many features it was fitted on."""
        return len(arrays["weights"])

    def outputs(self, arrays: Arrays, features: np.ndarray) -> np.ndarray:
        """(n, F) float64, which it may overwrite -> (n, S), as `Readout.of_outputs` reads them."""
        outputs: np.ndarray = features @ arrays["weights"] + arrays["bias"]
        return outputs

    def predict_course(self, readout: Readout, features: Features) -> Predicted:
        """Predictions of n examples. Sequential readouts define it in place of `predict`."""
        return self.predict(readout, plain(features))

    def predict(self, readout: Readout, features: np.ndarray) -> Predicted:
        """Predictions from (n, F) finite features."""
        return readout.of_outputs(self.outputs(readout.arrays, features.astype(np.float64)))

    def restricted(self, config: C, count: int, width: int) -> C:
        """The settings that make sense with `count` examples of `width` features to fit."""
        return config

    def predict_each(
        self, config: C, fitted: Iterable[tuple[ReadoutConfig, Readout]], features: Features
    ) -> Iterator[tuple[ReadoutConfig, Readout, Predicted]]:
        """Predictions of the readouts of all settings."""
        for settings, readout in fitted:
            yield settings, readout, readout.predict(features)


def method_of(kind: str) -> ReadoutMethod[ReadoutConfig]:
    """How readouts of this kind are fitted and applied."""
    choice = READOUTS.find(kind)
    assert choice is not None, kind
    method = choice.load()()
    assert isinstance(method, ReadoutMethod)
    return method


def finite(features: Features, kind: str) -> Features:
    """The features; TrainingError where one is NaN or infinite."""
    if isinstance(features, Course):
        finite(features.rows, kind)
        return features
    features = np.asarray(features)
    if not np.isfinite(features).all():
        raise TrainingError(
            f"model.kind {kind}: {int((~np.isfinite(features)).sum())} of the features are NaN or "
            "infinite",
            "Check the view, or the model whose embedding they are.",
        )
    return features
