"""InfoNCE, generalised as in CEBRA (Schneider, Lee & Mathis, Nature 2023), and its value in bits."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from raylab.config import InfoNCEConfig


class InfoNCE(nn.Module):
    """-phi(x, y+) + log sum_j exp phi(x, y-_j), the mean over reference rows, in nats.

    phi is x.y / temperature for `cosine` (of embeddings of length 1) and -|x - y|^2 / temperature for
    `euclidean`: the values and gradients of {Fixed,Learnable}{Cosine,Euclidean}InfoNCE in
    cebra.models.criterions 0.6.1. The number of negatives is free of the number of reference rows.
    """

    def __init__(self, config: InfoNCEConfig) -> None:
        super().__init__()
        self.similarity = config.similarity
        log_inverse = -math.log(config.temperature)
        if not config.learnable_temperature:
            self.inverse_temperature = 1.0 / config.temperature
            self.log_inverse_temperature = None
            return
        self.ceiling = -math.log(config.min_temperature)
        self.log_inverse_temperature = nn.Parameter(torch.tensor(log_inverse))

    @property
    def temperature(self) -> float:
        """The current temperature, floor applied."""
        with torch.no_grad():
            return 1.0 / float(self._inverse_temperature())

    def forward(self, reference: Tensor, positive: Tensor, negative: Tensor) -> Tensor:
        """(B, D), (B, D), (M, D) -> scalar."""
        return self.per_row(reference, positive, negative).mean()

    def per_row(self, reference: Tensor, positive: Tensor, negative: Tensor) -> Tensor:
        """(B, D), (B, D), (M, D) -> (B,): the loss of every reference row, against all negatives."""
        inverse = self._inverse_temperature()
        scaled = reference * inverse  # the narrow side: one pass over (B, D) instead of (B, M)
        if self.similarity == "cosine":
            pull, push = (scaled * positive).sum(1), scaled @ negative.T
        else:
            # |x|^2 is common to the positive and all negatives of a row, so it cancels
            pull = 2 * (scaled * positive).sum(1) - inverse * positive.square().sum(1)
            push = 2 * scaled @ negative.T - inverse * negative.square().sum(1)
        return push.logsumexp(1) - pull  # logsumexp subtracts the row's maximum: safe at any temperature

    def _inverse_temperature(self) -> Tensor | float:
        if self.log_inverse_temperature is None:
            return self.inverse_temperature
        # clamped before exp, so that a temperature exactly at its floor keeps its gradient
        return self.log_inverse_temperature.clamp(max=self.ceiling).exp()


def bits(loss_nats: float, negatives: int) -> float:
    """Goodness of fit in bits: (log M - InfoNCE) / log 2, with M negatives in the sum; 0 is chance.

    cebra.integrations.sklearn.metrics.infonce_to_goodness_of_fit 0.6.1, where M is batch size x sessions.
    log2 M is no ceiling, since the positive is not among the negatives; few negatives bias it upwards, so
    compare it at one M.
    """
    return (math.log(negatives) - loss_nats) / math.log(2)


TILE = 128  # reference rows scored at a time: (TILE, M) scores stay in a core's cache


def value_and_gradients(
    loss: InfoNCE, reference: Tensor, positive: Tensor, negative: Tensor
) -> tuple[Tensor, Tensor, list[Tensor]]:
    """`loss` of (B, D), (B, D), (M, D) in closed form, tile by tile: what `fused.py` uses instead of autograd.

    With scores s_ij = x_i.y_j / temperature and weights P = softmax_j(s_ij) over the negatives y_j,
    d loss / d x_i = (sum_j P_ij y_j - y+_i) / (B temperature), d loss / d y_j = sum_i P_ij x_i / (B temperature).
    Euclidean scores are the same in one more dimension: -|x - y|^2 + |x|^2 = (2 x, -1).(y, |y|^2).

    Returns:
        The loss; its gradient for the (2B + M, D) rows; those for `loss.parameters()`.
    """
    count, inverse = len(reference), float(loss._inverse_temperature())
    if loss.similarity == "cosine":
        value, *gradients = _closed_form(reference, positive, negative, inverse)
        d_log_inverse = (gradients[0] * reference).sum()
    else:
        left = torch.cat([2 * reference, -reference.new_ones(count, 1)], dim=1)
        lifted = [torch.cat([y, y.square().sum(1, keepdim=True)], dim=1) for y in (positive, negative)]
        value, d_left, *d_lifted = _closed_form(left, lifted[0], lifted[1], inverse)
        d_log_inverse = (d_left * left).sum()
        of_rights = (d[:, :-1] + 2 * d[:, -1:] * y for d, y in zip(d_lifted, (positive, negative)))
        gradients = [2 * d_left[:, :-1], *of_rights]
    learnt = loss.log_inverse_temperature
    # above the ceiling the temperature is clamped, and does not feel the loss
    of_parameters = [] if learnt is None else [d_log_inverse * (learnt.detach() <= loss.ceiling)]
    return value, torch.cat(gradients), of_parameters


def _closed_form(left: Tensor, positive: Tensor, negative: Tensor, inverse: float) -> tuple[Tensor, ...]:
    """(loss, and its gradients for left, positive and negative) of mean(logsumexp(s) - left.positive * inverse)."""
    count, scaled, keys = len(left), left * inverse, negative.T.contiguous()
    total, expected, d_keys = left.new_empty(count), left.new_empty(left.shape[::-1]), torch.zeros_like(keys)
    for start in range(0, count, TILE):
        tile = slice(start, start + TILE)
        weights = scaled[tile] @ keys
        top = weights.amax(1, keepdim=True)
        mass = weights.sub_(top).exp_().sum(1)
        torch.add(top[:, 0], mass.log(), out=total[tile])
        # The narrow matrix first: several times faster than `weights @ negative` in MKL.
        torch.div(keys @ weights.T, mass, out=expected[:, tile])
        d_keys.addmm_((scaled[tile] / mass[:, None]).T, weights)
    value = (total - (scaled * positive).sum(1)).mean()
    d_left = (expected.T - positive).mul_(inverse / count)
    return value, d_left, scaled.mul_(-1 / count), d_keys.T / count
