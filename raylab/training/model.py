"""A trained model as users hold it: it turns raw activity into embeddings or labels."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from raylab.config.trial import TrialConfig
from raylab.data.datasets.specs import SessionSpec
from raylab.data.shard import SessionShard
from raylab.data.views.view import Fitted, part_grid, view_part
from raylab.errors import DataError
from raylab.models.base import Encoder
from raylab.results import rows_html, values_html
from raylab.tasks.embedding import embed_parts
from raylab.tasks.families import get_task
from raylab.training.inputs import require_numbers
from raylab.training.model_files import load_model, save_model
from raylab.training.predicting.decoders import decoder_of, predicted_by_decoder
from raylab.training.predicting.prediction import Prediction
from raylab.training.predicting.predicts import Predicts
from raylab.training.predicting.stretch import Stretch


@dataclass(frozen=True)
class Model(Predicts):
    """A trained model with the view that it was trained on.

    A decoder predicts its label (`predict`, `predict_proba`). Every model has `transform`.

    Attributes:
        config: The trial config that it was trained with.
        module: The torch module, in eval mode.
        sessions: The sessions that it knows, with as many units as the view shows of them.
        fitted: What the view learnt from each session's training samples, including the choice of
            units.
        units: (recorded units,) bool per session: the units that the dataset kept.
    """

    config: TrialConfig
    module: torch.nn.Module
    sessions: dict[str, SessionSpec]
    fitted: dict[str, Fitted]
    units: dict[str, np.ndarray]

    @classmethod
    def load(cls, folder: Path) -> Model:
        """Load the model from a folder that `save` or a trial has written.

        Raises:
            StudyError: the folder has no model, or it is damaged.
        """
        return cls(*load_model(folder))

    def save(self, folder: Path, *, data: str = "") -> None:
        """Save the model in a folder.

        Args:
            data: The fingerprint of the dataset that it was trained on, where that is known.
        """
        weights = self.module.state_dict()
        save_model(folder, self.config, weights, self.sessions, self.fitted, self.units, data=data)

    @property
    def receptive_field(self) -> tuple[int, int]:
        """(left, right): an embedding of row t depends on rows t - left ... t + right - 1."""
        return get_task(self.config).receptive_field(self.config)

    def encoder(self, session: str | None = None) -> Encoder:
        """The encoder of a session, of a contrastive model."""
        return self.module.encoder(self._name(session))  # type: ignore[operator]

    def transform(self, activity: np.ndarray, *, session: str | None = None) -> np.ndarray:
        """Embed raw activity. The trial's view is applied first, with what it learnt from the
        training samples.

        Args:
            activity: (T, N) one continuous stretch at the recording's sampling rate. Its units are
                all recorded units, or those that the dataset kept.
            session: The session that the activity belongs to; optional where the model knows only
                one.

        Returns:
            (T, D) float32, one embedding per sample: that of its bin, or of the nearest row of a
            resampled view. A decoder of a continuous label predicts it, in float64.

        Raises:
            DataError: the array has another number of units, contains NaN, is empty, or holds no
                plain numbers; or the model does not know the session.
        """
        stretch = self.stretch(activity, session=session)
        embedding = self.encode(stretch.x, session=stretch.session)
        return embedding if stretch.grid.same else embedding[stretch.grid.row_of]

    @property
    def per(self) -> str:
        return self.config.evaluation.per

    @property
    def classes(self) -> tuple[str, ...]:
        _, module = decoder_of(self.config, self.module)
        return module.target.classes if module.target.kind == "discrete" else ()

    def prediction(
        self,
        activity: Any,
        *,
        session: str | None = None,
        groups: np.ndarray | None = None,
        verb: str = "predict",
        rows: int | None = None,
    ) -> Prediction:
        """What a decoder predicts of one continuous stretch.

        Args:
            rows: As in `predicted_by_decoder`.
        """
        config, module = decoder_of(self.config, self.module)
        stretch = self.stretch(activity, session=session, verb=verb)
        spec = self.sessions[stretch.session]
        return predicted_by_decoder(config, module, spec, stretch, groups=groups, rows=rows)

    def stretch(
        self, activity: Any, *, session: str | None = None, verb: str = "transform"
    ) -> Stretch:
        """Raw activity as the trial's view shows it; arguments and errors as of `transform`.

        Args:
            verb: The method that the user called; errors name it.
        """
        name = self._name(session)
        rate, fitted = self.sessions[name].rate_hz, self.fitted[name]
        kept = self._kept(_float32(activity, verb), name, verb)
        viewed = view_part(_columns(kept, fitted.columns), self.config.view, rate)
        grid = part_grid(len(kept), self.config.view, rate)
        return Stretch(name, fitted.scaled(viewed), grid, fitted)

    def encode(self, viewed: np.ndarray, *, session: str | None = None) -> np.ndarray:
        """Embed one continuous stretch to which the view has been applied already: (L, K) ->
        (L, D), with K the number of units that the view shows.
        """
        # Torch wants memory that can be written to; only read-only arrays are copied.
        x = torch.from_numpy(np.require(viewed, np.float32, ["C", "W"]))
        with torch.no_grad():
            return get_task(self.config).embed(self.module, self._name(session), x).numpy()

    def embed(self, session: SessionShard) -> np.ndarray:
        """(rows of the view, D) embedding of a session of a dataset, one part at a time."""
        return embed_parts(get_task(self.config), self.module, session)

    def __repr__(self) -> str:
        names = ", ".join(self.sessions)
        return f"{type(self).__name__}({self.config.task.kind}, sessions {names})"

    def _repr_html_(self) -> str:
        weights = sum(value.numel() for value in self.module.parameters())
        about = {"family": self.config.task.kind, "weights": weights}
        sessions = [
            {"session": name, "units": spec.units, "Hz": spec.rate_hz}
            for name, spec in self.sessions.items()
        ]
        model = self.config.model_dump(mode="json").get("model", {})
        return values_html(about | {"model": model}, title="Model") + rows_html(sessions)

    def _kept(self, activity: np.ndarray, name: str, verb: str) -> np.ndarray:
        mask = self.units[name]
        # The extremes are NaN or infinite where any value is, and need no further array.
        if (
            activity.ndim != 2
            or activity.size == 0
            or not np.isfinite([activity.min(), activity.max()]).all()
        ):
            raise DataError(
                f"{verb}: activity of shape {activity.shape} is not (samples, units) without NaN",
                "Pass a 2-D array of one continuous stretch; interpolate or cut out what is NaN or "
                "infinite.",
            )
        if activity.shape[1] == len(mask):
            return _columns(activity, np.flatnonzero(mask))
        if activity.shape[1] == mask.sum():
            return activity
        raise DataError(
            f"{verb}: activity has {activity.shape[1]} units; session '{name}' has {len(mask)} "
            f"({mask.sum()} kept)",
            "Pass all recorded units, or all kept ones, in the recording's order.",
        )

    def _name(self, session: str | None) -> str:
        if session is None and len(self.sessions) > 1:
            raise DataError(
                f"the model knows {len(self.sessions)} sessions",
                f"Name one: {', '.join(self.sessions)}.",
            )
        name = session or next(iter(self.sessions))
        if name not in self.sessions:
            raise DataError(
                f"the model does not know session '{name}'", f"It knows {', '.join(self.sessions)}."
            )
        return name


def _float32(activity: Any, verb: str) -> np.ndarray:
    require_numbers(activity, f"{verb}: activity")
    try:
        with np.errstate(over="ignore"):  # infinite values are refused
            return np.asarray(activity, np.float32)
    except (TypeError, ValueError) as error:
        raise DataError(
            f"{verb}: activity is no array of numbers ({error})",
            "Pass a 2-D array (samples, units); a sparse matrix as activity.toarray().",
        ) from None


def _columns(activity: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Some columns of an array. Where they are all columns, the array itself, because a copy takes
    as long as a small encoder does.
    """
    return activity if len(columns) == activity.shape[1] else activity[:, columns]
