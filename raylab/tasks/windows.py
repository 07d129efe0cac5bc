"""Windows of activity around rows of the view."""

from __future__ import annotations

import torch

from raylab.data.shard import SessionShard
from raylab.models.base import Encoder


def session_windows(session: SessionShard, encoder: Encoder, rows: torch.Tensor) -> torch.Tensor:
    """(B, width, N) windows around (B,) rows of the view. The whole receptive field of each row
    must lie within its part.
    """
    return take_windows(session.x, session.local[rows] - encoder.left, encoder.width)


def take_windows(x: torch.Tensor, first: torch.Tensor, width: int) -> torch.Tensor:
    """(T, K) activity and the (B,) first rows of windows -> (B, width, K), one contiguous copy."""
    count, units = x.shape
    if not len(first):  # a worker may own no window, and hold fewer rows than one window has
        return x.new_zeros(0, width, units)
    # Overlapping windows are the rows of one strided matrix, so that only needed rows are read.
    strided = x.as_strided((count - width + 1, width * units), (units, 1))
    return strided.index_select(0, first).view(-1, width, units)
