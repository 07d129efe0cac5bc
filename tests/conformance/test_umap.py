"""UMAP as another embedding: fitted on training samples, applied to others, repeatable."""

from __future__ import annotations

import builtins
from typing import Any

import numpy as np
import pytest

from raylab.errors import StudyError
from raylab.evaluation.comparison import METHODS, REDUCED


@pytest.mark.slow
def test_umap_places_samples_that_it_was_not_fitted_on() -> None:
    random = np.random.default_rng(0)
    angle = random.uniform(-np.pi, np.pi, 400)
    points = np.stack([np.cos(angle), np.sin(angle)], axis=1) @ random.normal(
        size=(2, REDUCED + 10)
    )
    points += 0.1 * random.normal(size=points.shape)
    umap = METHODS["umap"]
    training, others = umap.reduce(points[:300], points[300:], 2, 0)
    assert (training.shape, others.shape, umap.transductive) == ((300, 2), (100, 2), False)
    near = np.linalg.norm(others[:, None] - training, axis=2).argmin(axis=1)
    error = np.abs(np.angle(np.exp(1j * (angle[near] - angle[300:]))))
    assert np.median(error) < 0.2
    again, _ = umap.reduce(points[:300], points[300:310], 2, 0)
    np.testing.assert_array_equal(again, training)


def test_a_missing_package_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *arguments: Any, **more: Any) -> Any:
        if name == "umap":
            raise ImportError(name)
        return real(name, *arguments, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(StudyError, match="umap-learn") as caught:
        METHODS["umap"].reduce(np.zeros((20, 3)), np.zeros((5, 3)), 2, 0)
    assert "raylab[umap]" in caught.value.remedy
