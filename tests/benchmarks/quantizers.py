"""One quantizer, forward and backward in training, against vector-quantize-pytorch 1.32 with equal
settings.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Annotated, Any

import torch
import vector_quantize_pytorch as vqp
from pydantic import TypeAdapter
from torch import Tensor

from raylab.config.quantizers import QUANTIZERS, QuantizerConfig
from raylab.models.quantizers.build import build_quantizer
from tests.benchmarks.harness import Pair, Run

WINDOW, DIMENSION, SPREAD = 25, 64, 0.05
# No k-means start and no revival on either side: which codes are revived is drawn at random.
STILL = {"kmeans_start": False, "revive_below": 0, "gradient": "rotation"}
CONFIGS: dict[str, dict[str, Any]] = {
    "plain": {"codes": 512, "commitment": 1.0, "gradient": "rotation"},
    "ema": {"codes": 512, **STILL},
    "cosine": {"codes": 512, **STILL},
    "residual": {"codes": 256, "stages": 2, **STILL},
    "grouped_residual": {"codes": 128, "groups": 4, "stages": 2, **STILL},
    "fsq": {"levels": (8, 8, 8)},
    "lfq": {"bits": 9, "commitment": 0.25},
    "simvq": {"codes": 512, "gradient": "rotation"},
}
PEERS: dict[str, Callable[[], torch.nn.Module]] = {
    "plain": partial(vqp.VectorQuantize, DIMENSION, 512, learnable_codebook=True, ema_update=False),
    "ema": partial(vqp.VectorQuantize, DIMENSION, 512),
    "cosine": partial(vqp.VectorQuantize, DIMENSION, 512, use_cosine_sim=True),
    "residual": partial(vqp.ResidualVQ, dim=DIMENSION, num_quantizers=2, codebook_size=256),
    "grouped_residual": partial(
        vqp.GroupedResidualVQ, dim=DIMENSION, groups=4, num_quantizers=2, codebook_size=128
    ),
    "fsq": partial(vqp.FSQ, [8, 8, 8], dim=DIMENSION),
    "lfq": partial(vqp.LFQ, dim=DIMENSION, codebook_size=512, commitment_loss_weight=0.25),
    "simvq": partial(vqp.SimVQ, DIMENSION, 512),
}


def quantizer(kind: str, batch: int) -> Pair:
    return Pair(ours=partial(ours, kind, batch), peer=partial(peer, kind, batch))


def vectors(batch: int) -> tuple[Tensor, Tensor]:
    """(batch, WINDOW, DIMENSION) around 512 places, and the gradient that comes back from a
    decoder.
    """
    generator = torch.Generator().manual_seed(0)
    centres = torch.randn(512, DIMENSION, generator=generator)
    places = torch.randint(512, (batch, WINDOW), generator=generator)
    noise, gradient = torch.randn(2, batch, WINDOW, DIMENSION, generator=generator)
    return centres[places] + SPREAD * noise, gradient


def ours(kind: str, batch: int) -> Run:
    torch.manual_seed(0)
    config: QuantizerConfig = TypeAdapter(Annotated[QuantizerConfig, QUANTIZERS]).validate_python(
        {"kind": kind, **CONFIGS[kind]}
    )
    quantizer = build_quantizer(config, dimension=DIMENSION, seed=0).train()

    def call(x: Tensor) -> tuple[Tensor, Tensor]:
        quantized = quantizer(x.view(-1, DIMENSION))
        return quantized.values.view_as(x), quantized.loss

    return steps(call, quantizer, batch)


def peer(kind: str, batch: int) -> Run:
    torch.manual_seed(0)
    quantizer = PEERS[kind]().train()

    def call(x: Tensor) -> tuple[Tensor, Tensor]:
        values, _, *loss = quantizer(x)
        return values, loss[0].sum() if loss else values.new_zeros(())

    return steps(call, quantizer, batch)


def steps(
    call: Callable[[Tensor], tuple[Tensor, Tensor]], quantizer: torch.nn.Module, batch: int
) -> Run:
    x, gradient = vectors(batch)
    x.requires_grad_()

    def run(count: int) -> None:
        for _ in range(count):
            values, loss = call(x)
            # Not a product with the gradient: a decoder hands it over, and its cost would be the
            # benchmark's own.
            roots = [(values, gradient)] + ([(loss, None)] if loss.requires_grad else [])
            torch.autograd.backward(*zip(*roots))
            x.grad = None
            quantizer.zero_grad()

    return run
