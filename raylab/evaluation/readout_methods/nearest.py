"""k nearest neighbours, among the features or among their principal components."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import cast

import numpy as np

from raylab.config.readouts import KnnConfig, ReadoutConfig
from raylab.data.session import Label, LabelKind
from raylab.evaluation.neighbours import nearest, predict, votes
from raylab.evaluation.readout_method import (
    Arrays,
    Examples,
    Features,
    Fitted,
    Predicted,
    Readout,
    ReadoutMethod,
    plain,
)
from raylab.evaluation.readout_methods.components import Components, principal_components

METRICS = ("euclidean", "cosine")  # kept as their positions: arrays hold no text


class NearestNeighbours(ReadoutMethod[KnnConfig]):
    """Keeps the examples: their labels are what is predicted."""

    score_meaning = "votes"

    def fit(self, settings: KnnConfig, examples: Examples) -> Arrays:
        ((_, arrays),) = self.fit_each(settings, examples)
        return arrays

    def fit_each(self, config: KnnConfig, examples: Examples) -> Iterator[Fitted]:
        """The components are computed once, whatever their numbers."""
        counts = [count for count in config.components if count != "none"]
        every = principal_components(examples.features, max(counts)) if counts else None
        places: dict[object, Arrays] = {}
        for settings in config.candidates():
            (count,) = settings.components
            if count not in places:
                places = {count: _places(examples.features, every, count)}
            yield (
                settings,
                {
                    **places[count],
                    "labels": examples.label.values,
                    "neighbours": np.array([min(settings.neighbours[0], len(examples.features))]),
                    "metric": np.array([METRICS.index(settings.metric[0])]),
                    **_weights(settings, examples),
                },
            )

    def width(self, arrays: Arrays) -> int:
        return len(arrays["axes"]) if "axes" in arrays else int(arrays["features"].shape[1])

    def predict(self, readout: Readout, features: np.ndarray) -> Predicted:
        k = int(readout.arrays["neighbours"][0])
        return _predicted(readout, _summed(readout, _nearest(readout, features, k), (k,))[k])

    def restricted(self, config: KnnConfig, count: int, width: int) -> KnnConfig:
        """Without numbers of neighbours and of components that there are not: all of them where
        none is left.
        """
        within = tuple(k for k in config.neighbours if k <= count)
        most = min(count, width)
        components = tuple(
            dict.fromkeys(each if each == "none" else min(each, most) for each in config.components)
        )
        return config.model_copy(
            update={"neighbours": within or (count,), "components": components}
        )

    def predict_each(
        self,
        config: KnnConfig,
        fitted: Iterable[tuple[ReadoutConfig, Readout]],
        features: Features,
    ) -> Iterator[tuple[ReadoutConfig, Readout, Predicted]]:
        """One search for neighbours per metric and number of components, whatever the number of
        neighbours and the weights of classes.
        """
        searched: dict[object, dict[int, np.ndarray]] = {}
        for settings, readout in fitted:
            assert isinstance(settings, KnnConfig)
            key = (settings.components, settings.metric)
            if key not in searched:
                known = len(readout.arrays["features"])
                ks = tuple({min(k, known) for k in config.neighbours})
                at = _nearest(readout, plain(features), max(ks))
                searched = {key: _summed(readout, at, ks)}
            summed = searched[key][int(readout.arrays["neighbours"][0])]
            yield settings, readout, _predicted(readout, summed)


def _places(features: np.ndarray, every: Components | None, count: object) -> Arrays:
    """The arrays that say where the fitted examples are."""
    if every is None or not isinstance(count, int):
        return {"features": features}
    some = every.first(count)
    return {"features": some.project(features), "centre": some.centre, "axes": some.axes}


def _nearest(readout: Readout, features: np.ndarray, k: int) -> np.ndarray:
    """(n, k) the fitted examples that are nearest to (n, F) features."""
    arrays = readout.arrays
    if "axes" in arrays:
        features = Components(arrays["centre"], arrays["axes"]).project(features)
    metric = METRICS[int(arrays["metric"][0])]
    return nearest(arrays["features"], features, k=k, metric=metric)


def _weights(settings: KnnConfig, examples: Examples) -> Arrays:
    """The (S,) weights of the votes for each class, where votes do not all count the same."""
    weights = examples.weights(settings)
    return {} if weights is None else {"weights": weights}


def _summed(readout: Readout, neighbours: np.ndarray, ks: tuple[int, ...]) -> dict[int, np.ndarray]:
    """From (n, k) neighbours, for several k at once: (n, S) numbers of neighbours of each class, or
    (n, D) mean values or angles.
    """
    labels = readout.arrays["labels"]
    if readout.label_kind == "discrete":
        names = tuple(map(str, range(int(readout.arrays["classes"][0]))))
        label = Label(kind="discrete", values=labels, classes=names)
        counts = votes(label, neighbours, ks)
        return {k: counts[k][:, readout.arrays["seen"]] for k in ks}
    return predict(Label(kind=cast(LabelKind, readout.label_kind), values=labels), neighbours, ks)


def _predicted(readout: Readout, summed: np.ndarray) -> Predicted:
    if readout.label_kind == "discrete":
        return readout.of_outputs(summed * readout.arrays.get("weights", 1))
    return Predicted(summed)
