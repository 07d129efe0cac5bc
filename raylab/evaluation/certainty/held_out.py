"""What is predicted on held-out data, cut into units, and the losses of predictions of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from raylab.data.examples import SAMPLE
from raylab.data.session import Label
from raylab.errors import TrainingError
from raylab.evaluation.certainty.losses import columns_of, precision_of, weights_of
from raylab.evaluation.certainty.numbering import classes_of, renumbered
from raylab.evaluation.certainty.units import UnitKind, unit_kind, units_of
from raylab.evaluation.decoding import Decoded
from raylab.evaluation.formulas import Constant


@dataclass(frozen=True, eq=False)
class HeldOut:
    """The held-out examples of one label, in order of time, one session after the other.

    Attributes:
        kind: Of the label.
        classes: Of a discrete label: what the codes mean, one numbering for all sessions.
        truth: (n, D) values, of circular labels in radians, or (n,) class codes.
        sessions: The names of the sessions.
        session: (n,) the number of each example's session.
        unit: (n,) the number of each example's unit: 0, 1, ... in order of time.
        unit_kind: What a unit is.
        weights: (n,) of the examples in the score; their sum is 1.
    """

    kind: str
    classes: tuple[str, ...]
    truth: np.ndarray
    sessions: tuple[str, ...]
    session: np.ndarray
    unit: np.ndarray
    unit_kind: UnitKind
    weights: np.ndarray

    @classmethod
    def of(cls, decoded: Mapping[str, Decoded], per: str = SAMPLE) -> HeldOut:
        """The examples on which the sessions were decoded; what was predicted does not matter.

        Args:
            decoded: Of each session that has a score; see `obstacle`.
            per: What one example is, as `evaluation.per` names it.
        """
        kind = _kind_of(decoded)
        classes = classes_of(decoded)
        truth = np.concatenate([renumbered(each, each.truth, classes) for each in decoded.values()])
        sizes = [len(each.truth) for each in decoded.values()]
        session = np.repeat(np.arange(len(sizes)), sizes)
        units = unit_kind(decoded, per)
        return cls(
            kind=kind,
            classes=classes,
            truth=truth,
            sessions=tuple(decoded),
            session=session,
            unit=units_of(decoded, units),
            unit_kind=units,
            weights=weights_of(kind, truth, session),
        )

    @property
    def count(self) -> int:
        """How many units there are."""
        return int(self.unit.max()) + 1

    def align(self, decoded: Mapping[str, Decoded]) -> np.ndarray:
        """What was predicted, in the order of these examples and the numbering of these classes.

        Raises:
            TrainingError: The predictions are of other examples.
        """
        if tuple(decoded) != self.sessions:
            raise TrainingError(
                f"predictions are of the sessions {', '.join(decoded)}, not of "
                f"{', '.join(self.sessions)}"
            )
        for number, (name, each) in enumerate(decoded.items()):
            truth = renumbered(each, each.truth, self.classes)
            if not np.array_equal(truth, self.truth[self.session == number]):
                raise TrainingError(f"predictions of session '{name}' are of other examples")
        return np.concatenate(
            [renumbered(each, each.predicted, self.classes) for each in decoded.values()]
        )

    def losses(self, predicted: np.ndarray) -> np.ndarray:
        """(n,) the loss of each example: 0 where it is predicted exactly.

        Of numbers the squared error in units of the session's variance, of classes 1 where the
        class is wrong. The mean with `weights` is 1 - the primary score.
        """
        if self.kind == "discrete":
            return np.asarray(predicted != self.truth, np.float64)
        errors = (self._columns - columns_of(self.kind, predicted)) ** 2
        return np.asarray((errors * self._precision[self.session]).sum(axis=1))

    def unit_losses(self, predicted: np.ndarray) -> np.ndarray:
        """(U,) the losses of the units. Their plain mean is 1 - the primary score."""
        return self._over_units(self.losses(predicted))

    def score(self, predicted: np.ndarray) -> float:
        """The label's primary score, mean over sessions."""
        return float(1 - self.weights @ self.losses(predicted))

    def chance_losses(self, fitted: Mapping[str, Label]) -> np.ndarray:
        """(U,) the losses of the best prediction that ignores the features.

        Of numbers it is the mean of the fitted samples (of angles the circular mean). Of classes
        it is the mean over all constants: a class that was there to fit is right in 1 / classes.

        Args:
            fitted: Of each session: the labelled samples that a decoder of it is fitted on.
        """
        losses = np.empty(len(self.truth))
        for number, name in enumerate(self.sessions):
            at = self.session == number
            values = fitted[name].values[fitted[name].labelled]
            if self.kind == "discrete":
                names = [fitted[name].classes[code] for code in np.unique(values)]
                known = np.isin(np.array(self.classes)[self.truth[at]], names)
                losses[at] = 1 - known / len(names)
            else:
                constant = Constant(self.kind, values, self.truth).predictions.predicted
                losses[at] = self.losses(constant)[at]
        return self._over_units(losses)

    def _over_units(self, losses: np.ndarray) -> np.ndarray:
        sums = np.bincount(self.unit, self.weights * losses, minlength=self.count)
        return np.asarray(sums * self.count)

    @cached_property
    def _columns(self) -> np.ndarray:
        return columns_of(self.kind, self.truth)

    @cached_property
    def _precision(self) -> np.ndarray:
        return precision_of(self.kind, self.truth, self.session)


def _kind_of(decoded: Mapping[str, Decoded]) -> str:
    if not decoded:
        raise TrainingError("no session has held-out samples with this label")
    kinds = {name: each.kind for name, each in decoded.items()}
    if len(set(kinds.values())) > 1:
        shown = ", ".join(f"{kind} in '{name}'" for name, kind in kinds.items())
        raise TrainingError(f"the label has several kinds: {shown}", "Leave sessions out.")
    shapes = {each.truth.shape[1:] for each in decoded.values()}
    if len(shapes) > 1:
        raise TrainingError("the label has more columns in some sessions than in others")
    return next(iter(kinds.values()))
