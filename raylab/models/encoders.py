"""The encoder that a config names."""

from __future__ import annotations

from raylab.config.encoders import ENCODERS, EncoderConfig
from raylab.models.base import Encoder


def build_encoder(
    config: EncoderConfig, *, units: int, output_dimension: int, normalize: bool = True
) -> Encoder:
    """The encoder that `model.encoder` names, with torch's default initialisation.

    Args:
        units: Neurons of the session.
        output_dimension: Columns of the embedding.
        normalize: Embeddings of length 1, for cosine similarity; False for euclidean.
    """
    build = ENCODERS.builder(config)
    encoder = build(config, units=units, output=output_dimension, normalize=normalize)
    assert isinstance(encoder, Encoder)
    return encoder
