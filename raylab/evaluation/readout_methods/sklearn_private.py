"""Private attributes of scikit-learn: the trees of its histogram gradient boosting, which have no
public form. tests/conformance/test_sklearn_trees.py fails where they change.
"""

from __future__ import annotations

from typing import Any

import numpy as np


def boosted_trees(model: Any) -> tuple[np.ndarray, list[np.ndarray]]:
    """(K,) what is predicted before the first tree, and the nodes of all trees, those of one round
    together.

    Returns:
        Nodes have the fields `feature_idx`, `num_threshold`, `left`, `right`, `is_leaf` and
        `value`.
    """
    baseline = np.asarray(model._baseline_prediction, np.float64).reshape(-1)
    return baseline, [tree.nodes for trees in model._predictors for tree in trees]
