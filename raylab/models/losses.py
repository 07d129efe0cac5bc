"""InfoNCE, generalised as in CEBRA (Schneider, Lee & Mathis, Nature 2023), and its value in bits."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from raylab.config import InfoNCEConfig
from raylab.errors import ConfigError


class InfoNCE(nn.Module):
    """-phi(x, y+) + log sum_j exp phi(x, y-_j), the mean over reference rows, in nats.

    phi is x.y / temperature for `cosine` (of embeddings of length 1) and -|x - y|^2 / temperature for
    `euclidean`: the values and gradients of {Fixed,Learnable}{Cosine,Euclidean}InfoNCE in
    cebra.models.criterions 0.6.1. The number of negatives is free of the number of reference rows.

    Raises:
        ConfigError: A learnable temperature that starts below its floor, where its gradient is zero.
    """

    def __init__(self, config: InfoNCEConfig) -> None:
        super().__init__()
        self.similarity = config.similarity
        log_inverse = -math.log(config.temperature)
        if not config.learnable_temperature:
            self.inverse_temperature = 1.0 / config.temperature
            self.log_inverse_temperature = None
            return
        if config.temperature < config.min_temperature:
            raise ConfigError(
                f"loss.temperature {config.temperature} lies below loss.min_temperature "
                f"{config.min_temperature}: a learnable temperature would never move",
                "Raise loss.temperature, or lower loss.min_temperature.",
            )
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
