"""The methods by which a model or a predictor gives labels from raw activity."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import numpy as np

from raylab.data.examples import SAMPLE
from raylab.errors import ConfigError, DataError
from raylab.training.predicting.prediction import Prediction, stacked


class Predicts(ABC):
    """What predicts the label of raw activity.

    One prediction is of one **example**. The config of the training says what an example is
    (`evaluation.per`): every sample of the recording, or a whole trial (`segment`), or a whole
    group such as a stimulus presentation.
    """

    @property
    @abstractmethod
    def per(self) -> str:
        """What has a label of its own: `sample`, `segment` (a trial), or a kind of group such as
        `presentation`.
        """

    @property
    @abstractmethod
    def classes(self) -> tuple[str, ...]:
        """The names of the classes of a discrete label; empty of every other label."""

    @abstractmethod
    def prediction(
        self, activity: Any, *, session: str | None, groups: np.ndarray | None, verb: str
    ) -> Prediction:
        """The prediction of one continuous stretch of activity.

        Args:
            verb: The method that the user called; errors name it.
        """

    def predict(
        self,
        activity: np.ndarray,
        *,
        session: str | None = None,
        groups: np.ndarray | None = None,
    ) -> np.ndarray:
        """Predict the label from raw activity.

        Args:
            activity: (T, N) one continuous stretch at the recording's sampling rate, as `transform`
                takes it. Where the label is per trial or presentation, also (trials, samples, N):
                several stretches of the same length.
            session: The session that the activity belongs to; optional where only one is known.
            groups: (T,) whole numbers, where the label is per presentation or another group: the
                id of the group of each sample, -1 outside of all groups. The stretch is then a
                recording with many groups. Default: the stretch is one group.

        Returns:
            One label per example. Per sample these are T labels. Per trial or presentation it is
            one label for each of them, so an array of length 1 for a single trial.
            A continuous label: float64 in the label's own unit, (n,) for a label of one column,
            else (n, D).
            A circular label: angles in radians from -pi to pi, of the same shapes.
            A discrete label: (n,) array of text, the names of the classes as in the dataset.

        Raises:
            DataError: The activity is not of this form, or the session is not known.
            ConfigError: The model predicts no label: it only embeds.
        """
        return self._of(activity, session, groups, "predict").labels()

    def predict_proba(
        self,
        activity: np.ndarray,
        *,
        session: str | None = None,
        groups: np.ndarray | None = None,
    ) -> np.ndarray:
        """The probability of each class of a discrete label.

        Args:
            activity: As for `predict`.
            session: As for `predict`.
            groups: As for `predict`.

        Returns:
            (n, classes) float64 in the order of `classes`; each row sums to 1. A readout that knows
            no probabilities, such as ridge or svm, votes: its class has the probability 1.

        Raises:
            ConfigError: The label has no classes.
            DataError: As for `predict`.
        """
        prediction = self._of(activity, session, groups, "predict_proba")
        if prediction.kind != "discrete":
            raise ConfigError(
                f"predict_proba: the label is {prediction.kind} and has no classes",
                "Use `predict`.",
            )
        return prediction.in_order(self.classes).shares

    def _of(
        self, activity: Any, session: str | None, groups: np.ndarray | None, verb: str
    ) -> Prediction:
        if _dimensions(activity) != 3:
            return self.prediction(activity, session=session, groups=groups, verb=verb)
        if self.per == SAMPLE or groups is not None or not len(activity):
            raise DataError(
                f"{verb}: activity of shape {np.shape(activity)} is not one continuous stretch",
                "Pass (samples, units), one stretch a call.",
            )
        return stacked(
            [
                self.prediction(stretch, session=session, groups=None, verb=verb)
                for stretch in activity
            ]
        )


def _dimensions(activity: Any) -> int:
    """0 of what is no array, which is refused later."""
    try:
        return np.ndim(activity)
    except ValueError:  # rows of different lengths
        return 0
