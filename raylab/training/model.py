"""A trained model as users hold it: raw arrays in, embeddings out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from raylab.config.trial import TrialConfig
from raylab.data.dataset import SessionSpec
from raylab.data.shard import SessionShard
from raylab.data.views.view import Fitted, part_grid, view_part
from raylab.errors import DataError
from raylab.models.base import Encoder
from raylab.tasks.embedding import embed_parts
from raylab.tasks.families import get_task
from raylab.training.state import load_model, save_model


@dataclass(frozen=True)
class Model:
    """Trained encoders, with the view they were trained on.

    Attributes:
        config: What it was trained with.
        sessions: The sessions it knows, with as many units as the view shows of them.
        fitted: What the view learnt from each session's training samples, the choice of units
            included.
        units: (recorded units,) bool for each session: those the dataset kept.
    """

    config: TrialConfig
    module: torch.nn.Module
    sessions: dict[str, SessionSpec]
    fitted: dict[str, Fitted]
    units: dict[str, np.ndarray]

    @classmethod
    def load(cls, folder: Path) -> Model:
        """From a trial's model folder; StudyError where it has none."""
        return cls(*load_model(folder))

    def save(self, folder: Path, *, data: str = "") -> None:
        """Into a folder that `load` reads.

        Args:
            data: The fingerprint of the dataset it was trained on, where that is known.
        """
        weights = self.module.state_dict()
        save_model(folder, self.config, weights, self.sessions, self.fitted, self.units, data=data)

    @property
    def receptive_field(self) -> tuple[int, int]:
        return get_task(self.config).receptive_field(self.config)

    def encoder(self, session: str | None = None) -> Encoder:
        return self.module.encoder(self._name(session))  # type: ignore[operator]

    def transform(self, activity: np.ndarray, *, session: str | None = None) -> np.ndarray:
        """Embed raw activity: the trial's view is applied, with what it learnt from the training
        samples.

        Args:
            activity: (T, N), one continuous stretch of the recording's units (all that were
                recorded, or those the dataset kept), at its sampling rate.
            session: Whose encoder; may be left out when the model knows one session.

        Returns:
            (T, D) float32, one embedding a sample (of its bin, or of the nearest row of a resampled
            view).

        Raises:
            DataError: another number of units, NaN, or an empty array.
        """
        name = self._name(session)
        rate, fitted = self.sessions[name].rate_hz, self.fitted[name]
        kept = self._kept(np.asarray(activity, np.float32), name)
        viewed = view_part(_columns(kept, fitted.columns), self.config.view, rate)
        embedding = self.encode(fitted.scaled(viewed), session=name)
        grid = part_grid(len(kept), self.config.view, rate)
        return embedding if grid.same else embedding[grid.row_of]

    def encode(self, viewed: np.ndarray, *, session: str | None = None) -> np.ndarray:
        """Embed one continuous stretch that went through the view already: (L, K units it shows) ->
        (L, D).
        """
        x = torch.from_numpy(np.ascontiguousarray(viewed, np.float32))
        with torch.no_grad():
            return get_task(self.config).embed(self.module, self._name(session), x).numpy()

    def embed(self, session: SessionShard) -> np.ndarray:
        """(rows of the view, D) embedding of a session of a dataset, each of its parts by itself."""
        return embed_parts(get_task(self.config), self.module, session)

    def _kept(self, activity: np.ndarray, name: str) -> np.ndarray:
        mask = self.units[name]
        # The extremes are NaN or infinite where any value is, and need no array of their own.
        if (
            activity.ndim != 2
            or activity.size == 0
            or not np.isfinite([activity.min(), activity.max()]).all()
        ):
            raise DataError(
                f"transform: activity of shape {activity.shape} is not (samples, units) without NaN"
            )
        if activity.shape[1] == len(mask):
            return _columns(activity, np.flatnonzero(mask))
        if activity.shape[1] == mask.sum():
            return activity
        raise DataError(
            f"transform: activity has {activity.shape[1]} units; session '{name}' has {len(mask)} "
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


def _columns(activity: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Some columns; where they are all of them, the array itself: a copy costs as much as a small
    encoder.
    """
    return activity if len(columns) == activity.shape[1] else activity[:, columns]
