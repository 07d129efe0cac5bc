"""The Wiener filter and the Wiener cascade: linear regression on the rows of a window, and a
polynomial of what it predicts (Hunter & Korenberg 1986; Pohlmeyer et al. 2007).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.polynomial.polynomial import polyval, polyvander

from raylab.config.readouts import WienerCascadeConfig, WienerConfig
from raylab.evaluation.readout_method import Arrays, Examples, Fitted, ReadoutMethod


class Wiener(ReadoutMethod[WienerConfig]):
    """Least squares without a penalty. Of the equally good solutions, the one with the smallest
    weights of standardised features.
    """

    def fit(self, settings: WienerConfig, examples: Examples) -> Arrays:
        return _linear(examples)


class WienerCascade(ReadoutMethod[WienerCascadeConfig]):
    """One polynomial for each dimension, from the fitted predictions to the targets by least
    squares. Outside the range of the fitted predictions, the polynomial keeps the value that it has
    at the end of the range, because it would soon be far from all values that were fitted.
    """

    def fit(self, settings: WienerCascadeConfig, examples: Examples) -> Arrays:
        ((_, arrays),) = self.fit_each(settings, examples)
        return arrays

    def fit_each(self, config: WienerCascadeConfig, examples: Examples) -> Iterator[Fitted]:
        """The linear map is fitted once, whatever the degrees."""
        linear, targets = _linear(examples), np.asarray(examples.targets)
        predicted = examples.features.astype(np.float64) @ linear["weights"] + linear["bias"]
        low, high = predicted.min(axis=0), predicted.max(axis=0)
        spans = {"low": low, "high": high}
        standard = _between(predicted, low, high)
        for settings in config.candidates():
            (degree,) = settings.degree
            polynomials = [
                np.linalg.lstsq(polyvander(x, degree), y)[0] for x, y in zip(standard.T, targets.T)
            ]
            yield settings, {**linear, **spans, "polynomial": np.stack(polynomials, axis=1)}

    def outputs(self, arrays: Arrays, features: np.ndarray) -> np.ndarray:
        predicted = super().outputs(arrays, features)
        standard = _between(predicted, arrays["low"], arrays["high"])
        return np.asarray(polyval(standard, arrays["polynomial"], tensor=False))


def _linear(examples: Examples) -> Arrays:
    from sklearn.linear_model import LinearRegression

    model = LinearRegression().fit(examples.standard, examples.targets)
    return examples.folded(model.coef_, model.intercept_)


def _between(predicted: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """(n, K) predictions as shares of the fitted range, from -1 to 1, where powers are accurate."""
    half = np.where(high > low, (high - low) / 2, 1.0)
    shares: np.ndarray = ((predicted - (low + high) / 2) / half).clip(-1, 1)
    return shares
