"""Which code a vector chooses, and how the gradient passes that choice."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from raylab.config.quantizers import Gradient

SCORES_AT_ONCE = 1 << 19  # numbers
SHORTEST = 1e-6  # lengths below are taken as this, as vector-quantize-pytorch does


def first_maximum(scores: Tensor) -> Tensor:
    """(..., K) float -> (...) int64 places of the maxima, ties to the lowest. Overwrites `scores`.

    `argmax` on CPUs is not vectorised; three passes that are take a fifth of its time at 512 codes.
    """
    codes = scores.shape[-1]
    descending = torch.arange(codes, 0, -1, dtype=scores.dtype, device=scores.device)
    best = scores.eq_(scores.amax(-1, keepdim=True)).mul_(descending).amax(-1)
    return (codes - best.long()).clamp_(max=codes - 1)  # NaN equals nothing, itself included


@torch.no_grad()
def nearest(x: Tensor, codes: Tensor) -> Tensor:
    """(n, D), (K, D) -> (n,): argmin of |x - e| as argmax of x.e - |e|^2 / 2."""
    return _best(x, codes, codes.square().sum(1).mul_(0.5))


@torch.no_grad()
def most_similar(x: Tensor, codes: Tensor) -> Tensor:
    """(n, D), (K, D) -> (n,): argmax of x.e."""
    return _best(x, codes)


def _best(x: Tensor, codes: Tensor, less: Tensor | None = None) -> Tensor:
    """argmax of x.e - `less`, some vectors at a time: scores of thousands would be fresh memory at
    every step, and its page faults take as long as the product.
    """
    rows = min(len(x), max(1, SCORES_AT_ONCE // len(codes)))
    scores, chosen = x.new_empty(rows, len(codes)), []
    for some in x.split(rows) if rows else ():
        # Not addmm, which first copies a bias to every row, at a third of the product's cost.
        product = torch.mm(some, codes.t(), out=scores[: len(some)])
        chosen.append(first_maximum(product if less is None else product.sub_(less)))
    return torch.cat(chosen) if chosen else x.new_zeros(0, dtype=torch.int64)


def unit(x: Tensor) -> Tensor:
    return functional.normalize(x, dim=-1, eps=SHORTEST)


def through(x: Tensor, code: Tensor, gradient: Gradient) -> Tensor:
    """(n, D) vectors and the codes they chose -> the codes, as a function of the vectors.

    `straight_through`: dx = g (van den Oord, Vinyals & Kavukcuoglu 2017, section 3.2). `rotation`:
    the code is x turned and scaled, both held fixed (Fifty et al. 2024, section 4.2), so with u, h
    the unit vectors of x and code, and w that of u + h: dx = |code| / |x| (g - 2 (g.w) w + 2 (g.h)
    u).
    """
    function = _Rotation if gradient == "rotation" else _StraightThrough
    values: Tensor = function.apply(x, code.detach())
    return values


class _StraightThrough(torch.autograd.Function):
    @staticmethod
    def forward(ctx: object, x: Tensor, code: Tensor) -> Tensor:
        return code.clone()

    @staticmethod
    def backward(ctx: object, *gradients: Tensor) -> tuple[Tensor, None]:
        return gradients[0], None


class _Rotation(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, code: Tensor) -> Tensor:
        ctx.save_for_backward(x, code)
        return code.clone()

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        (g,), (x, code) = gradients, ctx.saved_tensors
        length = x.norm(dim=-1, keepdim=True).clamp_(min=SHORTEST)
        wanted = code.norm(dim=-1, keepdim=True).clamp_(min=SHORTEST)
        u, h = x / length, code / wanted
        middle = u + h
        product = torch.mul(middle, middle)
        squared = product.sum(-1, keepdim=True).clamp_(min=SHORTEST**2)
        along = torch.mul(g, middle, out=product).sum(-1, keepdim=True).div_(squared)
        across = torch.mul(g, h, out=product).sum(-1, keepdim=True)
        turned = torch.addcmul(g, along, middle, value=-2, out=middle).addcmul_(across, u, value=2)
        return turned.mul_(wanted / length), None
