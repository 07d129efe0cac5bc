"""The quantizer that a config names."""

from __future__ import annotations

from raylab.config.quantizers import QUANTIZERS, QuantizerConfig
from raylab.models.quantizers.base import Quantizer


def build_quantizer(config: QuantizerConfig, *, dimension: int, seed: int) -> Quantizer:
    """The quantizer that `quantizer.kind` names. Parameters and first codes are drawn from torch's
    generator.

    Args:
        dimension: Size of the vectors.
        seed: Seed of the k-means start and of revived codes; the same on all workers.

    Raises:
        ValueError: `grouped_residual` whose groups do not divide `dimension`.
    """
    quantizer = QUANTIZERS.builder(config)(config, dimension=dimension, seed=seed)
    assert isinstance(quantizer, Quantizer)
    return quantizer
