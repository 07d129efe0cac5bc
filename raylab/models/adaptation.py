"""A trained encoder for another animal: a new first layer, the layers behind it as they were.

CEBRA's `fit(..., adapt=True)` (cebra.integrations.sklearn.cebra.CEBRA._adapt_model 0.6.1).
"""

from __future__ import annotations

import torch
from torch import nn

from raylab.config.encoders import EncoderConfig
from raylab.models.base import Encoder
from raylab.models.encoders import build_encoder


def input_layer(encoder: Encoder) -> nn.Module:
    """The layer that units enter."""
    return next(module for module in encoder.modules() if isinstance(module, nn.Linear | nn.Conv1d))


def trunk(encoder: Encoder) -> dict[str, nn.Parameter]:
    """All weights but those of the first layer."""
    own = {id(p) for p in input_layer(encoder).parameters()}
    return {name: p for name, p in encoder.named_parameters() if id(p) not in own}


def is_adaptable(config: EncoderConfig) -> bool:
    """Whether there are layers behind the first, and none of them depends on the number of units.
    (Those of the subsampling encoders do: what passes their first layer is added to the input.)
    """
    narrow, wide = (
        trunk(build_encoder(config, units=units, output_dimension=2)) for units in (2, 3)
    )
    return bool(narrow) and all(p.shape == wide[name].shape for name, p in narrow.items())


def adopt_trunk(encoder: Encoder, trained: Encoder) -> None:
    """Give an encoder of the same shape, but for its units, the layers of a trained one behind its
    own first.
    """
    learnt = trunk(trained)
    with torch.no_grad():
        for name, p in trunk(encoder).items():
            p.copy_(learnt[name])
