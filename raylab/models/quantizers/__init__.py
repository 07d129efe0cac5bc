"""The quantizer that a config names, and all that there are."""

from __future__ import annotations

from collections.abc import Callable

from raylab.config.quantizers import QuantizerConfig
from raylab.models.quantizers.base import Quantized, Quantizer, Share, Workers
from raylab.models.quantizers.lattice import FSQ, LFQ
from raylab.models.quantizers.learnt import PlainVQ, SimVQ
from raylab.models.quantizers.moving import CosineVQ, EmaVQ, GroupedResidualVQ, ResidualVQ

QUANTIZERS: dict[str, Callable[..., Quantizer]] = {
    "plain": PlainVQ,
    "ema": EmaVQ,
    "cosine": CosineVQ,
    "residual": ResidualVQ,
    "grouped_residual": GroupedResidualVQ,
    "fsq": FSQ,
    "lfq": LFQ,
    "simvq": SimVQ,
}


def build_quantizer(config: QuantizerConfig, *, dimension: int, seed: int) -> Quantizer:
    """The quantizer that `quantizer` names; parameters and first codes are from torch's generator.

    Args:
        dimension: Of the vectors.
        seed: Of the k-means start and of revived codes; the same on all workers.

    Raises:
        ValueError: `grouped_residual` whose groups do not divide `dimension`.
    """
    return QUANTIZERS[config.kind](config, dimension=dimension, seed=seed)


__all__ = ["QUANTIZERS", "Quantized", "Quantizer", "Share", "Workers", "build_quantizer"]
