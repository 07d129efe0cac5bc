"""One or several losses of one set of embeddings: which rows are what, and what each loss sees.

One objective on all dimensions is the usual case. Equal under autograd (`forward`) and by hand
(`value_and_gradients`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from raylab.config.sampling import SamplingConfig
from raylab.models.base import on_sphere
from raylab.models.losses import InfoNCE, value_and_gradients


@dataclass(frozen=True)
class Layout:
    """The embeddings of S sessions, one after the other, each (B references, K times B positives, M
    negatives).

    Attributes:
        partner: (S * B,) the place of each reference's positive among the positives of all sessions
            in order; None where it is its own place.
    """

    batch: int
    negatives: int
    sessions: int = 1
    objectives: int = 1
    partner: Tensor | None = None

    @property
    def rows(self) -> int:
        """Of one session."""
        return (1 + self.objectives) * self.batch + self.negatives

    @property
    def references(self) -> int:
        return self.sessions * self.batch

    def split(self, z: Tensor) -> tuple[Tensor, list[Tensor], Tensor]:
        """(S * rows, D) -> (S * B, D) references, their positives in each objective, (S * M, D)
        negatives.
        """
        sizes = [self.batch] * (1 + self.objectives) + [self.negatives]
        reference, *positives, negative = (
            part.reshape(-1, z.shape[1])
            for part in z.view(self.sessions, self.rows, -1).split(sizes, dim=1)
        )
        if self.partner is not None:
            positives = [positive.index_select(0, self.partner) for positive in positives]
        return reference, positives, negative

    def join(self, reference: Tensor, positives: Sequence[Tensor], negative: Tensor) -> Tensor:
        """The inverse of `split`, which it shares gradients with: they go back to the rows they
        came from.
        """
        if self.partner is not None:
            back = torch.argsort(self.partner)
            positives = [positive.index_select(0, back) for positive in positives]
        parts = (
            part.view(self.sessions, -1, part.shape[1])
            for part in (reference, *positives, negative)
        )
        return torch.cat(list(parts), dim=1).flatten(0, 1)


class Objectives:
    """The weighted sum of the losses that `sampling` asks for.

    Args:
        criterion: What all of them are, on their own dimensions.
    """

    def __init__(self, criterion: InfoNCE, sampling: SamplingConfig) -> None:
        self.criterion = criterion
        losses = sampling.losses.values()
        self.weights = [loss.weight for loss in losses]
        self.dimensions = [
            slice(*loss.dimensions) if loss.dimensions else slice(None) for loss in losses
        ]
        self.renormalize = sampling.renormalized
        self.plain = (
            self.weights == [1.0] and self.dimensions == [slice(None)] and not self.renormalize
        )

    def forward(self, z: Tensor, layout: Layout, share: slice = slice(None)) -> Tensor:
        """(rows, D) -> scalar. Of the loss of all references, what those in `share` add to it."""
        reference, positives, negative = layout.split(z)
        total = z.new_zeros(())
        for weight, seen, positive in zip(self.weights, self.dimensions, positives, strict=True):
            x, y, others = (
                self._seen(rows, seen) for rows in (reference[share], positive[share], negative)
            )
            total = total + weight * self.criterion.per_row(x, y, others).sum() / layout.references
        return total

    def infonce(self, z: Tensor, layout: Layout) -> list[Tensor]:
        """(rows, D) -> the plain InfoNCE of each objective, on its dimensions."""
        reference, positives, negative = layout.split(z)
        return [
            self.criterion.infonce(
                *(self._seen(rows, seen) for rows in (reference, positive, negative))
            ).mean()
            for seen, positive in zip(self.dimensions, positives, strict=True)
        ]

    def value_and_gradients(
        self, z: Tensor, layout: Layout, *, longest: float | None = None
    ) -> tuple[Tensor, Tensor, list[Tensor]]:
        """(rows, D) -> the loss, its gradient there, and those of the criterion's parameters;
        without autograd.

        Args:
            longest: What no row is longer than, where that is known.
        """
        reference, positives, negative = layout.split(z)
        if self.plain:
            value, (d_reference, d_positive, d_negative), learnt = value_and_gradients(
                self.criterion, reference, positives[0], negative, longest=longest
            )
            return value, layout.join(d_reference, [d_positive], d_negative), learnt
        value, of_parameters = (
            z.new_zeros(()),
            [torch.zeros_like(p) for p in self.criterion.parameters()],
        )
        d_reference, d_negative = torch.zeros_like(reference), torch.zeros_like(negative)
        d_positives = [torch.zeros_like(positive) for positive in positives]
        for weight, seen, positive, d_positive in zip(
            self.weights, self.dimensions, positives, d_positives
        ):
            views = [
                _View(rows[:, seen], self.renormalize) for rows in (reference, positive, negative)
            ]
            loss, gradients, learnt = value_and_gradients(
                self.criterion, *(view.rows for view in views)
            )
            value += weight * loss
            for into, view, gradient in zip(
                (d_reference, d_positive, d_negative), views, gradients
            ):
                into[:, seen] += weight * view.back(gradient)
            for into, gradient in zip(of_parameters, learnt):
                into += weight * gradient
        return value, layout.join(d_reference, d_positives, d_negative), of_parameters

    def _seen(self, rows: Tensor, dimensions: slice) -> Tensor:
        seen = rows[:, dimensions]
        return on_sphere(seen) if self.renormalize else seen


class _View:
    """Some dimensions of embeddings as a loss sees them, and the way back for its gradient."""

    def __init__(self, raw: Tensor, renormalize: bool) -> None:
        self.length: Tensor | None = None
        self.rows = raw
        if renormalize:
            self.rows, self.length = unit_rows(raw)

    def back(self, gradient: Tensor) -> Tensor:
        return gradient if self.length is None else through_length(gradient, self.rows, self.length)


def unit_rows(raw: Tensor) -> tuple[Tensor, Tensor]:
    """(n, D) -> rows of length 1 and the (n, 1) lengths they had; as `on_sphere`, a zero row stays
    zero.
    """
    length = torch.linalg.vector_norm(raw, dim=1, keepdim=True)
    length.masked_fill_(length <= 1e-12, 1.0)
    return raw / length, length


def through_length(gradient: Tensor, unit: Tensor, length: Tensor) -> Tensor:
    """The gradient for rows before `unit_rows`, from that after; in place."""
    along = (unit * gradient).sum(1, keepdim=True)
    return gradient.addcmul_(unit, along, value=-1).div_(length)
