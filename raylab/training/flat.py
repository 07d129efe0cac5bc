"""All trained parameters as slices of one vector, and their gradients of another.

A model of this size has ten to forty small tensors. An optimizer that goes through them spends more time between
them than on them; on one vector it is a single pass, and so are clearing, clipping and summing gradients.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn


class FlatParameters:
    """Moves parameters into one vector, in their order. They keep their shapes, names and identity.

    Attributes:
        parameter: The vector, for an optimizer.
        gradients: Its gradient, of which each parameter's gradient is a slice.
    """

    def __init__(self, parameters: Sequence[nn.Parameter]) -> None:
        if len({(p.dtype, p.device) for p in parameters}) > 1:
            raise ValueError("parameters of one dtype on one device are expected")
        self.parameter = nn.Parameter(torch.cat([p.detach().flatten() for p in parameters]))
        self.gradients = torch.zeros_like(self.parameter)
        self.parameter.grad = self.gradients
        sizes = [p.numel() for p in parameters]
        for p, value, gradient in zip(parameters, self.parameter.detach().split(sizes), self.gradients.split(sizes)):
            p.data = value.view_as(p)
            p.grad = gradient.view_as(p)  # autograd adds to a gradient that is there, so it stays a slice

    def zero_grad(self) -> None:
        """Before `backward`."""
        self.gradients.zero_()
