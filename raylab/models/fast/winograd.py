"""Convolutions over time with about half the multiplications, for CPUs; their mathematics are in
`points.py`.

Inside, time comes first: what a tile sees is then a matrix as it lies. Buffers, and views of them,
are made once for a shape: at small batches making a view takes as long as what is done with it.
"""

from __future__ import annotations

import threading
from itertools import groupby
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from raylab.models.fast.winograd_points import TILE, scheme

KEPT = (
    1 << 27
)  # numbers that shapes may share between steps, a thread; as many again are in their passes
AT_ONCE = 1 << 17  # numbers on the narrower side of a layer


def convolve_by_points(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """Stride 1, and zeros on both sides so that the length stays.

    Args:
        x: (B, L, C) float32.
        weight: (O, C, K) with K odd, bias: (O,), as `nn.Conv1d` has them.

    Returns:
        (B, L, O).
    """
    output: Tensor = _Function.apply(x, weight, bias, torch.is_grad_enabled())
    return output


class _Shape(NamedTuple):
    """Of windows that pass a layer together."""

    length: int
    batch: int
    inputs: int
    outputs: int
    taps: int


class _Shared:
    """What passes of one shape need one after another."""

    def __init__(self, shape: _Shape) -> None:
        length, batch, inputs, outputs, taps = shape
        self.shape, self.scheme = shape, scheme(taps)
        self.tiles = length // TILE
        self.windows = self.tiles + self.scheme.groups - 1
        length_padded = max(length + taps - 1, (self.windows - 1) * TILE + self.scheme.points)
        self.inside = slice(taps // 2, taps // 2 + length)
        self.kernels, self.of_kernels = torch.empty(2, len(self.scheme.kernels), outputs, inputs)
        self.products, self.of_products = torch.empty(
            2, self.scheme.points, self.tiles, batch, outputs
        )
        self.of_seen = torch.zeros(self.scheme.points, self.windows, batch, inputs)
        self.rows = torch.empty(length, batch, outputs)
        self.padded, self.of_padded = torch.zeros(2, length_padded, batch, inputs)
        halves = self.kernels, self.products, self.of_seen, self.padded
        self.numbers = 2 * sum(each.numel() for each in halves)

    def load(self, weight: Tensor) -> None:
        torch.mm(self.scheme.kernels, weight.flatten(0, 1).T, out=self.kernels.flatten(1))

    def of_weight(self) -> Tensor:
        of_taps = self.scheme.kernels.T @ self.of_kernels.flatten(1)
        return of_taps.view(-1, *self.kernels.shape[1:]).permute(1, 2, 0)

    def rest(self) -> list[int]:
        """Of each tap, how many rows after the last tile it adds to; where it sees zeros beyond the
        end is left out.
        """
        rows, beyond = self.shape.length - self.tiles * TILE, self.shape.taps // 2
        return [max(0, min(rows, rows + beyond - tap)) for tap in range(self.shape.taps)]


class _Pass:
    """Windows on their way through a layer, and back: what is kept between the two, and views of it
    and of `shared`.
    """

    def __init__(self, shared: _Shared) -> None:
        self.shared, plan, tiles = shared, shared.scheme, shared.tiles
        self.last = torch.empty_like(shared.padded[tiles * TILE :])
        seen = torch.empty_like(shared.of_seen)
        self.to_seen = list(zip(_windows(shared.padded, shared), _tiles(seen)))
        self.to_rows = list(zip(_tiles(shared.products), _fours(shared.rows)))
        self.to_of_products = list(zip(_fours(shared.rows), _tiles(shared.of_products)))
        self.to_of_padded = list(zip(_tiles(shared.of_seen), _windows(shared.of_padded, shared)))
        self.to_products, self.to_of_kernels, self.to_of_seen = [], [], []
        for group in range(plan.groups):
            for point in range(plan.points):
                part, at = slice(group, group + tiles), group * plan.points + point
                kernel, of_kernel = shared.kernels[at], shared.of_kernels[at]
                sees, of_sees = (
                    seen[point, part].flatten(0, 1),
                    shared.of_seen[point, part].flatten(0, 1),
                )
                product, of_product = (
                    each[point].flatten(0, 1) for each in (shared.products, shared.of_products)
                )
                self.to_products.append((product, sees, kernel.T, int(group > 0)))
                self.to_of_kernels.append((of_kernel, of_product.T, sees))
                self.to_of_seen.append((of_sees, of_product, kernel, int(group > 0)))
        rows, of_last = shared.rows[tiles * TILE :], shared.of_padded[tiles * TILE :]
        self.rest = []
        for tap, count in enumerate(shared.rest()):
            stop, at = tap + count, tap - plan.taps
            parts = (
                each.flatten(0, 1)
                for each in (rows[:count], self.last[tap:stop], of_last[tap:stop])
            )
            self.rest.append((*parts, shared.kernels[at], shared.of_kernels[at]))

    def forward(self, x: Tensor, bias: Tensor, out: Tensor) -> None:
        """(B, L, C) into (B, L, O)."""
        shared = self.shared
        shared.padded[shared.inside].copy_(x.transpose(0, 1))
        self.last.copy_(shared.padded[shared.tiles * TILE :])
        for window, seen in self.to_seen:
            torch.mm(shared.scheme.inputs, window, out=seen)
        for product, seen, kernel, more in self.to_products:
            product.addmm_(seen, kernel, beta=more)
        for product, four in self.to_rows:
            torch.mm(shared.scheme.outputs, product, out=four)
        shared.rows[shared.tiles * TILE :] = 0
        for rows, seen, _, kernel, _ in self.rest:
            rows.addmm_(seen, kernel.T)
        torch.add(shared.rows.transpose(0, 1), bias, out=out)

    def backward(self, g: Tensor, *, more: bool) -> None:
        """(B, L, O) into the gradients of kernels, which it adds to if there is `more`."""
        shared = self.shared
        shared.rows.copy_(g.transpose(0, 1))
        for four, products in self.to_of_products:
            torch.mm(shared.scheme.outputs.T, four, out=products)
        for of_kernel, product, seen in self.to_of_kernels:
            of_kernel.addmm_(product, seen, beta=int(more))
        for rows, seen, _, _, of_kernel in self.rest:
            of_kernel.addmm_(rows.T, seen, beta=int(more))

    def backward_inputs(self, of_x: Tensor) -> None:
        """After `backward`: into (B, L, C)."""
        shared = self.shared
        shared.of_padded.zero_()
        shared.of_seen[:, shared.tiles :] = 0
        for of_seen, product, kernel, and_more in self.to_of_seen:
            of_seen.addmm_(product, kernel, beta=and_more)
        for of_seen, window in self.to_of_padded:
            window.addmm_(shared.scheme.inputs.T, of_seen)
        for rows, _, of_seen, kernel, _ in self.rest:
            of_seen.addmm_(rows, kernel)
        of_x.copy_(shared.of_padded[shared.inside].transpose(0, 1))


def _windows(padded: Tensor, shared: _Shared) -> list[Tensor]:
    """What each window sees, (P, B * C)."""
    starts = (at * TILE for at in range(shared.windows))
    return [padded[start : start + shared.scheme.points].flatten(1) for start in starts]


def _tiles(products: Tensor) -> list[Tensor]:
    """(P, n, B, C) -> of each tile, (P, B * C)."""
    return list(products.flatten(2).unbind(1))


def _fours(rows: Tensor) -> list[Tensor]:
    """(L, B, C) -> of each tile, (4, B * C)."""
    return [rows[at : at + TILE].flatten(1) for at in range(0, len(rows) // TILE * TILE, TILE)]


class _Kept(threading.local):
    """What passes of a shape share, and those that are not under way: a thread's own."""

    def __init__(self) -> None:
        self.free: dict[_Shape, tuple[_Shared, list[_Pass]]] = {}
        self.numbers = 0

    def take(self, shape: _Shape) -> _Pass:
        if shape not in self.free:
            shared = _Shared(shape)
            self.numbers += shared.numbers
            if self.numbers > KEPT:
                self.free.clear()
                self.numbers = shared.numbers
            self.free[shape] = shared, []
        shared, free = self.free[shape]
        return free.pop() if free else _Pass(shared)

    def give(self, finished: _Pass) -> None:
        """Back, once its gradients have been computed. One of which none are asked is forgotten
        with its graph.
        """
        shared, free = self.free.get(finished.shared.shape, (None, []))
        if shared is finished.shared:
            free.append(finished)


_kept = _Kept()


class _Function(torch.autograd.Function):
    """Some windows at a time, which stay in the cache: as many in each pass, but for the last."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor, recorded: bool) -> Tensor:
        (batch, length, inputs), (outputs, _, taps) = x.shape, weight.shape
        most = max(1, AT_ONCE // (length * min(inputs, outputs)))
        y, ctx.at_once, ctx.passes = (
            x.new_empty(batch, length, outputs),
            -(-batch // -(-batch // most)),
            [],
        )
        loaded = None
        for some, out in zip(x.split(ctx.at_once), y.split(ctx.at_once)):
            current = _kept.take(_Shape(length, len(some), inputs, outputs, taps))
            if current.shared is not loaded:
                current.shared.load(weight)
                loaded = current.shared
            current.forward(some, bias, out)
            if recorded:
                ctx.passes.append(current)
            else:
                _kept.give(current)
        ctx.save_for_backward(weight)
        return y

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, g: Tensor) -> tuple[Tensor | None, ...]:
        (weight,), passes, ctx.passes = ctx.saved_tensors, ctx.passes, []
        if not passes:
            raise RuntimeError(
                "this graph was gone through before, and its buffers serve another step by now"
            )
        of_x = g.new_empty(len(g), g.shape[1], weight.shape[1]) if ctx.needs_input_grad[0] else None
        of_parts = of_x.split(ctx.at_once) if of_x is not None else [None] * len(passes)
        of_weights = []
        for shared, run in groupby(
            zip(passes, g.split(ctx.at_once), of_parts), key=lambda each: each[0].shared
        ):
            shared.load(weight)
            for at, (current, some, out) in enumerate(run):
                current.backward(some, more=at > 0)
                if out is not None:
                    current.backward_inputs(out)
                _kept.give(current)
            of_weights.append(shared.of_weight())
        return of_x, sum(of_weights[1:], of_weights[0]), g.sum((0, 1)), None
