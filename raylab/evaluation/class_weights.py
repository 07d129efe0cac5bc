"""Weights with which every class counts the same, as scikit-learn's `class_weight="balanced"` has
them.
"""

from __future__ import annotations

import numpy as np


def balanced_weights(codes: np.ndarray, classes: int) -> np.ndarray:
    """(classes,) weights: inversely proportional to how often a class occurs; 0 of one that does
    not. Over the examples, their mean is 1.

    Args:
        codes: (n,) of the examples, not negative.
    """
    counts = np.bincount(codes, minlength=classes)
    there = counts > 0
    return np.where(there, len(codes) / (there.sum() * np.maximum(counts, 1)), 0.0)
