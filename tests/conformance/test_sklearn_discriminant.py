"""Discriminant analysis in the smaller of the spaces of features and of examples is scikit-learn's
least-squares solver.
"""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from sklearn.covariance import ledoit_wolf_shrinkage
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from raylab.config.readouts import LdaConfig
from raylab.data.session import Label
from raylab.evaluation.readout_methods.discriminant import divided, ledoit_wolf_share
from raylab.evaluation.readouts import fit_readout


def examples(count: int, width: int, classes: int = 3) -> tuple[np.ndarray, np.ndarray]:
    """Features of unequal size that hang together, and codes of unequal classes."""
    random = np.random.default_rng(count + width)
    codes = np.minimum(np.arange(count) % (classes + 2), classes - 1)
    x = random.normal(size=(count, 6)) @ random.normal(size=(6, width))
    x += random.normal(size=(classes, width))[codes] + random.normal(size=(count, width))
    return x * random.uniform(0.1, 5, width), codes


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("priors", ["none", "balanced"])
@pytest.mark.parametrize("shrinkage", ["auto", 0.2, 1.0])
@pytest.mark.parametrize(("count", "width"), [(90, 12), (60, 60), (40, 150)])
def test_more_and_fewer_features_than_examples(
    count: int, width: int, shrinkage: str | float, priors: str, classes: int
) -> None:
    features, codes = examples(count, width, classes)
    features[codes == 0, 0] = 1.5  # constant within a class
    features[:, 1] = 2.5
    config = LdaConfig(kind="lda", shrinkage=shrinkage, class_weight=priors)
    label = Label(kind="discrete", values=codes, classes=("a", "b", "c"))
    scores = fit_readout(config, features, label, "plain").predict(features).scores
    same = [1 / classes] * classes if priors == "balanced" else None
    model = make_pipeline(
        StandardScaler(), LinearDiscriminantAnalysis("lsqr", shrinkage=shrinkage, priors=same)
    )
    expected = model.fit(features, codes).decision_function(features)
    if classes == 2:
        expected = np.stack([-expected, expected], axis=1) / 2
    assert scores is not None
    size = np.abs(expected).max()
    np.testing.assert_allclose(scores[:, :classes], expected, rtol=1e-8, atol=1e-8 * size)


def test_without_shrinkage() -> None:
    """Of a singular covariance the pseudoinverse, as of a feature that is constant."""
    features, codes = examples(90, 12)
    features[:, 4] = 3.0
    config = LdaConfig(kind="lda", shrinkage="none")
    label = Label(kind="discrete", values=codes, classes=("a", "b", "c"))
    scores = fit_readout(config, features, label).predict(features).scores
    model = make_pipeline(StandardScaler(), LinearDiscriminantAnalysis("lsqr"))
    expected = model.fit(features, codes).decision_function(features)
    np.testing.assert_allclose(scores, expected, rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize("width", [9, 200])
def test_the_pseudoinverse_of_what_is_singular(width: int) -> None:
    random = np.random.default_rng(0)
    rows = random.normal(size=(50, 5)) @ random.normal(size=(5, width))
    targets = random.normal(size=(3, width))
    expected = targets @ np.linalg.pinv(rows.T @ rows, hermitian=True)
    coefficients = divided(np.zeros(width), rows, targets)
    np.testing.assert_allclose(coefficients, expected, atol=1e-9)
    assert not divided(np.zeros(width), 0 * rows, targets).any()


@pytest.mark.filterwarnings("ignore:Only one sample available")
@pytest.mark.parametrize("shape", [(1, 5), (2, 1), (30, 7), (7, 1200)])
def test_shrinkage_of_ledoit_and_wolf(shape: tuple[int, int]) -> None:
    rows = np.random.default_rng(1).normal(size=shape) * np.arange(1, shape[1] + 1)
    rows -= rows.mean(axis=0)
    assert ledoit_wolf_share(rows) == pytest.approx(ledoit_wolf_shrinkage(rows), rel=1e-10)


def test_memory_grows_with_the_features_and_not_with_their_square() -> None:
    """A window of 20 samples of 500 units: their covariance alone would take 800 MB."""
    random = np.random.default_rng(0)
    codes = np.arange(60) % 3
    features = random.normal(size=(60, 10_000)).astype(np.float32)
    label = Label(kind="discrete", values=codes, classes=("a", "b", "c"))
    fit_readout(LdaConfig(kind="lda"), features[:, :10], label)  # imports
    tracemalloc.start()
    readout = fit_readout(LdaConfig(kind="lda"), features, label)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 10 * 8 * features.size
    assert (readout.predict(features).values == codes).all()
