"""Gradient-boosted trees (scikit-learn's HistGradientBoosting), kept as arrays."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from raylab.config.readouts import GradientBoostingConfig
from raylab.evaluation.readout_method import (
    Arrays,
    Examples,
    Fitted,
    ReadoutMethod,
    sklearn_weight,
)
from raylab.evaluation.readout_methods.sklearn_private import boosted_trees
from raylab.evaluation.readout_methods.targets import Standard
from raylab.evaluation.readout_methods.trees import Nodes, blocks, threads

MOST_TREES = 3000  # of all classes together: with more classes there are fewer rounds


class GradientBoosting(ReadoutMethod[GradientBoostingConfig]):
    """Of classes one model, with a tree per class and round; of values one model per dimension."""

    score_meaning = "log_probabilities"

    def fit(self, settings: GradientBoostingConfig, examples: Examples) -> Arrays:
        ((_, arrays),) = self.fit_each(settings, examples)
        return arrays

    def fit_each(self, config: GradientBoostingConfig, examples: Examples) -> Iterator[Fitted]:
        """Fewer rounds are the first of more, so that the rounds are fitted once."""
        key: object = None
        fitted: dict[bool, _Boosted] = {}
        for settings in config.candidates():
            if key != (settings.learning_rate, settings.leaves):
                key, fitted = (settings.learning_rate, settings.leaves), {}
            weighted = examples.weights(settings) is not None
            if weighted not in fitted:
                most = settings.model_copy(update={"rounds": (max(config.rounds),)})
                fitted[weighted] = _boosted(most, examples)
            yield settings, _first(fitted[weighted], settings.rounds[0])

    def width(self, arrays: Arrays) -> int:
        return int(arrays["width"][0])

    def outputs(self, arrays: Arrays, features: np.ndarray) -> np.ndarray:
        raw = np.concatenate([_raw(arrays, block) for block in blocks(features)])
        if "spread" in arrays:
            return Standard.of(arrays).in_units(raw)
        # Of two classes: half for the one, half against the other, so that softmax holds.
        return raw if raw.shape[1] > 1 else np.concatenate([-raw, raw], axis=1) / 2


class _Boosted:
    """Nodes with their values, the trees of one round together, and the other arrays."""

    def __init__(self, baseline: np.ndarray, rounds: list[list[np.ndarray]], more: Arrays) -> None:
        trees = [nodes for together in rounds for nodes in together]
        self.more = {**more, "baseline": baseline}
        self.value = np.concatenate([nodes["value"] for nodes in trees])
        self.nodes = Nodes.joined([_columns(nodes) for nodes in trees])


def _first(boosted: _Boosted, rounds: int) -> Arrays:
    outputs = len(boosted.more["baseline"])
    nodes = boosted.nodes.first(min(rounds * outputs, len(boosted.nodes.roots) - 1))
    return {**nodes.arrays, "value": boosted.value[: nodes.roots[-1]], **boosted.more}


def _boosted(settings: GradientBoostingConfig, examples: Examples) -> _Boosted:
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    features = examples.features
    width: Arrays = {"width": np.array([features.shape[1]])}
    discrete = examples.label.kind == "discrete"
    classes = len(examples.codes[0]) if discrete else 1
    options: dict[str, Any] = {
        "learning_rate": settings.learning_rate[0],
        "max_leaf_nodes": settings.leaves[0],
        "max_iter": max(1, min(settings.rounds[0], MOST_TREES // classes)),
        "early_stopping": False,  # validation chooses the number of rounds
        "random_state": 0,
    }
    with threads():
        if discrete:
            options["class_weight"] = sklearn_weight(settings, examples)
            model = HistGradientBoostingClassifier(**options).fit(features, examples.codes[1])
            baseline, trees = boosted_trees(model)
            return _Boosted(baseline, _together(trees, len(baseline)), width)
        standard = Standard.fitted(examples)
        models = [
            boosted_trees(HistGradientBoostingRegressor(**options).fit(features, target))
            for target in standard.scaled(examples).T
        ]
    baseline = np.concatenate([first for first, _ in models])
    rounds = [list(together) for together in zip(*(trees for _, trees in models))]
    return _Boosted(baseline, rounds, {**width, **standard.arrays})


def _together(trees: list[np.ndarray], outputs: int) -> list[list[np.ndarray]]:
    return [trees[at : at + outputs] for at in range(0, len(trees), outputs)]


def _columns(nodes: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    feature = np.where(nodes["is_leaf"], -1, nodes["feature_idx"])
    left, right = nodes["left"].astype(np.int64), nodes["right"].astype(np.int64)
    return feature, nodes["num_threshold"], left, right


def _raw(arrays: Arrays, features: np.ndarray) -> np.ndarray:
    """(n, K) sums of the trees, added in the order of the rounds as scikit-learn adds them."""
    baseline = arrays["baseline"]
    raw = np.tile(baseline, (len(features), 1))
    for tree, leaves in enumerate(Nodes.of(arrays).leaves(features)):
        raw[:, tree % len(baseline)] += arrays["value"][leaves]
    return raw
