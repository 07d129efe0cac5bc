"""Layers on (B, L, C) against torch's own on (B, C, L), and a whole network against one of torch's
layers.
"""

from __future__ import annotations

from copy import deepcopy

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from raylab.config.quantizers import EmaQuantizer
from raylab.config.vqvae import VqvaeModelConfig
from raylab.models.fast import channels_last
from raylab.models.fast.channels_last import (
    ChannelsLast,
    convolve,
    convolve_transposed,
    squared_error,
)
from raylab.models.vqvae import ResidualBlock, VqVae
from tests.benchmarks.vqvae import plain_decoder, plain_encoder


def close(found: Tensor, expected: Tensor) -> None:
    torch.testing.assert_close(
        found, expected, rtol=0, atol=1e-5 * max(1.0, float(expected.detach().abs().max()))
    )


@pytest.mark.parametrize("channels", [6, 32])
@pytest.mark.parametrize(("taps", "stride"), [(1, 1), (3, 1), (7, 1), (5, 2), (3, 2), (1, 2)])
@pytest.mark.parametrize("precision", ["float32", "bf16"])
def test_convolutions(channels: int, taps: int, stride: int, precision: str) -> None:
    torch.manual_seed(0)
    layer, x = (
        nn.Conv1d(channels, 40, taps, stride=stride, padding=taps // 2),
        torch.randn(3, 14, channels),
    )
    with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bf16"):
        found, expected = convolve(x, layer), layer(x.transpose(1, 2)).transpose(1, 2)
    assert found.dtype == expected.dtype
    torch.testing.assert_close(
        found, expected, rtol=0, atol=1e-5 if precision == "float32" else 0.05
    )
    assert convolve(x[:0], layer).shape == (0, *expected.shape[1:])


@pytest.mark.parametrize(
    ("taps", "stride", "length"), [(3, 2, 13), (3, 2, 14), (5, 2, 14), (3, 1, 7), (7, 3, 20)]
)
def test_transposed_convolutions(taps: int, stride: int, length: int) -> None:
    torch.manual_seed(0)
    layer, x = (
        nn.ConvTranspose1d(6, 4, taps, stride=stride, padding=taps // 2),
        torch.randn(3, -(-length // stride), 6),
    )
    expected = layer(x.transpose(1, 2), output_size=[length]).transpose(1, 2)
    close(convolve_transposed(x, layer, length), expected)


@pytest.mark.parametrize("channels", [8, 32])
@pytest.mark.parametrize("dropout", [0.0, 0.5])
@pytest.mark.parametrize("training", [False, True])
def test_residual_blocks(channels: int, dropout: float, training: bool) -> None:
    torch.manual_seed(0)
    block = ResidualBlock(ChannelsLast(), channels, 4, dropout).train(training)
    for p in block.parameters():
        nn.init.normal_(p, std=0.3)
    x, g = torch.randn(5, 9, channels, requires_grad=True), torch.randn(5, 9, channels)
    plain = nn.Sequential(*deepcopy(block.layers).train(training))
    torch.manual_seed(1)
    found = block(x)
    torch.manual_seed(1)
    expected = x + plain(x.transpose(1, 2)).transpose(1, 2)
    close(found, expected)
    for mine, other in zip(
        torch.autograd.grad(found, [x, *block.parameters()], g),
        torch.autograd.grad(expected, [x, *plain.parameters()], g),
    ):
        close(mine, other)


@pytest.mark.parametrize("channels", [6, 32])
@pytest.mark.parametrize("units", [40, 33])
@pytest.mark.parametrize("at_once", [100, 1 << 19])
def test_squared_error(
    channels: int, units: int, at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All windows at once or a few, of all units or of a session that lacks the last ones; scaled
    on the way back.
    """
    monkeypatch.setattr(channels_last, "ERRORS_AT_ONCE", at_once)
    torch.manual_seed(0)
    layer, x = (
        nn.Conv1d(channels, 40, 7, padding=3),
        torch.randn(7, 12, channels, requires_grad=True),
    )
    target = torch.randn(7, 12, units)
    found = squared_error(x, layer, target)
    expected = functional.mse_loss(
        layer(x.transpose(1, 2)).transpose(1, 2)[..., :units], target, reduction="sum"
    )
    assert found.item() == pytest.approx(expected.item(), rel=1e-5)
    wanted = [x, *layer.parameters()]
    for mine, other in zip(
        torch.autograd.grad(found * 0.3, wanted), torch.autograd.grad(expected * 0.3, wanted)
    ):
        close(mine, other)
    with torch.no_grad():
        assert squared_error(x, layer, target).item() == pytest.approx(expected.item(), rel=1e-5)
    assert squared_error(x[:0], layer, target[:0]).item() == 0


def test_the_default_network_is_that_of_torchs_layers() -> None:
    """The benchmark's peer, with the same numbers: latents, error and gradients."""
    torch.manual_seed(0)
    torch.set_num_threads(1)
    network = VqVae(VqvaeModelConfig(), EmaQuantizer(), [200], operations=ChannelsLast())
    encoder, decoder = plain_encoder(), plain_decoder()
    ours = [*network.inputs.parameters(), *network.encoder.parameters()]
    theirs = list(encoder.parameters())
    ours += [*network.decoder.parameters(), *network.outputs.parameters()]
    theirs += list(decoder.parameters())
    for mine, other in zip(ours, theirs, strict=True):
        other.data = mine.data.clone().view_as(other)
    windows = torch.randn(70, 50, 200)  # more than one pass
    latent, expected = network.encode(windows), encoder(windows.transpose(1, 2))
    close(latent, expected.transpose(1, 2))
    error = network.squared_error(latent, windows) / windows.numel()
    wanted = functional.mse_loss(decoder(expected)[..., :50], windows.transpose(1, 2))
    assert error.item() == pytest.approx(wanted.item(), rel=1e-5)
    pairs = list(zip(torch.autograd.grad(error, ours), torch.autograd.grad(wanted, theirs)))
    largest = max(float(other.abs().max()) for _, other in pairs)
    for mine, other in pairs:
        torch.testing.assert_close(mine, other.view_as(mine), rtol=0, atol=1e-5 * largest)
