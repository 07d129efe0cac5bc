"""An embedding that predicts: a model of a study, with the readout of its evaluation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from raylab.data.dataset import Dataset
from raylab.errors import ConfigError
from raylab.training.model import Model
from raylab.training.predicting.member import Member
from raylab.training.predicting.prediction import Prediction


@dataclass(frozen=True, repr=False)
class EmbeddingModel(Model):
    """A model that embeds, with the dataset that its readouts are fitted on.

    The readout of each session is fitted when `predict` is first called: on the training samples,
    with the settings that validation chose for the trial's score. So what it predicts of validation
    samples scores as the trial did.

    Attributes:
        open_dataset: Opens the dataset that the model was trained on.
        label: The label that is read; None where the dataset has none.
    """

    open_dataset: Callable[[], Dataset] = field(compare=False)
    label: str | None = None

    @classmethod
    def of(
        cls, model: Model, open_dataset: Callable[[], Dataset], label: str | None
    ) -> EmbeddingModel:
        """The same model with what it needs to predict."""
        return cls(**vars(model), open_dataset=open_dataset, label=label)

    @cached_property
    def member(self) -> Member:
        """The model with the readouts that are fitted on its embeddings."""
        if self.label is None:
            raise ConfigError(
                "predict: the model was trained without a label, so there is nothing to read",
                "Use `transform`, or train on a dataset with a label.",
            )
        plain = Model(self.config, self.module, self.sessions, self.fitted, self.units)
        return Member.fitted(plain, self.open_dataset(), self.label)

    @property
    def classes(self) -> tuple[str, ...]:
        names = (name for readout in self.member.readouts.values() for name in readout.classes)
        return tuple(dict.fromkeys(names))

    def prediction(
        self,
        activity: Any,
        *,
        session: str | None = None,
        groups: np.ndarray | None = None,
        verb: str = "predict",
        rows: int | None = None,
    ) -> Prediction:
        """What the readout of a session predicts of one continuous stretch.

        Args:
            rows: Not used: a readout knows the length of its examples.
        """
        return self.member.predict(activity, session, groups, verb)
