"""An encoder with a projector: each output dimension goes through a small perceptron of its own.

The layers of cebra/models/projector.py 0.6.1, which cannot be used there: its model passes no sizes
to its base class, and its residual blocks crop the hidden units as if they were time. Here they do
not crop, and weights start as those of a linear layer do, within 1 / sqrt(inputs) instead of
sqrt(inputs).
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from raylab.config.encoders import ProjectorEncoderConfig
from raylab.models.base import Encoder
from raylab.models.convolution import LAYERS, ConvEncoder


class PointwiseLinear(nn.Module):
    """A linear layer of its own for each of D features; the bias is common to them."""

    def __init__(self, features: int, inputs: int, outputs: int) -> None:
        super().__init__()
        bound = 1 / math.sqrt(inputs)
        self.weight = nn.Parameter(torch.empty(features, inputs, outputs).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.empty(1, 1, outputs).uniform_(-bound, bound))

    def forward(self, x: Tensor) -> Tensor:
        """(B, D, inputs) -> (B, D, outputs)."""
        return torch.einsum("bdi,dio->bdo", x, self.weight) + self.bias


class Around(nn.Module):
    """x + GELU(layer(x))."""

    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.module = nn.Sequential(layer, nn.GELU())

    def forward(self, x: Tensor) -> Tensor:
        added: Tensor = self.module(x)
        return x + added


class Projector(nn.Module):
    """(B, D) -> (B, D), feature by feature."""

    def __init__(self, features: int, hidden: int) -> None:
        super().__init__()
        self.net = nn.Sequential(
            PointwiseLinear(features, 1, hidden),
            Around(PointwiseLinear(features, hidden, hidden)),
            Around(PointwiseLinear(features, hidden, hidden)),
            PointwiseLinear(features, hidden, 1),
        )

    def forward(self, x: Tensor) -> Tensor:
        projected: Tensor = self.net(x[..., None])
        return projected.squeeze(-1)


class ProjectorEncoder(ConvEncoder):
    """A convolutional encoder whose embedding is projected before it is normalised.

    Args:
        projector_units: Hidden units of the projector, for each output dimension.
    """

    def __init__(
        self,
        units: int,
        hidden: int,
        output: int,
        *,
        projector_units: int,
        blocks: int,
        last: int,
        normalize: bool = True,
    ) -> None:
        super().__init__(units, hidden, output, blocks=blocks, last=last, normalize=normalize)
        self.projector = Projector(output, projector_units)

    def embed_windows(self, windows: Tensor) -> Tensor:
        return self.projector(super().embed_windows(windows))

    def embed_stretch(self, x: Tensor) -> Tensor:
        return self.projector(super().embed_stretch(x))


def projector_encoder(
    config: ProjectorEncoderConfig, *, units: int, output: int, normalize: bool
) -> Encoder:
    """offset10 with a small perceptron for each output dimension."""
    blocks, last = LAYERS["offset10"]
    return ProjectorEncoder(
        units,
        config.hidden_units,
        output,
        projector_units=config.projector_units,
        blocks=blocks,
        last=last,
        normalize=normalize,
    )
