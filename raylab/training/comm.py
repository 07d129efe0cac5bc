"""Sums over the workers of a trial, so that N workers compute the loss of a single process.

Gradients are summed, not averaged, because each worker's loss is its share of the whole loss.
"""

from __future__ import annotations

import torch
import torch.distributed as dist
from torch.autograd.function import FunctionCtx

from raylab.tasks.protocol import Comm


class _SumRows(torch.autograd.Function):
    """An all-reduce whose gradient is the all-reduce of the gradients, because the share of the
    loss of every worker depends on all rows.
    """

    @staticmethod
    def forward(ctx: FunctionCtx, rows: torch.Tensor) -> torch.Tensor:
        total = rows.clone()
        dist.all_reduce(total)
        return total

    @staticmethod
    def backward(ctx: FunctionCtx, *gradients: torch.Tensor) -> torch.Tensor:
        total = gradients[0].contiguous().clone()
        dist.all_reduce(total)
        return total


class GroupComm(Comm):
    """Sums over the process group that Ray Train has set up (gloo on CPUs, NCCL on GPUs)."""

    def __init__(self) -> None:
        self.rank = dist.get_rank()
        self.workers = dist.get_world_size()

    def gather_rows(self, rows: torch.Tensor) -> torch.Tensor:
        total: torch.Tensor = _SumRows.apply(rows)
        return total

    def sum_gradients(self, gradients: torch.Tensor) -> None:
        """One all-reduce of the flat gradient: latency, not bandwidth, limits small models."""
        dist.all_reduce(gradients)

    def sum_values(self, values: torch.Tensor) -> torch.Tensor:
        total = values.detach().clone()
        dist.all_reduce(total)
        return total
