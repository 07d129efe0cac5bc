"""The Kalman filter as a readout: the label and its derivatives are the state, the activity is the
observation (Wu et al. 2006; the factor of the process noise as Glaser et al. 2020 have it).

    x[t] = A x[t - 1] + w,  w ~ N(0, process_noise W)
    z[t] = H x[t] + q,      q ~ N(0, Q)

All of A, W, H and Q are fitted by least squares on training samples, state and activity
standardised. The state is never known: each continuous part begins with the distribution that the
state has in training.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.linalg import pinvh

from raylab.config.readouts import KalmanConfig
from raylab.data.views.variation import varying
from raylab.errors import TrainingError
from raylab.evaluation.readout_method import (
    Arrays,
    Course,
    Examples,
    Features,
    Fitted,
    Predicted,
    Readout,
    ReadoutMethod,
)

SETTLED = 1e-13  # relative change of the covariance of the state after which it is constant
BLOCK = 8192  # rows turned into float64 at a time


class KalmanFilter(ReadoutMethod[KalmanConfig]):
    """A filter of each continuous part, whose predictions are those of the examples in it."""

    def fit(self, settings: KalmanConfig, examples: Examples) -> Arrays:
        ((_, arrays),) = self.fit_each(settings, examples)
        return arrays

    def fit_each(self, config: KalmanConfig, examples: Examples) -> Iterator[Fitted]:
        """What the process noise does not change is fitted once for all of its values."""
        fitted: dict[object, Arrays] = {}
        for settings in config.candidates():
            key = (settings.order, settings.shrinkage)
            if key not in fitted:
                fitted[key] = _fitted(settings, examples)
            arrays = fitted[key]
            yield settings, {**arrays, "process": settings.process_noise[0] * arrays["process"]}

    def predict_course(self, readout: Readout, features: Features) -> Predicted:
        course = Course.of(features)
        arrays, size = readout.arrays, len(readout.arrays["centre"])
        states = filtered(arrays, course)[course.at, :size]
        return readout.of_outputs(states * arrays["spread"] + arrays["centre"])


@dataclass(frozen=True)
class _Moments:
    """The fitted examples, one per moment of time and in its order.

    Attributes:
        activity: (u, F) standardised.
        targets: (u, K) the label's values or points on the circle, the mean over the moment.
        follows: (u - 1,) whether the next moment follows.
    """

    activity: np.ndarray
    targets: np.ndarray
    follows: np.ndarray

    def states(self, order: int) -> np.ndarray:
        """(u, (1 + order) K) the targets and their derivatives, per row of the view."""
        states = [self.targets]
        cuts = np.flatnonzero(~self.follows) + 1
        for _ in range(order):
            parts = np.split(states[-1], cuts)
            slopes = [np.gradient(x, axis=0) if len(x) > 1 else np.zeros_like(x) for x in parts]
            states.append(np.concatenate(slopes))
        return np.concatenate(states, axis=1)


def _moments(examples: Examples) -> _Moments:
    course = Course.of(examples.source)
    times, first, moment = np.unique(course.time[course.at], return_index=True, return_inverse=True)
    targets = np.asarray(examples.targets, np.float64)
    sums = np.zeros((len(times), targets.shape[1]))
    np.add.at(sums, moment, targets)
    follows = np.diff(times) == 1
    if follows.sum() < 2:
        raise TrainingError(
            "model.kind kalman: fewer than two of the fitted examples follow each other in time",
            "Use samples that do (no view.resample_hz above the recording's rate), or another "
            "model.kind.",
        )
    means = sums / np.bincount(moment)[:, None]
    return _Moments(examples.standard[first], means, follows)


def _fitted(settings: KalmanConfig, examples: Examples) -> Arrays:
    """The arrays of a filter whose process noise has the factor 1."""
    moments = _moments(examples)
    states, size = moments.states(settings.order[0]), moments.targets.shape[1]
    centre = states.mean(axis=0)
    spread = np.where(varying(states), states.std(axis=0), 1.0)
    states = (states - centre) / spread
    before, after = states[:-1][moments.follows], states[1:][moments.follows]
    transition = np.linalg.lstsq(before, after)[0].T
    steps = after - before @ transition.T
    observation = np.linalg.lstsq(states, moments.activity)[0].T
    noise = _covariance(moments.activity - states @ observation.T, settings.shrinkage[0])
    weights = pinvh(noise) @ observation
    return {
        **examples.folded(weights.T, np.zeros(weights.shape[1])),
        "transition": transition,
        "process": steps.T @ steps / (len(steps) - 1),
        "information": observation.T @ weights,
        "initial": states.T @ states / len(states),
        "centre": centre[:size],
        "spread": spread[:size],
    }


def _covariance(residuals: np.ndarray, shrinkage: float | str) -> np.ndarray:
    """(F, F) covariance of (n, F) residuals around zero, shrunk towards equal variances."""
    from sklearn.covariance import ledoit_wolf, shrunk_covariance

    if shrinkage == "auto":
        return np.asarray(ledoit_wolf(residuals, assume_centered=True)[0])
    empirical = residuals.T @ residuals / len(residuals)
    return np.asarray(
        empirical if shrinkage == "none" else shrunk_covariance(empirical, float(shrinkage))
    )


def filtered(arrays: Arrays, course: Course) -> np.ndarray:
    """(m, S) the mean of the state at each row, given the rows up to it in its continuous part."""
    moments, moment = np.unique(course.time, return_inverse=True)
    evidence = np.zeros((len(moments), arrays["weights"].shape[1]))
    for at in np.split(np.arange(len(course.rows)), range(BLOCK, len(course.rows), BLOCK)):
        rows = course.rows[at].astype(np.float64)
        evidence[moment[at]] = rows @ arrays["weights"] + arrays["bias"]
    parts = np.split(evidence, np.flatnonzero(np.diff(moments) != 1) + 1)
    gains = _gains(arrays, max(map(len, parts)))
    means = [_means(part, arrays, gains) for part in parts]
    return np.asarray(np.concatenate(means)[moment])


def _gains(arrays: Arrays, longest: int) -> np.ndarray:
    """(T, S, S) covariance of the state after each row of a part, until it no longer changes."""
    transition, information = arrays["transition"], arrays["information"]
    prior, gains = arrays["initial"], list[np.ndarray]()
    for _ in range(longest):
        # (P^-1 + H' Q^-1 H)^-1 without the inverse of P, which need not exist
        posterior = np.linalg.solve(np.eye(len(prior)) + prior @ information, prior)
        posterior = (posterior + posterior.T) / 2
        if gains and np.abs(posterior - gains[-1]).max() <= SETTLED * np.abs(posterior).max():
            break
        gains.append(posterior)
        prior = transition @ posterior @ transition.T + arrays["process"]
    return np.array(gains)


def _means(evidence: np.ndarray, arrays: Arrays, gains: np.ndarray) -> np.ndarray:
    """(T, S) means of the state over one part, from H' Q^-1 z of its rows."""
    step = np.minimum(np.arange(len(evidence)), len(gains) - 1)
    updates = np.einsum("tij,tj->ti", gains[step], evidence)
    keeps = arrays["transition"] - gains @ (arrays["information"] @ arrays["transition"])
    means = np.zeros_like(evidence)
    mean = np.zeros(evidence.shape[1])
    for row, (place, update) in enumerate(zip(step, updates)):
        mean = keeps[place] @ mean + update
        means[row] = mean
    return means
