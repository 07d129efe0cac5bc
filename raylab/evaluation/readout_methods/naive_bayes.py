"""Gaussian naive Bayes, as two matrix products for all classes together."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from raylab.config.readouts import NaiveBayesConfig
from raylab.data.views.variation import varying
from raylab.errors import TrainingError
from raylab.evaluation.readout_method import Arrays, Examples, Fitted, ReadoutMethod


class NaiveBayes(ReadoutMethod[NaiveBayesConfig]):
    """log p(class) + log N(x; mean, variance), summed over features, as x² squares + x weights +
    bias.

    x counts from the mean of all fitted examples: far from zero the three terms would cancel to
    nothing. With balanced weights all classes are equally likely before the features are seen.
    """

    score_meaning = "log_probabilities"

    def fit(self, settings: NaiveBayesConfig, examples: Examples) -> Arrays:
        ((_, arrays),) = self.fit_each(settings, examples)
        return arrays

    def fit_each(self, config: NaiveBayesConfig, examples: Examples) -> Iterator[Fitted]:
        """Means and variances are computed once."""
        from sklearn.naive_bayes import GaussianNB

        features, (_, positions) = examples.features.astype(np.float64), examples.codes
        largest = features.var(axis=0).max()
        if not varying(examples.features).any():
            raise TrainingError(
                "model.kind naive_bayes: no feature varies over the fitted examples",
                "Use other features.",
            )
        centre = features.mean(axis=0)
        model = GaussianNB(var_smoothing=0).fit(features - centre, positions)
        means = model.theta_
        for settings in config.candidates():
            variance = model.var_ + settings.smoothing[0] * largest
            constant = -0.5 * (np.log(2 * np.pi * variance) + means**2 / variance).sum(axis=1)
            arrays = {
                "centre": centre,
                "squares": -0.5 / variance.T,
                "weights": (means / variance).T,
                "bias": np.log(examples.priors(settings)) + constant,
            }
            yield settings, arrays

    def outputs(self, arrays: Arrays, features: np.ndarray) -> np.ndarray:
        features -= arrays["centre"]
        linear = features @ arrays["weights"] + arrays["bias"]
        outputs = np.square(features, out=features) @ arrays["squares"] + linear
        # Where variances are tiny these are huge, and float32 would not tell the best from the
        # next.
        relative: np.ndarray = outputs - outputs.max(axis=1, keepdims=True)
        return relative
