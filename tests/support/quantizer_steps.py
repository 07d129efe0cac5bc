"""Training steps of every quantizer, alone or as one of several workers.

Workers start with this module alone: to import a file of tests costs each of them seconds.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import torch
import torch.distributed as dist
from pydantic import TypeAdapter
from torch import Tensor, nn

from raylab.config.quantizers import QUANTIZERS, QuantizerConfig
from raylab.models.quantizers.base import Quantizer, Share
from raylab.models.quantizers.build import build_quantizer
from raylab.training.comm import GroupComm

D, CODES = 16, 32
SIZES: dict[str, dict[str, Any]] = {
    "plain": {"codes": CODES, "commitment": 1.0},
    "ema": {"codes": CODES},
    "cosine": {"codes": CODES},
    "residual": {"codes": CODES, "stages": 3},
    "grouped_residual": {"codes": CODES, "groups": 4, "stages": 2},
    "fsq": {"levels": (8, 5, 4)},
    "lfq": {"bits": 5},
    "simvq": {"codes": CODES},
}
MOVING = ("ema", "cosine", "residual", "grouped_residual")
STEPS, TOTAL, WORKERS, THRESHOLD = 20, 240, 2, 3.0
# At LFQ's own temperature a sum in another order is 2e-5 away: its softmax is nearly a step.
TOGETHER: dict[str, dict[str, Any]] = {kind: {"revive_below": THRESHOLD} for kind in MOVING}
TOGETHER["lfq"] = {"inverse_temperature": 10.0}


def made(kind: str, *, seed: int = 0, **settings: Any) -> Quantizer:
    config: QuantizerConfig = TypeAdapter(Annotated[QuantizerConfig, QUANTIZERS]).validate_python(
        {"kind": kind, **SIZES[kind], **settings}
    )
    torch.manual_seed(seed)
    return build_quantizer(config, dimension=D, seed=seed)


def vectors(count: int, seed: int = 0, *, clusters: int = 3 * CODES) -> Tensor:
    """(count, D) around as many places as `clusters`, so that choices are clear and codes have
    something to find.
    """
    generator = torch.Generator().manual_seed(seed)
    centres = torch.randn(clusters, D, generator=torch.Generator().manual_seed(99))
    chosen = torch.randint(clusters, (count,), generator=generator)
    return centres[chosen] + 0.1 * torch.randn(count, D, generator=generator)


def buffers(quantizer: nn.Module) -> dict[str, Tensor]:
    return {name: value.clone() for name, value in quantizer.state_dict().items()}


def backward(
    values: Tensor, loss: Tensor, x: Tensor, module: nn.Module, at: Tensor | None = None
) -> list[Tensor]:
    """Gradients of x and of all parameters, of a loss that weighs every value differently."""
    weights = torch.randn(
        TOTAL if at is not None else len(x), D, generator=torch.Generator().manual_seed(3)
    )
    weights = weights if at is None else weights[at]
    of = [x, *module.parameters()]
    return list(torch.autograd.grad((values * weights).sum() + 100 * loss, of))


def places(step: int, rank: int) -> Tensor:
    """Uneven and out of order; in every fifth step the second worker holds nothing."""
    order = torch.randperm(TOTAL, generator=torch.Generator().manual_seed(step))
    first = TOTAL if step % 5 == 3 else 100
    return order[:first] if rank == 0 else order[first:]


def several_steps(kind: str, comm: GroupComm | None) -> dict[str, Tensor]:
    """Training with gradient descent; what is compared, put together over workers."""
    quantizer = made(kind, **TOGETHER.get(kind, {})).train()
    compared: dict[str, Tensor] = {}
    for step in range(STEPS):
        at = torch.arange(TOTAL) if comm is None else places(step, comm.rank)
        x = vectors(TOTAL, step)[at].requires_grad_()
        quantized = quantizer(x) if comm is None else quantizer(x, Share(comm, TOTAL, at))
        of = backward(quantized.values, quantized.loss, x, quantizer, at)
        whole = {
            "values": quantized.values.detach(),
            "indices": quantized.indices.double(),
            "gradient": of[0],
        }
        for name, rows in whole.items():
            full = rows.new_zeros(TOTAL, rows.shape[1]).index_copy(0, at, rows)
            compared[f"{name} {step}"] = full if comm is None else comm.sum_values(full)
        compared[f"loss {step}"] = (
            quantized.loss.detach() if comm is None else comm.sum_values(quantized.loss)
        )
        with torch.no_grad():
            for parameter, gradient in zip(quantizer.parameters(), of[1:], strict=True):
                parameter -= 1e-4 * (gradient if comm is None else comm.sum_values(gradient))
    return compared | {f"state {name}": value for name, value in buffers(quantizer).items()}


def work(rank: int, folder: str) -> None:
    torch.set_num_threads(1)
    dist.init_process_group(
        "gloo", init_method=f"file://{folder}/rendezvous", rank=rank, world_size=WORKERS
    )
    comm = GroupComm()
    torch.save({kind: several_steps(kind, comm) for kind in SIZES}, Path(folder) / f"{rank}.pt")
    dist.destroy_process_group()
