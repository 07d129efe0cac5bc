"""What a student reaches in an afternoon with scikit-learn, on the fold of a dataset.

A window of bins around or before each sample is the input. The window and the model are chosen by
an inner cross-validation over three contiguous stretches of the training and validation samples.
What was chosen is fitted on all of these, and predicts the test samples once. Every session has a
model of its own.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor
from sklearn.linear_model import LogisticRegressionCV, RidgeCV
from sklearn.multioutput import MultiOutputRegressor
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, SVR

from raylab.config.view import ViewConfig
from raylab.data.dataset import Dataset
from raylab.data.datasets.recording import Recording
from raylab.data.examples import SAMPLE, Examples, examples_of, gather
from raylab.data.views.view import make_timeline, view_activity
from raylab.evaluation.decoding import Decoded
from raylab.evaluation.metrics import primary
from raylab.evaluation.scores import frames_of, score_predictions

WINDOWS = (1, 10, 20)  # bins
INNER = 3  # stretches of the inner cross-validation
KERNEL_SAMPLES = 3000  # support vectors are fitted on at most so many, evenly spaced
MOST = 20_000  # samples of a split, evenly spaced, as answers use them
CHOICE_SAMPLES = 3000  # the choice of window and model uses at most so many, evenly spaced
PLAIN = ViewConfig(zscore=False)
ALPHAS = np.logspace(-2, 5, 8)
Make = Callable[[], BaseEstimator]

REGRESSORS: Mapping[str, Make] = {
    "RidgeCV": lambda: RidgeCV(ALPHAS),
    "SVR": lambda: MultiOutputRegressor(SVR(C=1.0)),
    "MLP": lambda: MLPRegressor(
        hidden_layer_sizes=(100,), alpha=1.0, early_stopping=True, max_iter=60, random_state=0
    ),
    "ExtraTrees": lambda: ExtraTreesRegressor(
        100, min_samples_leaf=3, max_features="sqrt", random_state=0
    ),
}
CLASSIFIERS: Mapping[str, Make] = {
    "LogisticRegressionCV": lambda: LogisticRegressionCV(
        Cs=5, class_weight="balanced", max_iter=300
    ),
    "SVC": lambda: SVC(class_weight="balanced"),
    "MLP": lambda: MLPClassifier(
        hidden_layer_sizes=(100,), alpha=1.0, early_stopping=True, max_iter=60, random_state=0
    ),
    "ExtraTrees": lambda: ExtraTreesClassifier(
        100, min_samples_leaf=3, max_features="sqrt", class_weight="balanced", random_state=0
    ),
}


@dataclass(frozen=True)
class Choice:
    """A model with the bins [-left, right) around a sample that it sees."""

    model: str
    left: int
    right: int

    def __str__(self) -> str:
        return f"{self.model}, bins -{self.left} to {self.right - 1}"


def reference(dataset: Dataset, label: str, *, per: str) -> tuple[dict[str, Decoded], list[str]]:
    """The predictions of the test part by session, and what was chosen for each session."""
    decoded, chosen = {}, []
    for name in dataset.sessions:
        recording = dataset.open(name)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # solvers that stop at their limit of iterations
            choice = _choose(recording, label, per)
            decoded[name] = _decode(recording, label, per, choice)
        chosen.append(str(choice))
    return decoded, chosen


def _choose(recording: Recording, label: str, per: str) -> Choice:
    scores = {}
    for choice in _choices(recording, label, per):
        features, examples = _fit_examples(recording, label, per, choice)
        at = _evenly(len(features), CHOICE_SAMPLES)
        features, examples = features[at], examples.pick(at)
        stretch = np.arange(len(features)) * INNER // len(features)
        target, kind = _target(examples), examples.label.kind
        held_out = []
        for part in range(INNER):
            inner = stretch != part
            model = _fitted(choice, features[inner], target[inner], kind)
            held_out.append(_predict(model, features[~inner], kind))
        predicted = np.concatenate(held_out)
        frames = frames_of(examples.label)
        scored = score_predictions(kind, examples.label.values, predicted, frames=frames)
        scores[choice] = scored[primary(kind)]
    return max(scores, key=lambda choice: scores[choice])


def _choices(recording: Recording, label: str, per: str) -> Iterator[Choice]:
    models = CLASSIFIERS if recording.labels[label].kind == "discrete" else REGRESSORS
    windows = WINDOWS if per == SAMPLE else (1,)
    sides = {(w - 1, 1) for w in windows} | {(w // 2, w - w // 2) for w in windows}
    for left, right in sorted(sides):
        for model in models:
            yield Choice(model, left, right)


def _decode(recording: Recording, label: str, per: str, choice: Choice) -> Decoded:
    features, fit = _fit_examples(recording, label, per, choice)
    tested, examples = _examples(recording, label, per, choice, ("test",))
    kind = examples.label.kind
    predicted = _predict(_fitted(choice, features, _target(fit), kind), tested, kind)
    frames = frames_of(examples.label)
    return Decoded(
        kind,
        score_predictions(kind, examples.label.values, predicted, frames=frames),
        examples.label.values,
        predicted,
        classes=examples.label.classes,
        frames=frames,
        belongs=examples.belongs,
    )


def _fit_examples(
    recording: Recording, label: str, per: str, choice: Choice
) -> tuple[np.ndarray, Examples]:
    return _examples(recording, label, per, choice, ("train", "valid"))


def _examples(
    recording: Recording, label: str, per: str, choice: Choice, splits: tuple[str, ...]
) -> tuple[np.ndarray, Examples]:
    """(n, bins x units) and the labelled examples, in order of time."""
    timeline = make_timeline(recording, PLAIN)
    every = examples_of(timeline, label, per=per, window=(choice.left, choice.right))
    examples = every.labelled(splits, MOST)
    examples = examples.pick(np.argsort(examples.rows[:, 0], kind="stable"))
    activity, _ = view_activity(recording, PLAIN)
    return gather(activity, examples.rows), examples


def _target(examples: Examples) -> np.ndarray:
    """(n,) classes, or (n, D) values; of angles their cosines and sines."""
    values = examples.label.values
    if examples.label.kind == "circular":
        return np.concatenate([np.cos(values), np.sin(values)], axis=1)
    return values


def _fitted(choice: Choice, features: np.ndarray, target: np.ndarray, kind: str) -> BaseEstimator:
    make = (CLASSIFIERS if kind == "discrete" else REGRESSORS)[choice.model]
    if choice.model in ("SVR", "SVC"):
        at = _evenly(len(features), KERNEL_SAMPLES)
        features, target = features[at], target[at]
    return make_pipeline(StandardScaler(), make()).fit(features, target)


def _evenly(count: int, most: int) -> np.ndarray:
    """Positions of all of `count` samples, or of `most` evenly spaced ones."""
    return np.linspace(0, count - 1, min(count, most)).round().astype(np.int64)


def _predict(model: BaseEstimator, features: np.ndarray, kind: str) -> np.ndarray:
    predicted = np.asarray(model.predict(features))
    if kind == "discrete":
        return predicted
    predicted = predicted.reshape(len(features), -1)
    if kind == "circular":
        half = predicted.shape[1] // 2
        return np.arctan2(predicted[:, half:], predicted[:, :half])
    return predicted
