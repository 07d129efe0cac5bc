"""Workers as one: sums over a torch.distributed group, so that N workers compute the loss of one.

Gradients are summed, not averaged: each worker's loss is its share of the whole one.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.distributed as dist

from raylab.tasks.protocol import Comm


class _SumRows(torch.autograd.Function):
    """All-reduce whose gradient is the all-reduce of the gradients: every worker's share of the
    loss sees all rows.
    """

    @staticmethod
    def forward(ctx: Any, rows: torch.Tensor) -> torch.Tensor:
        total = rows.clone()
        dist.all_reduce(total)
        return total

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> torch.Tensor:
        total = gradients[0].contiguous().clone()
        dist.all_reduce(total)
        return total


class GroupComm(Comm):
    """The default process group that Ray Train set up (gloo on CPUs, NCCL on GPUs)."""

    def __init__(self) -> None:
        self.rank = dist.get_rank()
        self.workers = dist.get_world_size()

    def gather_rows(self, rows: torch.Tensor) -> torch.Tensor:
        total: torch.Tensor = _SumRows.apply(rows)
        return total

    def sum_gradients(self, gradients: torch.Tensor) -> None:
        """One all-reduce of the flat gradient: latency, not bandwidth, bounds models of this size."""
        dist.all_reduce(gradients)

    def sum_values(self, values: torch.Tensor) -> torch.Tensor:
        total = values.detach().clone()
        dist.all_reduce(total)
        return total
