"""All trained parameters as slices of one vector, and their gradients as slices of another.

A model of this size has ten to forty small tensors, and an optimizer that loops over them spends
most of its time between them. On one vector the update is a single pass, and so are clearing,
clipping and summing gradients.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn


class FlatParameters:
    """Moves parameters into one vector. The parameters keep their shapes, names and identity.

    Args:
        parameters: All trained parameters.
        apart: Whether weights (two dimensions or more) and the rest (biases, gains, a temperature)
            are separate stretches, in this order. Otherwise the vector is one stretch, in the order
            of `parameters`.

    Attributes:
        stretches: Slices that together are the whole vector, for an optimizer.
        gradients: The gradient of the vector. Each parameter's gradient is a slice of it.
    """

    def __init__(self, parameters: Sequence[nn.Parameter], *, apart: bool = False) -> None:
        if len({(p.dtype, p.device) for p in parameters}) > 1:
            raise ValueError("parameters of one dtype on one device are expected")
        weights = [p for p in parameters if p.ndim >= 2]
        groups = [weights, [p for p in parameters if p.ndim < 2]] if apart else [list(parameters)]
        ordered = [p for group in groups for p in group]
        # A model that was fitted in one call has nothing to train.
        values = torch.cat([p.detach().flatten() for p in ordered]) if ordered else torch.zeros(0)
        self.gradients = torch.zeros_like(values)
        sizes = [p.numel() for p in ordered]
        for p, value, gradient in zip(ordered, values.split(sizes), self.gradients.split(sizes)):
            p.data = value.view_as(p)
            # Autograd adds to a gradient that exists, so the gradient remains a slice.
            p.grad = gradient.view_as(p)
        lengths = [sum(p.numel() for p in group) for group in groups]
        self.stretches = [nn.Parameter(stretch) for stretch in values.split(lengths)]
        for stretch, gradient in zip(self.stretches, self.gradients.split(lengths)):
            stretch.grad = gradient

    def zero_grad(self) -> None:
        """Clear the gradients, before `backward`."""
        self.gradients.zero_()

    def clip(self, longest: float) -> None:
        """Shorten the gradient of all parameters together to this Euclidean norm where it is longer
        (Pascanu, Mikolov & Bengio 2013), as torch.nn.utils.clip_grad_norm_ does.
        """
        length = torch.linalg.vector_norm(self.gradients)
        self.gradients.mul_((longest / (length + 1e-6)).clamp(max=1.0))

    def are_finite(self) -> bool:
        """Whether no parameter is NaN or infinite."""
        # A sum is one fast pass, and it is finite only if all its terms are.
        return all(
            bool(stretch.sum().isfinite() or stretch.isfinite().all()) for stretch in self.stretches
        )
