"""An entrant of an answer as users hold it: it predicts a label from raw activity."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from raylab.config.trial import TrialConfig
from raylab.data.datasets.specs import LabelSpec, SessionSpec
from raylab.errors import DataError
from raylab.results import rows_html, values_html
from raylab.training.predicting.files import load_predictor, save_predictor
from raylab.training.predicting.member import Member
from raylab.training.predicting.prediction import Prediction, joined
from raylab.training.predicting.predicts import Predicts


@dataclass(frozen=True)
class Predictor(Predicts):
    """A baseline, readout, network, embedding with its readout, or ensemble, ready for use.

    A predictor has one or several models, its **members**: seeds of one model, or the models of an
    ensemble. `predict` gives the weighted mean of what the members predict: the mean of numbers,
    the circular mean of angles, and of classes the one whose mean probability is highest. Where a
    member knows no probabilities, all members vote.

    Attributes:
        members: The models, each with the readouts that were fitted on its embeddings.
        weights: How much each member counts; they sum to 1.
        label: The name of the label that is predicted.
        meaning: The kind of the label (continuous, circular or discrete), its unit, its classes and
            its number of columns.
        entrant: The name of the entrant in its answer, such as `ridge`.
        family: baseline, readout, network, contrastive, vqvae or ensemble.
    """

    members: tuple[Member, ...]
    weights: tuple[float, ...]
    label: str
    meaning: LabelSpec
    entrant: str = ""
    family: str = ""

    @classmethod
    def load(cls, folder: Path) -> Predictor:
        """Load the predictor from a folder that `save` has written.

        Raises:
            StudyError: There is no predictor, it is damaged, or a later raylab wrote it.
        """
        members, values = load_predictor(folder)
        return cls(members, **values)

    def save(self, folder: Path, *, data: str = "") -> None:
        """Save the predictor in a folder that does not exist yet, without pickle.

        Args:
            data: The fingerprint of the dataset that it was trained on, where that is known.

        Raises:
            StudyError: The folder exists.
        """
        described = {name: getattr(self, name) for name in ("label", "entrant", "family")}
        save_predictor(folder, self.members, self.weights, self.meaning, described, data=data)

    def __repr__(self) -> str:
        count = len(self.members)
        return (
            f"Predictor('{self.entrant}' ({self.family}) of {self.label} ({self.meaning}), "
            f"{count} model{'s' * (count > 1)})"
        )

    def _repr_html_(self) -> str:
        about = {
            "family": self.family,
            "label": self.label,
            "meaning": str(self.meaning),
            "sessions": ", ".join(self.sessions),
        }
        members = [
            {"weight": weight, "model": repr(member.model)}
            for weight, member in zip(self.weights, self.members)
        ]
        return values_html(about, title=self.entrant) + rows_html(members)

    @property
    def kind(self) -> str:
        """Of the label: continuous, circular or discrete."""
        return self.meaning.kind

    @property
    def unit(self) -> str:
        """Of the label."""
        return self.meaning.unit

    @property
    def per(self) -> str:
        return self.members[0].model.per

    @property
    def classes(self) -> tuple[str, ...]:
        return self.meaning.classes

    @property
    def config(self) -> TrialConfig:
        """The trial config of the first member."""
        return self.members[0].model.config

    @property
    def sessions(self) -> Mapping[str, SessionSpec]:
        """The sessions that all members know."""
        first, *others = (member.model.sessions for member in self.members)
        return {
            name: spec for name, spec in first.items() if all(name in known for known in others)
        }

    def prediction(
        self,
        activity: Any,
        *,
        session: str | None = None,
        groups: np.ndarray | None = None,
        verb: str = "predict",
    ) -> Prediction:
        each = [member.predict(activity, session, groups, verb) for member in self.members]
        return joined(each, self.weights)

    def transform(
        self, activity: np.ndarray, *, session: str | None = None, member: int = 0
    ) -> np.ndarray:
        """Embed raw activity by one of the members; see `Model.transform`.

        The embeddings of several members, even of seeds of one model, have different axes. They
        cannot be averaged or compared point by point, so one member embeds, by default the first.

        Args:
            activity: (T, N) one continuous stretch at the recording's sampling rate.
            session: The session that the activity belongs to; optional where only one is known.
            member: Which member embeds, from 0.

        Returns:
            (T, D) float32, one embedding per sample. Of a decoder, its outputs: values of a
            continuous label (float64), points around the circle, or scores of classes.

        Raises:
            DataError: There is no such member, or the activity is not of this form.
        """
        if not 0 <= member < len(self.members):
            raise DataError(
                f"transform: there is no member {member}",
                f"Name one from 0 to {len(self.members) - 1}.",
            )
        return self.members[member].model.transform(activity, session=session)
