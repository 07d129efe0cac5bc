"""Predictions of one label from features: by neighbours, or by a readout fitted at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from raylab.config.readouts import UNWEIGHTED, ClassWeight, KnnConfig, ReadoutConfig
from raylab.config.view import ScaleRule
from raylab.data.examples import gather
from raylab.data.session import Label
from raylab.evaluation.class_weights import balanced_weights
from raylab.evaluation.metrics import primary
from raylab.evaluation.neighbours import nearest, predict
from raylab.evaluation.readouts import (
    Predicted,
    choose_readout,
    fit_readout,
    supports,
)
from raylab.evaluation.scores import score_predictions

Searches = dict[tuple[str, int, bytes, bytes], np.ndarray]


@dataclass(frozen=True)
class Sides:
    """What a decoder is fitted on and what it predicts.

    Attributes:
        features: (rows of the view, D).
        fitted, scored: (n, L) rows of examples.
        reference, truth: Their labels, all known.
        pooled: (len(reference), L * D) features of other sessions that take the place of those
            fitted.
    """

    features: np.ndarray
    fitted: np.ndarray
    scored: np.ndarray
    reference: Label
    truth: Label
    pooled: np.ndarray | None = None

    @property
    def known(self) -> np.ndarray:
        return gather(self.features, self.fitted) if self.pooled is None else self.pooled

    @property
    def queries(self) -> np.ndarray:
        return gather(self.features, self.scored)


def by_neighbours(
    sides: Sides,
    *,
    metrics: Sequence[str],
    ks: Sequence[int],
    class_weights: Sequence[ClassWeight] = UNWEIGHTED,
    searches: Searches | None,
) -> Iterator[tuple[ReadoutConfig, np.ndarray]]:
    """Predictions by each distance, each number of neighbours and each kind of weights; all
    neighbours where there are fewer.
    """
    most = len(sides.reference.values)
    counts = {k: min(k, most) for k in sorted(ks)}
    for metric in metrics:
        key = (metric, max(counts.values()), sides.fitted.tobytes(), sides.scored.tobytes())
        neighbours = searches.get(key) if searches is not None and sides.pooled is None else None
        if neighbours is None:
            neighbours = nearest(sides.known, sides.queries, k=key[1], metric=metric)
            if searches is not None and sides.pooled is None:
                searches[key] = neighbours
        distinct = tuple(set(counts.values()))
        predictions = {
            weight: predict(
                sides.reference, neighbours, distinct, _weights(sides.reference, weight)
            )
            for weight in class_weights
        }
        for (k, count), weight in product(counts.items(), class_weights):
            values = {"metric": metric, "neighbours": k, "class_weight": weight}
            yield KnnConfig.model_validate(values), predictions[weight][count]


def _weights(reference: Label, weight: ClassWeight) -> np.ndarray | None:
    """(classes,) weights of votes; None where all count the same."""
    if weight == "none":
        return None
    return balanced_weights(reference.values, len(reference.classes))


def neighbours_of(ks: Sequence[int], most: int) -> tuple[int, ...]:
    """The numbers of neighbours that there are; all of them where none of the numbers is."""
    return tuple(k for k in ks if k <= most) or (most,)


def by_readout(
    sides: Sides, config: ReadoutConfig, *, chosen: bool, scale: ScaleRule
) -> tuple[ReadoutConfig, np.ndarray]:
    """A readout with its settings and predictions.

    Args:
        chosen: Whether the settings are; otherwise the best on the scored examples are taken.
        scale: As of `fit_readout`.
    """
    fit, queries = (sides.known, sides.reference), sides.queries
    if chosen:
        return config, fit_readout(config, *fit, scale).predict(queries).values
    settings, readout = choose_readout(config, fit, (queries, sides.truth), primary_score, scale)
    return settings, readout.predict(queries).values


def primary_score(truth: Label, predicted: Predicted) -> float:
    """What settings of a readout are chosen by."""
    return score_predictions(truth.kind, truth.values, predicted.values)[primary(truth.kind)]


def readable(kind: str, reference: Label) -> bool:
    """Whether a decoder of `kind` can be fitted: neighbours always; others need two classes, LDA
    one of them twice.
    """
    if not supports(kind, reference.kind):
        return False
    if kind == "knn" or reference.kind != "discrete":
        return True
    classes = len(np.unique(reference.values))
    return classes > 1 and (kind != "lda" or len(reference.values) > classes)


def settings_text(choices: Sequence[ReadoutConfig]) -> str:
    """A decoder with its settings over sessions: `ridge, alpha 10` or `knn, cosine, k 5-25`."""
    short = {"neighbours": "k ", "metric": ""}
    dumped = [choice.model_dump() for choice in choices]  # without what is not used
    names = [name for name in type(choices[0]).model_fields if any(name in each for each in dumped)]
    settings = [
        short.get(name, f"{name} ") + _span([getattr(choice, name)[0] for choice in choices])
        for name in names
        if name != "kind"
    ]
    return ", ".join([choices[0].kind, *settings])


def _span(values: Sequence[float | str]) -> str:
    numbers = sorted({value for value in values if isinstance(value, int | float)})
    words = sorted({value for value in values if isinstance(value, str)})
    ends = [f"{value:g}" for value in (numbers if len(numbers) < 2 else (numbers[0], numbers[-1]))]
    return "/".join([*(["-".join(ends)] if ends else []), *words])
