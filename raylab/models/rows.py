"""Layers of 1-d networks on rows in order of time, (B, L, C).

Parameters are those of torch's layers of (B, C, L). This is the path to read first.
`models/fast/channels_last.py` computes the same faster on CPUs, and the config key `training.fast`
chooses between the two.
"""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional


class RowOperations:
    """What the layers compute."""

    def convolve(self, x: Tensor, layer: nn.Conv1d) -> Tensor:
        """(B, L, C) -> (B, L', O), padded so that L' is L / stride, rounded up."""
        return swapped(layer(swapped(x)))

    def convolve_transposed(self, x: Tensor, layer: nn.ConvTranspose1d, length: int) -> Tensor:
        """(B, L, C) -> (B, length, O)."""
        return swapped(layer(swapped(x), output_size=[length]))

    def normalize(self, x: Tensor, layer: nn.GroupNorm) -> Tensor:
        """(B, L, C) -> (B, L, C)."""
        return swapped(layer(swapped(x)))

    def squared_error(self, x: Tensor, layer: nn.Conv1d, target: Tensor) -> Tensor:
        """Sum of (convolve(x, layer) - target) ** 2, over the first K outputs of a layer that has
        more.

        Args:
            layer: Of stride 1.
            target: (B, L, K).
        """
        rebuilt = self.convolve(x, layer)[..., : target.shape[2]]
        return functional.mse_loss(rebuilt.float(), target, reduction="sum")


class RowLayers(nn.Sequential):
    """Torch's layers of (B, C, L), and modules of (B, L, C), one after another on (B, L, C)."""

    def __init__(self, operations: RowOperations, *layers: nn.Module) -> None:
        super().__init__(*layers)
        self.operations = operations

    def forward(self, x: Tensor) -> Tensor:
        for layer in self:
            if isinstance(layer, nn.Conv1d):
                x = self.operations.convolve(x, layer)
            elif isinstance(layer, nn.GroupNorm):
                x = self.operations.normalize(x, layer)
            elif isinstance(layer, nn.Dropout1d):  # whole channels
                x = swapped(layer(swapped(x)))
            else:
                x = layer(x)
        return x


def swapped(x: Tensor) -> Tensor:
    """(B, L, C) -> (B, C, L), and back."""
    return x.transpose(1, 2)
