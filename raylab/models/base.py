"""What every encoder is: from a window of activity around a sample to its embedding.

Sample t sees rows t-left .. t+right-1. Windows arrive time-major, (B, width, units), because that
is how a gather from a (T, units) recording leaves them in memory.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn

CHUNK_ROWS = 65_536  # input rows per pass over a sequence: bounds memory at any hidden width


class Encoder(nn.Module, ABC):
    """What every encoder offers: one embedding per window, or per sample of a continuous stretch.

    An encoder that sessions of different width share is `shared`: where a session has fewer units,
    it reads zeros. So its weights for the units that the session lacks neither change the session's
    embedding nor get a gradient from it.

    Attributes:
        units: Columns of its input.
        left: Rows before sample t that its embedding sees.
        right: Rows from sample t on (itself included) that its embedding sees.
    """

    units: int
    left: int
    right: int
    shared = False
    _rows_per_sample = 8  # in `sequence`: what one more sample of a stretch costs, in rows

    def __init__(self, *, units: int, left: int, right: int, normalize: bool) -> None:
        super().__init__()
        self.units, self.left, self.right, self.normalize = units, left, right, normalize

    @property
    def width(self) -> int:
        """The receptive field in samples."""
        return self.left + self.right

    def forward(self, windows: Tensor) -> Tensor:
        """(B, width, units) -> (B, D)."""
        return self._scaled(self.embed_windows(self._widened(windows)))

    def sequence(self, x: Tensor) -> Tensor:
        """(L, units), continuous in time -> (L - width + 1, D); row i is the embedding of sample i
        + left.

        The same numbers as `forward` on every window, without repeating work where windows overlap.
        """
        rows = len(x) - self.width + 1
        size = max(1, CHUNK_ROWS // self._rows_per_sample)
        parts = [
            x[start : min(start + size, rows) + self.width - 1] for start in range(0, rows, size)
        ]
        if not parts:  # shorter than the receptive field: no sample has its whole window
            return self.forward(x.new_zeros(0, self.width, x.shape[1]))
        return torch.cat([self._scaled(self.embed_stretch(self._widened(part))) for part in parts])

    @abstractmethod
    def embed_windows(self, windows: Tensor) -> Tensor:
        """(B, width, units) -> (B, D), before normalisation."""

    @abstractmethod
    def embed_stretch(self, x: Tensor) -> Tensor:
        """(L, units) -> (L - width + 1, D), before normalisation."""

    def _widened(self, x: Tensor) -> Tensor:
        """(..., K) with the zeros that a narrower session of a shared encoder lacks."""
        missing = self.units - x.shape[-1]
        return nn.functional.pad(x, (0, missing)) if self.shared and missing > 0 else x

    def _scaled(self, x: Tensor) -> Tensor:
        x = (
            x.float() if x.dtype == torch.bfloat16 else x
        )  # lengths in float32, whatever the products were
        return on_sphere(x) if self.normalize else x


def on_sphere(x: Tensor) -> Tensor:
    """Rows of (B, D) scaled to length 1. A zero row stays zero, with a finite gradient.

    CEBRA divides by the norm itself, so that a silent window becomes NaN and ends the training.
    """
    length = torch.linalg.vector_norm(x, dim=1, keepdim=True)
    return x / torch.where(length > 1e-12, length, torch.ones_like(length))
