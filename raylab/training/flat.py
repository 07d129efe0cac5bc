"""All trained parameters as slices of one vector, and their gradients of another.

A model of this size has ten to forty small tensors. An optimizer that goes through them spends more
time between them than on them; on one vector it is a single pass, and so are clearing, clipping and
summing gradients.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn


class FlatParameters:
    """Moves parameters into one vector. They keep their shapes, names and identity.

    Args:
        parameters: What is trained.
        apart: Whether weights (two dimensions or more) and the rest (biases, gains, a temperature)
            are stretches of their own, in this order; otherwise the vector is one stretch, in the
            order of `parameters`.

    Attributes:
        stretches: Slices of the vector that together are all of it, for an optimizer.
        gradients: The vector's gradient, of which each parameter's gradient is a slice.
    """

    def __init__(self, parameters: Sequence[nn.Parameter], *, apart: bool = False) -> None:
        if len({(p.dtype, p.device) for p in parameters}) > 1:
            raise ValueError("parameters of one dtype on one device are expected")
        weights = [p for p in parameters if p.ndim >= 2]
        groups = [weights, [p for p in parameters if p.ndim < 2]] if apart else [list(parameters)]
        ordered = [p for group in groups for p in group]
        # A model that was fitted at once has nothing to train.
        values = torch.cat([p.detach().flatten() for p in ordered]) if ordered else torch.zeros(0)
        self.gradients = torch.zeros_like(values)
        sizes = [p.numel() for p in ordered]
        for p, value, gradient in zip(ordered, values.split(sizes), self.gradients.split(sizes)):
            p.data = value.view_as(p)
            p.grad = gradient.view_as(
                p
            )  # autograd adds to a gradient that is there, so it stays a slice
        lengths = [sum(p.numel() for p in group) for group in groups]
        self.stretches = [nn.Parameter(stretch) for stretch in values.split(lengths)]
        for stretch, gradient in zip(self.stretches, self.gradients.split(lengths)):
            stretch.grad = gradient

    def zero_grad(self) -> None:
        """Before `backward`."""
        self.gradients.zero_()

    def clip(self, longest: float) -> None:
        """Shorten the gradient, of all parameters together, to this Euclidean norm where it is
        longer.

        Pascanu, Mikolov & Bengio 2013, as torch.nn.utils.clip_grad_norm_ has it; on one vector,
        that is two passes.
        """
        length = torch.linalg.vector_norm(self.gradients)
        self.gradients.mul_((longest / (length + 1e-6)).clamp(max=1.0))

    def are_finite(self) -> bool:
        # A sum is one fast pass, and finite only if all that it adds up is.
        return all(
            bool(stretch.sum().isfinite() or stretch.isfinite().all()) for stretch in self.stretches
        )
