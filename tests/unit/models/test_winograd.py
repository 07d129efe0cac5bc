"""Fast convolutions against torch's own, and their buffers."""

from __future__ import annotations

import threading
from copy import deepcopy

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from raylab.models.fast import winograd
from raylab.models.fast.winograd import convolve_by_points
from raylab.models.fast.winograd_points import TILE, scheme


def layer_of(inputs: int, outputs: int, taps: int) -> nn.Conv1d:
    torch.set_num_threads(1)
    return nn.Conv1d(inputs, outputs, taps, padding=taps // 2)


def by_points(layer: nn.Conv1d, x: Tensor) -> Tensor:
    assert layer.bias is not None
    return convolve_by_points(x, layer.weight, layer.bias)


def by_torch(layer: nn.Conv1d, x: Tensor) -> Tensor:
    found: Tensor = layer(x.transpose(1, 2)).transpose(1, 2)
    return found


def and_gradients(y: Tensor, layer: nn.Conv1d, x: Tensor, g: Tensor) -> list[Tensor]:
    return [y.detach(), *torch.autograd.grad(y, [x, *layer.parameters()], g)]


def check(found: list[Tensor], layer: nn.Conv1d, x: Tensor, g: Tensor) -> None:
    """Within 1e-5 of torch's convolution in float64, of its largest value where that is above 1."""
    exact, wide = deepcopy(layer).double(), x.detach().double().requires_grad_()
    expected = and_gradients(by_torch(exact, wide), exact, wide, g.double())
    for mine, other in zip(found, expected, strict=True):
        torch.testing.assert_close(
            mine.double(), other, rtol=0, atol=1e-5 * max(1.0, float(other.abs().max()))
        )


@pytest.mark.parametrize("taps", [3, 5, 7, 9])
def test_the_matrices_are_exact(taps: int) -> None:
    """Polynomials, so small whole numbers come out whole: every output of a tile from what its
    windows see.
    """
    found, random = scheme(taps), np.random.default_rng(0)
    w, x = random.integers(-3, 4, taps), random.integers(-3, 4, found.groups * TILE + found.points)
    kernels = found.kernels.double()[: -found.taps] @ torch.tensor(w).double()
    total = torch.zeros(found.points, dtype=torch.float64)
    for group, kernel in enumerate(kernels.split(found.points)):
        window = torch.tensor(x[group * TILE : group * TILE + found.points]).double()
        total += kernel * (found.inputs.double() @ window)
    expected = np.correlate(x[: TILE + taps - 1], w, mode="valid")
    np.testing.assert_allclose(
        found.outputs.double() @ total, expected, rtol=0, atol=1e-4
    )  # matrices are float32
    assert found.saves


@pytest.mark.parametrize("taps", [3, 5, 7, 9])
@settings(max_examples=25, deadline=None)
@given(
    length=st.integers(1, 23),
    batch=st.integers(1, 9),
    channels=st.tuples(st.integers(1, 12), st.integers(1, 12)),
    at_once=st.sampled_from([40, 1 << 17]),
    seed=st.integers(0, 99),
)
def test_values_and_gradients(
    taps: int, length: int, batch: int, channels: tuple[int, int], at_once: int, seed: int
) -> None:
    torch.manual_seed(seed)
    layer = layer_of(*channels, taps)
    x, g = (
        torch.randn(batch, length, channels[0], requires_grad=True),
        torch.randn(batch, length, channels[1]),
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            winograd, "AT_ONCE", at_once
        )  # few windows a pass: several passes, the last one smaller
        y = by_points(layer, x)
        check(and_gradients(y, layer, x, g), layer, x, g)
        with torch.no_grad():
            assert torch.equal(by_points(layer, x), y)


def test_layers_of_true_size() -> None:
    torch.manual_seed(0)
    for inputs, outputs, length, taps in ((128, 128, 13, 3), (200, 32, 50, 7), (32, 200, 50, 7)):
        layer, x = (
            layer_of(inputs, outputs, taps),
            torch.randn(150, length, inputs, requires_grad=True),
        )
        g = torch.randn(150, length, outputs)
        check(and_gradients(by_points(layer, x), layer, x, g), layer, x, g)


def test_activity_that_has_no_gradient() -> None:
    layer, x, g = layer_of(3, 4, 7), torch.randn(5, 11, 3), torch.randn(5, 11, 4)
    by_points(layer, x).backward(g)
    expected = torch.autograd.grad(by_torch(layer, x), list(layer.parameters()), g)
    for parameter, other in zip(layer.parameters(), expected):
        torch.testing.assert_close(parameter.grad, other, rtol=0, atol=1e-4)


def test_passes_under_way_do_not_share_what_they_keep() -> None:
    """Two layers, and one layer twice, before the first gradient; the buffers are used again
    afterwards.
    """
    torch.manual_seed(0)
    one, other = layer_of(6, 6, 3), layer_of(6, 6, 3)
    for _ in range(2):
        x, g = torch.randn(4, 13, 6, requires_grad=True), torch.randn(4, 13, 6)
        inner = by_points(one, x)
        y = by_points(one, by_points(other, inner))
        expected = by_torch(one, by_torch(other, by_torch(one, x)))
        parameters = [x, *one.parameters(), *other.parameters()]
        for mine, theirs in zip(
            torch.autograd.grad(y, parameters, g), torch.autograd.grad(expected, parameters, g)
        ):
            torch.testing.assert_close(mine, theirs, rtol=0, atol=1e-4)


def test_a_graph_is_gone_through_once() -> None:
    layer, x = layer_of(4, 4, 3), torch.randn(2, 8, 4, requires_grad=True)
    y = by_points(layer, x).sum()
    y.backward(retain_graph=True)
    with pytest.raises(RuntimeError, match="gone through before"):
        y.backward()


def test_threads_have_buffers_of_their_own() -> None:
    torch.manual_seed(0)
    layer, inputs = layer_of(8, 8, 3), torch.randn(4, 16, 50, 8)
    found: dict[int, list[Tensor]] = {}

    def work(place: int) -> None:
        found[place] = [by_points(layer, inputs[place]).detach() for _ in range(30)]

    threads = [threading.Thread(target=work, args=(place,)) for place in range(len(inputs))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for place, each in found.items():
        for one in each:  # rounded as other numbers of torch's threads round
            torch.testing.assert_close(one, by_points(layer, inputs[place]), rtol=0, atol=1e-5)


def test_what_is_kept_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(winograd, "KEPT", 5_000)
    monkeypatch.setattr(winograd, "_kept", winograd._Kept())
    layer, most = layer_of(2, 2, 3), 0
    for batch in range(1, 30):
        by_points(layer, torch.randn(batch, 5, 2)).sum().backward()
        held = [shared.numbers for shared, _ in winograd._kept.free.values()]
        assert sum(held) == winograd._kept.numbers <= 5_000
        most = max(most, len(held))
    assert 2 <= most < 29
