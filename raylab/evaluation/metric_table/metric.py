"""What one row of the table of metrics states."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from raylab.data.session import LabelKind
from raylab.evaluation.formulas import Constant, Predictions

Mode = Literal["max", "min"]
Place = Literal["curves", "alternatives"]
BOTH_FIGURES: tuple[Place, ...] = ("curves", "alternatives")
DECODING = "decoding."  # what the names of scores of predicted labels begin with


@dataclass(frozen=True)
class Incomparable:
    """Between which trials a metric does not compare.

    Attributes:
        paths: Beginnings of config paths; trials that differ in one of them do not compare.
        why: The reason, and `remedy` what to do, as an error message says them.
    """

    paths: tuple[str, ...]
    why: str
    remedy: str


@dataclass(frozen=True, kw_only=True)
class Metric:
    """One metric.

    Attributes:
        name: As in a trial's record, such as `decoding.r2`.
        mode: Whether models are better when it is higher (`max`) or lower (`min`).
        bounds: Its least and greatest possible value.
        unit: In words; empty where it is a pure number. "label": the label's own unit.
        shown: Which figures of reports show it, besides those of the objectives.
        objective: Whether a search may choose trials by it.
        incomparable: Between which trials it does not compare; None where it always does.
        complement: Whether `raylab scale` fits its law to 1 - value.
        kinds: The label kinds whose predictions have it; empty where a model family measures it.
        primary: Whether labels of these kinds are scored by it first (`decoding.score`). At 1 the
            prediction is perfect, and a model that knows nothing has 0 or the chance level.
        measure: Its formula, for a metric of predictions.
        chance: What the best constant prediction scores; None: `measure` of the fitted samples'
            mean or most frequent class.
        classes: It needs the decoder's score of each class, and more classes than this.
        frames: It needs classes that are frames of a movie.
    """

    name: str
    mode: Mode
    bounds: tuple[float, float] = (-math.inf, math.inf)
    unit: str = ""
    shown: tuple[Place, ...] = ()
    objective: bool = True
    incomparable: Incomparable | None = None
    complement: bool = False
    kinds: tuple[LabelKind, ...] = ()
    primary: bool = False
    measure: Callable[[Predictions], float] | None = None
    chance: Callable[[Constant], float] | None = None
    classes: int | None = None
    frames: bool = False

    @property
    def score(self) -> str:
        """Its name among the scores of one label: `r2` of `decoding.r2`."""
        return self.name.removeprefix(DECODING)

    def constant(self, constant: Constant) -> float:
        """What the best constant prediction scores."""
        assert self.measure is not None
        return self.chance(constant) if self.chance else self.measure(constant.predictions)
