"""The candidates of a trial on held-out data: what every setting that validation can choose lost,
and what those that may be chosen predicted. One safetensors file, without a pickle.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import load_file

from raylab.evaluation.certainty.cross_fit import CrossFit, cross_fitted
from raylab.evaluation.certainty.held_out import HeldOut
from raylab.files import write_tensors
from raylab.training.tensor_files import unreadable

PREDICTIONS = "predictions.safetensors"  # the file's name in a trial's folder
TEXTS = ("kind", "classes", "sessions", "unit_kind")  # of what is held out
ARRAYS = ("truth", "session", "unit", "weights")


@dataclass(frozen=True, eq=False)
class CandidateTable:
    """The C candidates of a trial on held-out data of U units.

    A candidate is a step of training with a setting of the decoder, the same for all sessions.

    Attributes:
        held_out: What is predicted.
        overrides: Of each candidate: values by dotted path that make the trial's config a config
            of this candidate alone.
        losses: (C, U) float64 of the units; 1 less their mean is the candidate's score.
        predicted: What candidates predicted, as `HeldOut.losses` takes it, by the candidate's
            number: of every candidate that is the best one when some unit is left out.
        probabilities: Of the same candidates (n, classes), where the model says how likely each
            class is.
        learnt: How many numbers the model has learnt.
    """

    held_out: HeldOut
    overrides: tuple[dict[str, Any], ...]
    losses: np.ndarray
    predicted: dict[int, np.ndarray]
    probabilities: dict[int, np.ndarray] = field(default_factory=dict)
    learnt: int = 0

    @property
    def cross_fit(self) -> CrossFit:
        """Which candidate is chosen where each unit is left out, and which over all units."""
        return cross_fitted(self.losses)

    @property
    def best(self) -> int:
        """The best candidate over all units."""
        return self.cross_fit.best

    @property
    def score(self) -> float:
        """The label's primary score of the best candidate."""
        return float(1 - self.losses[self.best].mean())

    def save(self, path: Path) -> None:
        """Write the file, whole or not at all."""
        arrays = {name: getattr(self.held_out, name) for name in ARRAYS} | {"losses": self.losses}
        arrays |= {f"predicted.{at}": values for at, values in self.predicted.items()}
        arrays |= {f"probabilities.{at}": values for at, values in self.probabilities.items()}
        described = {name: getattr(self.held_out, name) for name in TEXTS}
        described |= {"overrides": self.overrides, "learnt": self.learnt}
        # In one entry, so that equal tables are equal files.
        write_tensors(path, arrays, {"candidates": json.dumps(described)})

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read the file.

        Raises:
            StudyError: It is missing or damaged.
        """
        try:
            arrays = load_file(path)
            with safe_open(path, framework="np") as file:
                described = json.loads(file.metadata()["candidates"])
            texts = {name: _plain(described.pop(name)) for name in TEXTS}
            known: dict[str, Any] = {**texts, **{name: arrays.pop(name) for name in ARRAYS}}
            return cls(
                HeldOut(**known),
                tuple(described["overrides"]),
                arrays["losses"],
                _numbered("predicted", arrays),
                _numbered("probabilities", arrays),
                described["learnt"],
            )
        except (SafetensorError, OSError, KeyError, TypeError, ValueError) as error:
            raise unreadable(path, error) from None


def _plain(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _numbered(name: str, arrays: dict[str, np.ndarray]) -> dict[int, np.ndarray]:
    """The arrays `name.0`, `name.3` ... by their numbers, in their order."""
    numbers = sorted(int(each.partition(".")[2]) for each in arrays if each.startswith(f"{name}."))
    return {number: arrays[f"{name}.{number}"] for number in numbers}
