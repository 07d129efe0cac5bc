"""Readouts: classical decoders of any features, fitted at once, kept and applied as plain arrays."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import cast

import numpy as np

from raylab.config.readouts import READOUTS, KnnConfig, ReadoutConfig
from raylab.data.session import Label, LabelKind
from raylab.errors import ConfigError, TrainingError
from raylab.evaluation.neighbours import nearest, predict, votes
from raylab.evaluation.readout_fits import METRICS, Arrays, Examples, fits

ONLY_CLASSES = ("naive_bayes", "logistic", "lda")


@dataclass(frozen=True)
class Predicted:
    """Predictions of n examples.

    Attributes:
        values: (n,) class codes, or (n, D) values or angles in radians.
        scores: Of classes: (n, classes), larger is more likely, -inf for classes that no fitted
            example was of. Their softmax is the probability for logistic, lda and naive_bayes
            (whose best is 0); for knn they are votes. Else None.
    """

    values: np.ndarray
    scores: np.ndarray | None = None


@dataclass(frozen=True)
class Readout:
    """A fitted readout.

    Attributes:
        kind: Of its config.
        label_kind: continuous, circular or discrete.
        arrays: All that was fitted, by name, fit for a safetensors file.
    """

    kind: str
    label_kind: str
    arrays: Arrays

    @property
    def converged(self) -> bool:
        """False where an iterative solver (logistic, svm) stopped at its limit of iterations."""
        return bool(self.arrays.get("converged", np.ones(1, bool))[0])

    def predict(self, features: np.ndarray) -> Predicted:
        """Predictions from (n, F) features; TrainingError where they are not finite or not as wide
        as those fitted.
        """
        features = _finite(features, self.kind)
        width = (
            self.arrays["features"].shape[1] if self.kind == "knn" else len(self.arrays["weights"])
        )
        if features.shape[1] != width:
            raise TrainingError(
                f"model.kind {self.kind}: fitted on {width} features, given {features.shape[1]}"
            )
        if self.kind == "knn":
            k, metric = int(self.arrays["neighbours"][0]), METRICS[int(self.arrays["metric"][0])]
            return self._of_neighbours(
                nearest(self.arrays["features"], features, k=k, metric=metric), (k,)
            )[k]
        features = features.astype(np.float64)
        if self.kind != "naive_bayes":
            return self._of_outputs(features @ self.arrays["weights"] + self.arrays["bias"])
        features -= self.arrays["centre"]
        linear = features @ self.arrays["weights"] + self.arrays["bias"]
        outputs = np.square(features, out=features) @ self.arrays["squares"] + linear
        # Where variances are tiny these are huge, and float32 would not tell the best from the
        # next.
        return self._of_outputs(outputs - outputs.max(axis=1, keepdims=True))

    def _of_outputs(self, outputs: np.ndarray) -> Predicted:
        """From (n, S) of the classes that were fitted, (n, 2 D) points around the circle, or (n, D)
        values.
        """
        if self.label_kind == "discrete":
            scores = np.full((len(outputs), int(self.arrays["classes"][0])), -np.inf)
            scores[:, self.arrays["seen"]] = outputs
            return Predicted(scores.argmax(axis=1), scores)
        if self.label_kind == "circular":
            half = outputs.shape[1] // 2
            return Predicted(np.arctan2(outputs[:, half:], outputs[:, :half]))
        return Predicted(outputs)

    def _of_neighbours(self, neighbours: np.ndarray, ks: tuple[int, ...]) -> dict[int, Predicted]:
        """Of knn, for several k at once."""
        if self.label_kind == "discrete":
            names = tuple(map(str, range(int(self.arrays["classes"][0]))))
            label = Label(kind="discrete", values=self.arrays["labels"], classes=names)
            counts = votes(label, neighbours, ks)
            return {k: self._of_outputs(counts[k][:, self.arrays["seen"]]) for k in ks}
        label = Label(kind=cast(LabelKind, self.label_kind), values=self.arrays["labels"])
        return {k: Predicted(values) for k, values in predict(label, neighbours, ks).items()}


def supports(kind: str, label_kind: str) -> bool:
    """Whether readouts of `kind` decode labels of `label_kind`."""
    return label_kind == "discrete" or kind not in ONLY_CLASSES


def require_support(
    kind: str, label_kind: str, *, label: str = "", key: str = "model.kind"
) -> None:
    """ConfigError where a readout does not decode such labels: `key` says where the kind was given,
    `label` is the label's name where it has one.
    """
    if not supports(kind, label_kind):
        able = ", ".join(each for each in READOUTS if supports(each, label_kind))
        named = f"the label '{label}'" if label else "the label"
        raise ConfigError(
            f"{key} {kind} decodes classes only, and {named} is {label_kind}",
            f"Use one of: {able}.",
        )


def fit_readout(config: ReadoutConfig, features: np.ndarray, label: Label) -> Readout:
    """Fit on those of n examples that have a label.

    Args:
        config: With one value for each setting; `choose_readout` is for several.
        features: (n, F).
        label: Of the n examples.

    Raises:
        ConfigError: A setting has several values, or the readout does not decode such labels.
        TrainingError: Features are not finite, or there are too few examples or classes.
    """
    if len(config.candidates()) > 1:
        raise ConfigError(
            f"model.kind {config.kind}: a setting has several values and there is no validation to "
            "choose by",
            "Give each setting one value.",
        )
    return next(_fitted(config, features, label))[1]


def choose_readout(
    config: ReadoutConfig,
    fit: tuple[np.ndarray, Label],
    validation: tuple[np.ndarray, Label],
    score: Callable[[Label, Predicted], float],
) -> tuple[ReadoutConfig, Readout]:
    """Fit on `fit` with every combination of the settings, and keep the best on `validation`.

    Args:
        fit: (n, F) features and their label.
        validation: The same of other examples; unread where there is nothing to choose.
        score: Of labelled validation examples and their predictions; larger is better, the first
            listed wins a tie.

    Returns:
        The config with the settings that were chosen, and the readout. Errors are those of
        `fit_readout`.
    """
    if len(config.candidates()) == 1:
        return next(_fitted(config, *fit))
    examples = _labelled(*validation, config.kind)
    if not len(examples.features):
        raise TrainingError(
            f"model.kind {config.kind}: no labelled validation example to choose its settings by",
            "Give each setting one value, or choose other splits.",
        )
    best: tuple[float, ReadoutConfig, Readout] | None = None
    for settings, readout, predicted in _predicted(config, fit, examples.features):
        reached = score(examples.label, predicted)
        if best is None or reached > best[0] or np.isnan(best[0]):
            best = (reached, settings, readout)
    assert best is not None
    return best[1:]


def _predicted(
    config: ReadoutConfig, fit: tuple[np.ndarray, Label], features: np.ndarray
) -> Iterator[tuple[ReadoutConfig, Readout, Predicted]]:
    """Every combination of the settings, fitted and applied; one search for neighbours a metric."""
    found: tuple[int, dict[int, Predicted]] | None = None
    if isinstance(config, KnnConfig):
        config = _within(config, int(fit[1].labelled.sum()))
    for settings, readout in _fitted(config, *fit):
        if not isinstance(config, KnnConfig):
            yield settings, readout, readout.predict(features)
            continue
        metric = int(readout.arrays["metric"][0])
        if found is None or found[0] != metric:
            most = nearest(
                readout.arrays["features"],
                features,
                k=max(config.neighbours),
                metric=METRICS[metric],
            )
            found = (metric, readout._of_neighbours(most, config.neighbours))
        yield settings, readout, found[1][int(readout.arrays["neighbours"][0])]


def _within(config: KnnConfig, most: int) -> KnnConfig:
    """Without numbers of neighbours that there are not: all of `most` where none is left."""
    return config.model_copy(
        update={"neighbours": tuple(k for k in config.neighbours if k <= most) or (most,)}
    )


def _fitted(
    config: ReadoutConfig, features: np.ndarray, label: Label
) -> Iterator[tuple[ReadoutConfig, Readout]]:
    require_support(config.kind, label.kind)
    examples = _labelled(features, label, config.kind)
    shared = _classes(config.kind, examples) if label.kind == "discrete" else {}
    if not len(examples.features):
        raise TrainingError(
            f"model.kind {config.kind}: no labelled example to fit",
            "Choose another label or splits.",
        )
    for settings, arrays in fits(config, examples):
        yield settings, Readout(config.kind, label.kind, {**arrays, **shared})


def _classes(kind: str, examples: Examples) -> Arrays:
    """How many classes the label has, and the codes of those to fit."""
    seen, positions = examples.codes
    if len(seen) < 2:
        raise TrainingError(
            f"model.kind {kind}: the examples to fit are of {len(seen)} class, at least 2 are "
            "needed",
            "Choose another label or splits.",
        )
    if kind == "lda" and len(positions) == len(seen):
        raise TrainingError(
            f"model.kind lda: {len(positions)} examples of as many classes have no covariance",
            "Use more examples of a class, or another model.kind.",
        )
    return {"seen": seen, "classes": np.array([max(len(examples.label.classes), seen.max() + 1)])}


def _labelled(features: np.ndarray, label: Label, kind: str) -> Examples:
    keep = label.labelled
    kept = Label(kind=label.kind, values=label.values[keep], unit=label.unit, classes=label.classes)
    return Examples(_finite(features, kind)[keep], kept)


def _finite(features: np.ndarray, kind: str) -> np.ndarray:
    features = np.asarray(features)
    if not np.isfinite(features).all():
        raise TrainingError(
            f"model.kind {kind}: {int((~np.isfinite(features)).sum())} of the features are NaN or "
            "infinite",
            "Check the view, or the model whose embedding they are.",
        )
    return features
