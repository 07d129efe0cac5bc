"""InfoNCE, generalised as in CEBRA (Schneider, Lee & Mathis 2023), and its value in bits."""

from __future__ import annotations

import math
from collections.abc import Iterator

import torch
from torch import Tensor, nn

from raylab.config.losses import LOSSES, FocalInfoNCEConfig, LossConfig


class InfoNCE(nn.Module):
    """-phi(x, y+) + log sum_j exp phi(x, y-_j), the mean over reference rows, in nats.

    phi is x.y / temperature for `cosine` (of embeddings of length 1) and -|x - y|^2 / temperature
    for `euclidean`: the values and gradients of {Fixed,Learnable}{Cosine,Euclidean}InfoNCE in
    cebra.models.criterions 0.6.1. The number of negatives is free of the number of reference rows.
    """

    def __init__(self, config: LossConfig) -> None:
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
        """(B, D), (B, D), (M, D) -> (B,): the loss of each reference row against all negatives."""
        return self.infonce(reference, positive, negative)

    def infonce(self, reference: Tensor, positive: Tensor, negative: Tensor) -> Tensor:
        """(B, D), (B, D), (M, D) -> (B,): InfoNCE of each reference row, whatever the loss is."""
        inverse = self._inverse_temperature()
        scaled = reference * inverse  # the narrow side: one pass over (B, D) instead of (B, M)
        if self.similarity == "cosine":
            pull, push = (scaled * positive).sum(1), scaled @ negative.T
        else:
            # |x|^2 is common to the positive and all negatives of a row, so it cancels
            pull = 2 * (scaled * positive).sum(1) - inverse * positive.square().sum(1)
            push = 2 * scaled @ negative.T - inverse * negative.square().sum(1)
        return (
            push.logsumexp(1) - pull
        )  # logsumexp subtracts the row's maximum: safe at any temperature

    def reweighted(self, infonce: Tensor) -> tuple[Tensor, Tensor] | None:
        """(B,) InfoNCE -> the loss of every row and its derivative by InfoNCE; None where they are
        the same.
        """
        return None

    def _inverse_temperature(self) -> Tensor | float:
        if self.log_inverse_temperature is None:
            return self.inverse_temperature
        # clamped before exp, so that a temperature exactly at its floor keeps its gradient
        return self.log_inverse_temperature.clamp(max=self.ceiling).exp()


class FocalInfoNCE(InfoNCE):
    """(1 - p)^gamma L, where L is InfoNCE of a reference row and p = exp phi(x, y+) / (exp phi(x,
    y+) + sum_j exp phi(x, y-_j)) = 1 / (1 + exp L) the share of its positive.

    The weight of the focal loss (Lin, Goyal, Girshick, He & Dollar, "Focal loss for dense object
    detection", ICCV 2017, equation 4: (1 - p)^gamma times -log p) on CEBRA's InfoNCE, as
    FocalInfoNCE of CEBRA-Ethan has it. The weight is differentiated too. Since L, other than -log
    p, falls below 0, the loss has its minimum at a finite L (p = 0.68 for gamma = 2): what is told
    apart that well is not pressed further. gamma = 0 is InfoNCE.
    """

    def __init__(self, config: FocalInfoNCEConfig) -> None:
        super().__init__(config)
        self.gamma = config.gamma

    def per_row(self, reference: Tensor, positive: Tensor, negative: Tensor) -> Tensor:
        infonce = self.infonce(reference, positive, negative)
        return infonce.sigmoid().pow(self.gamma) * infonce

    def reweighted(self, infonce: Tensor) -> tuple[Tensor, Tensor] | None:
        weight = infonce.sigmoid().pow(self.gamma)
        return weight * infonce, weight * (1 + self.gamma * infonce * (-infonce).sigmoid())


def build_loss(config: LossConfig) -> InfoNCE:
    """The loss that `loss.kind` names."""
    loss = LOSSES.builder(config)(config)
    assert isinstance(loss, InfoNCE)
    return loss


def bits(loss_nats: float, negatives: int) -> float:
    """Goodness of fit in bits: (log M - InfoNCE) / log 2, with M negatives in the sum; 0 is chance.

    cebra.integrations.sklearn.metrics.infonce_to_goodness_of_fit 0.6.1, where M is batch size x
    sessions. log2 M is no ceiling, since the positive is not among the negatives; few negatives
    bias it upwards, so compare it at one M.
    """
    return (math.log(negatives) - loss_nats) / math.log(2)


TILE_SCORES = 1 << 18  # scored at a time, in rows of references: a megabyte stays in a core's cache
BOUND = 40.0  # float32 can add up the exponentials of scores between -40 and 40


