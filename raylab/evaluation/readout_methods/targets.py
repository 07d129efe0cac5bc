"""The scale of targets that are fitted: what trees do must not depend on a label's unit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from raylab.data.views.variation import varying
from raylab.evaluation.readout_method import Arrays, Examples


@dataclass(frozen=True)
class Standard:
    """(K,) mean and standard deviation of the targets, 1 where they do not vary."""

    centre: np.ndarray
    spread: np.ndarray

    @classmethod
    def fitted(cls, examples: Examples) -> Standard:
        targets = examples.targets
        spread = np.where(varying(targets), targets.std(axis=0), 1.0)
        return cls(targets.mean(axis=0), spread)

    @classmethod
    def of(cls, arrays: Arrays) -> Standard:
        return cls(arrays["centre"], arrays["spread"])

    @property
    def arrays(self) -> Arrays:
        return {"centre": self.centre, "spread": self.spread}

    def scaled(self, examples: Examples) -> np.ndarray:
        """(n, K) targets of mean 0 and variance 1."""
        scaled: np.ndarray = (examples.targets - self.centre) / self.spread
        return scaled

    def in_units(self, scaled: np.ndarray) -> np.ndarray:
        """(n, K) values in the unit of the targets."""
        values: np.ndarray = scaled * self.spread + self.centre
        return values
