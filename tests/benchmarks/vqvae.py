"""Whole VQ-VAE training steps: raylab's loop against the same network in torch's own layers with a
quantizer of vector-quantize-pytorch and torch's Adam, on the same recording.
"""

from __future__ import annotations

from functools import partial
from types import SimpleNamespace

import numpy as np
import torch
from torch import Tensor, nn

from raylab.config.vqvae import VqvaeTrial
from raylab.data.datasets.specs import LabelSpec, SessionSpec
from raylab.data.session import Label
from raylab.training.loop import Training
from tests.benchmarks.contrastive import SAMPLES, UNITS, recording, shard
from tests.benchmarks.harness import Pair, Run
from tests.benchmarks.quantizers import CONFIGS, PEERS

WINDOW, STRIDE, DIMENSION = 50, 10, 64
BLOCK = 4  # steps between validations: advance runs whole blocks
RATE = 1e-3


def step_against_plain(kind: str, batch_size: int) -> Pair:
    return Pair(
        ours=partial(our_steps, kind, batch_size),
        peer=partial(plain_steps, kind, batch_size),
        block=BLOCK,
    )


def our_steps(kind: str, batch_size: int) -> Run:
    counts, latent, _ = recording()
    config = VqvaeTrial.model_validate(
        {
            "model": {"window": WINDOW, "stride": STRIDE, "code_dimension": DIMENSION},
            "quantizer": {"kind": kind, **CONFIGS[kind]},
            "optimizer": {"learning_rate": RATE},
            "training": {
                "batch_size": batch_size,
                "max_steps": 10**9,
                "validate_every": BLOCK,
                "device": "cpu",
            },
        }
    )
    spec = LabelSpec(kind="continuous", unit="", classes=(), dims=2)
    session = SessionSpec(
        "bench", UNITS, 30.0, {"train": SAMPLES, "valid": 0, "test": 0}, {"label": spec}
    )
    held = {"bench": shard(counts, Label.continuous(latent))}
    training = Training(config, SimpleNamespace(sessions={"bench": session}), held)  # type: ignore[arg-type]

    def run(steps: int) -> None:
        for _ in range(steps // BLOCK):
            training.advance()

    return run


def plain_steps(kind: str, batch_size: int) -> Run:
    """What a script does: gather windows, encode, quantize, decode, squared error, Adam."""
    torch.manual_seed(0)
    counts = torch.from_numpy(recording()[0])
    encoder, decoder, quantizer = plain_encoder(), plain_decoder(), PEERS[kind]()
    parameters = [p for module in (encoder, decoder, quantizer) for p in module.parameters()]
    optimizer = torch.optim.Adam(parameters, lr=RATE)
    random, offsets = np.random.default_rng(0), torch.arange(WINDOW)

    def run(steps: int) -> None:
        for _ in range(steps):
            starts = torch.from_numpy(
                random.integers(0, (SAMPLES - WINDOW) // STRIDE, batch_size) * STRIDE
            )
            windows = counts[starts[:, None] + offsets].transpose(1, 2)
            values, loss = quantized(quantizer, encoder(windows).transpose(1, 2))
            error = nn.functional.mse_loss(decoder(values.transpose(1, 2))[..., :WINDOW], windows)
            optimizer.zero_grad()
            (error + loss).backward()
            optimizer.step()

    return run


def quantized(quantizer: nn.Module, latent: Tensor) -> tuple[Tensor, Tensor]:
    """Values, and the loss where the quantizer has one: FSQ has none."""
    values, _, *loss = quantizer(latent)
    return values, loss[0].sum() if loss else values.new_zeros(())


class Block(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        half = [nn.GroupNorm(8, 128), nn.GELU(), nn.Conv1d(128, 128, 3, padding=1)]
        self.layers = nn.Sequential(
            *half, nn.GroupNorm(8, 128), nn.GELU(), nn.Conv1d(128, 128, 3, padding=1)
        )

    def forward(self, x: Tensor) -> Tensor:
        return x + self.layers(x)


def plain_encoder() -> nn.Sequential:
    """(B, units, 50) -> (B, 64, 13)."""
    down = [
        nn.Conv1d(UNITS, 32, 7, padding=3),
        nn.GELU(),
        nn.Conv1d(32, 64, 5, stride=2, padding=2),
        nn.GELU(),
    ]
    down += [nn.Conv1d(64, 128, 3, stride=2, padding=1), nn.GELU()]
    return nn.Sequential(*down, Block(), Block(), Block(), nn.Conv1d(128, DIMENSION, 1))


def plain_decoder() -> nn.Sequential:
    """(B, 64, 13) -> (B, units, 50)."""
    up = [nn.ConvTranspose1d(128, 64, 3, stride=2, padding=1), nn.GELU()]
    up += [nn.ConvTranspose1d(64, 32, 5, stride=2, padding=2, output_padding=1), nn.GELU()]
    return nn.Sequential(
        nn.Conv1d(DIMENSION, 128, 1),
        Block(),
        Block(),
        Block(),
        *up,
        nn.Conv1d(32, UNITS, 7, padding=3),
    )