def value_and_gradients(
    loss: InfoNCE,
    reference: Tensor,
    positive: Tensor,
    negative: Tensor,
    *,
    longest: float | None = None,
) -> tuple[Tensor, list[Tensor], list[Tensor]]:
    """`loss` of (B, D), (B, D), (M, D) in closed form, tile by tile: what
    `models/fast` uses instead of autograd.

    With scores s_ij = x_i.y_j / temperature and weights P = softmax_j(s_ij) over the negatives y_j,
    d loss / d x_i = (sum_j P_ij y_j - y+_i) / (B temperature), d loss / d y_j = sum_i P_ij x_i / (B
    temperature). Euclidean scores are the same in one more dimension: -|x - y|^2 + |x|^2 = (2 x,
    -1).(y, |y|^2).

    Args:
        longest: What no embedding is longer than, where that is known; looking for it takes time.

    Returns:
        The loss; its gradients for the three arguments; those for `loss.parameters()`.
    """
    count, inverse = len(reference), float(loss._inverse_temperature())
    learnt = loss.log_inverse_temperature
    if loss.similarity == "cosine":
        bound = None if longest is None else longest**2 * inverse
        value, *gradients = _closed_form(loss, reference, positive, negative, inverse, bound)
        left, d_left = reference, gradients[0]
    else:
        left = torch.cat([2 * reference, -reference.new_ones(count, 1)], dim=1)
        lifted = [
            torch.cat([y, y.square().sum(1, keepdim=True)], dim=1) for y in (positive, negative)
        ]
        value, d_left, *d_lifted = _closed_form(loss, left, lifted[0], lifted[1], inverse, None)
        of_rights = (d[:, :-1] + 2 * d[:, -1:] * y for d, y in zip(d_lifted, (positive, negative)))
        gradients = [2 * d_left[:, :-1], *of_rights]
    if learnt is None:
        return value, gradients, []
    # above the ceiling the temperature is clamped, and does not feel the loss
    return value, gradients, [(d_left * left).sum() * (learnt.detach() <= loss.ceiling)]


def _closed_form(
    loss: InfoNCE,
    left: Tensor,
    positive: Tensor,
    negative: Tensor,
    inverse: float,
    bound: float | None,
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """(loss, and its gradients for left, positive and negative), of rows logsumexp(s) -
    left.positive * inverse.

    Args:
        bound: What no score is larger than, if that is known.
    """
    count, scaled, keys = len(left), left * inverse, negative.T.contiguous()
    pull, rows = (scaled * positive).sum(1), left.new_empty(count)
    expected, d_keys = left.new_empty(left.shape[::-1]), torch.zeros_like(keys)
    slope: Tensor | None = None
    if bound is None:  # No score is larger than the product of the lengths (Cauchy-Schwarz).
        ends = (torch.linalg.vector_norm(vectors, dim=1).amax() for vectors in (scaled, negative))
        bound = math.prod(float(end) for end in ends)
    for tile, own in _tiles(scaled, len(negative)):
        weights = own @ keys
        mass = _exponentials(weights, rows[tile], bounded=bound <= BOUND)
        # The narrow matrix first: several times faster than `weights @ negative` in MKL.
        torch.div(keys @ weights.T, mass, out=expected[:, tile])
        rows[tile] -= pull[tile]
        if (focused := loss.reweighted(rows[tile])) is not None:
            slope = rows.new_empty(count) if slope is None else slope
            rows[tile], slope[tile] = focused
            mass = mass / slope[tile]
        d_keys.addmm_((own / mass[:, None]).T, weights)
    d_left, d_positive = (
        torch.sub(expected.T, positive).mul_(inverse / count),
        scaled.mul_(-1 / count),
    )
    if slope is not None:
        d_left, d_positive = d_left * slope[:, None], d_positive * slope[:, None]
    return rows.mean(), d_left, d_positive, d_keys.T / count


def _tiles(references: Tensor, negatives: int) -> Iterator[tuple[slice, Tensor]]:
    """Rows that are scored together."""
    size = max(64, TILE_SCORES // negatives)
    if size >= len(references):
        yield slice(None), references
        return
    for start in range(0, len(references), size):
        tile = slice(start, start + size)
        yield tile, references[tile]


def _exponentials(scores: Tensor, logsumexp: Tensor, *, bounded: bool) -> Tensor:
    """(b,) the sum of each row's exponentials, which take the place of its scores; fills
    `logsumexp`. Where scores may be too large for `exp`, all are relative to the largest of their
    row.
    """
    if bounded:
        mass = scores.exp_().sum(1)
        torch.log(mass, out=logsumexp)
        return mass
    top = scores.amax(1, keepdim=True)
    mass = scores.sub_(top).exp_().sum(1)
    torch.add(top[:, 0], mass.log(), out=logsumexp)
    return mass
