"""The encoder that a config names, and all that there are."""

from __future__ import annotations

from raylab.config.encoders import (
    AttentionEncoderConfig,
    EncoderConfig,
    LinearEncoderConfig,
    OffsetEncoderConfig,
    ProjectorEncoderConfig,
    SubsamplingEncoderConfig,
)
from raylab.models.attention import AttentionEncoder
from raylab.models.base import Encoder, on_sphere
from raylab.models.convolution import (
    ConvEncoder,
    DropoutConvEncoder,
    LinearEncoder,
    SampleEncoder,
    Skip,
)
from raylab.models.projector import ProjectorEncoder
from raylab.models.subsampling import HalvingSampleEncoder, SubsamplingEncoder

LAYERS = {  # residual blocks, output kernel
    "offset5": (1, 2),
    "offset10": (3, 3),
    "offset15": (6, 2),
    "offset20": (8, 3),
    "offset36": (16, 3),
    "offset40": (18, 3),
    "offset50": (23, 3),
    "offset20_4x": (1, 2),
    "offset40_4x": (3, 3),
}


def build_encoder(
    config: EncoderConfig, *, units: int, output_dimension: int, normalize: bool = True
) -> Encoder:
    """The encoder that `model.encoder` names, with torch's default initialisation.

    Args:
        units: Neurons of the session.
        normalize: Embeddings of length 1, for cosine similarity; False for euclidean.
    """
    if isinstance(config, AttentionEncoderConfig):
        return AttentionEncoder(config, units=units, output=output_dimension, normalize=normalize)
    if isinstance(config, LinearEncoderConfig):
        return LinearEncoder(
            units, output_dimension, receptive_field=config.receptive_field, normalize=normalize
        )
    if isinstance(config, OffsetEncoderConfig):
        return _offset(config, units, output_dimension, normalize)
    if isinstance(config, SubsamplingEncoderConfig):
        return _subsampling(config, units, output_dimension, normalize)
    if isinstance(config, ProjectorEncoderConfig):
        blocks, last = LAYERS["offset10"]
        sizes = (units, config.hidden_units, output_dimension)
        width = config.projector_units
        return ProjectorEncoder(
            *sizes, projector_units=width, blocks=blocks, last=last, normalize=normalize
        )
    wide = 10 * output_dimension
    return SampleEncoder(units, (3 * wide, 3 * wide, wide), output_dimension, normalize=normalize)


def _offset(config: OffsetEncoderConfig, units: int, output: int, normalize: bool) -> Encoder:
    hidden = config.hidden_units
    if config.kind == "offset1":
        return SampleEncoder(units, (hidden, hidden, hidden // 2), output, normalize=normalize)
    blocks, last = LAYERS[config.kind]
    if not (config.dropout or config.block_dropout):
        return ConvEncoder(units, hidden, output, blocks=blocks, last=last, normalize=normalize)
    chances = {"dropout": config.dropout, "block_dropout": config.block_dropout}
    return DropoutConvEncoder(
        units, hidden, output, **chances, blocks=blocks, last=last, normalize=normalize
    )


def _subsampling(
    config: SubsamplingEncoderConfig, units: int, output: int, normalize: bool
) -> Encoder:
    if config.kind == "offset4_2x":
        return HalvingSampleEncoder(units, config.hidden_units, output, normalize=normalize)
    blocks, last = LAYERS[config.kind]
    return SubsamplingEncoder(
        units, config.hidden_units, output, blocks=blocks, last=last, normalize=normalize
    )


__all__ = [
    "LAYERS",
    "AttentionEncoder",
    "ConvEncoder",
    "Encoder",
    "LinearEncoder",
    "SampleEncoder",
    "Skip",
    "build_encoder",
    "on_sphere",
]
