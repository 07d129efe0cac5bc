"""Extremely randomised trees (scikit-learn's ExtraTrees), kept as arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from scipy.sparse import csr_array

from raylab.config.readouts import ExtraTreesConfig
from raylab.evaluation.readout_method import Arrays, Examples, ReadoutMethod, sklearn_weight
from raylab.evaluation.readout_methods.targets import Standard
from raylab.evaluation.readout_methods.trees import Nodes, blocks

DRAWN = 5000  # examples of each tree, where there are more: time and size grow with them
LEAST = 1e-12  # share of a class that no tree votes for: its logarithm must be finite


class ExtraTrees(ReadoutMethod[ExtraTreesConfig]):
    """A forest whose trees split at random. A leaf holds shares of classes or a mean."""

    score_meaning = "log_probabilities"

    def fit(self, settings: ExtraTreesConfig, examples: Examples) -> Arrays:
        from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor

        options: dict[str, Any] = {
            "n_estimators": settings.trees[0],
            "max_features": settings.features[0],
            "min_samples_leaf": settings.leaf[0],
            "random_state": 0,
            "n_jobs": torch.get_num_threads(),
        }
        features = examples.features.astype(np.float32)
        if len(features) > DRAWN:
            options |= {"bootstrap": True, "max_samples": DRAWN}
        width = {"width": np.array([features.shape[1]])}
        if examples.label.kind == "discrete":
            options["class_weight"] = sklearn_weight(settings, examples)
            forest = ExtraTreesClassifier(**options).fit(features, examples.codes[1])
            return {**_forest(forest), **width}
        standard = Standard.fitted(examples)
        targets = standard.scaled(examples)
        single = targets[:, 0] if targets.shape[1] == 1 else targets
        forest = ExtraTreesRegressor(**options).fit(features, single)
        return {**_forest(forest), **width, **standard.arrays}

    def width(self, arrays: Arrays) -> int:
        return int(arrays["width"][0])

    def outputs(self, arrays: Arrays, features: np.ndarray) -> np.ndarray:
        # scikit-learn's trees compare float32 features with float64 thresholds.
        single = features.astype(np.float32)
        means = np.concatenate([_means(arrays, block) for block in blocks(single)])
        if "spread" in arrays:
            return Standard.of(arrays).in_units(means)
        return np.asarray(np.log(np.maximum(means, LEAST)))


def _forest(forest: Any) -> Arrays:
    """The trees; the values of leaves without their zeros, which most classes have in a leaf."""
    trees = [estimator.tree_ for estimator in forest.estimators_]
    nodes = Nodes.joined(
        [
            (_features(tree), tree.threshold, tree.children_left, tree.children_right)
            for tree in trees
        ]
    )
    values = np.concatenate([tree.value.reshape(tree.node_count, -1) for tree in trees])
    values[nodes.feature >= 0] = 0
    sparse = csr_array(values)
    return {
        **nodes.arrays,
        "value": sparse.data,
        "column": sparse.indices.astype(np.int32),
        "start": sparse.indptr.astype(np.int64),
        "outputs": np.array([values.shape[1]]),
    }


def _features(tree: Any) -> np.ndarray:
    return np.where(tree.children_left < 0, -1, tree.feature)


def _means(arrays: Arrays, features: np.ndarray) -> np.ndarray:
    """(n, K) means over the trees."""
    nodes = Nodes.of(arrays)
    shape = (len(nodes.feature), int(arrays["outputs"][0]))
    values = csr_array((arrays["value"], arrays["column"], arrays["start"]), shape=shape)
    total = np.zeros((len(features), shape[1]))
    for leaves in nodes.leaves(features):
        total += values[leaves].toarray()
    return total / (len(nodes.roots) - 1)
