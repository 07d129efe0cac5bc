"""CEBRA's architectures by name, with the encoder of raylab that each one is."""

from __future__ import annotations

from dataclasses import dataclass, field

from raylab.config.contrastive import ContrastiveTrial
from raylab.errors import ConfigError


@dataclass(frozen=True)
class Architecture:
    """What `cebra.models.init` builds under one name.

    Attributes:
        kind: `model.encoder.kind`.
        normalized: Whether embeddings have length 1. In CEBRA this depends on the architecture, not
            on the distance.
        further: Further settings of `model.encoder`.
        exported: Whether models with this encoder are written under this name.
    """

    kind: str
    normalized: bool = True
    further: dict[str, float] = field(default_factory=dict)
    exported: bool = True

    def encoder(self, hidden_units: int) -> dict[str, str | float]:
        """The section `model.encoder` of a config."""
        wide = self.kind == "offset1_wide"  # its width follows from the output dimension
        return {
            "kind": self.kind,
            **({} if wide else {"hidden_units": hidden_units}),
            **self.further,
        }


# These are not exported: dropout acts in training only, and with a subsampling encoder CEBRA's
# `transform` returns only every fourth sample.
_DROPOUT = {
    "offset36-model-dropout": {"dropout": 0.1},
    "offset36-model-more-dropout": {"dropout": 0.1, "block_dropout": 0.1},
}
_SUBSAMPLING = {
    "offset4-model-2x-subsample": "offset4_2x",
    "offset20-model-4x-subsample": "offset20_4x",
    "offset40-model-4x-subsample": "offset40_4x",
}
ARCHITECTURES: dict[str, Architecture] = {
    **{
        f"offset{width}-model": Architecture(f"offset{width}")
        for width in (1, 5, 10, 15, 20, 36, 40, 50)
    },
    "offset1-model-mse": Architecture("offset1_wide", normalized=False),
    "offset1-model-mse-v2-1layers": Architecture("offset1", normalized=False),
    "offset10-model-mse": Architecture("offset10", normalized=False),
    **{
        name: Architecture("offset36", further=chances, exported=False)
        for name, chances in _DROPOUT.items()
    },
    **{name: Architecture(kind, exported=False) for name, kind in _SUBSAMPLING.items()},
}


def architecture_name(config: ContrastiveTrial) -> str:
    """CEBRA's name for an encoder, without its dropout.

    Raises:
        ConfigError: CEBRA's estimator has no such encoder.
    """
    kind, normalized = config.model.encoder.kind, config.normalized
    exported = {name: each for name, each in ARCHITECTURES.items() if each.exported}
    names = {each.normalized: name for name, each in exported.items() if each.kind == kind}
    if not names:
        raise ConfigError(
            f"model.encoder.kind '{kind}': CEBRA's estimator has no such encoder",
            f"It has {', '.join(sorted({each.kind for each in exported.values()}))}.",
        )
    if normalized not in names:
        form = "without normalisation" if names.get(True) else "with normalisation"
        raise ConfigError(
            f"model.normalize, loss.similarity: CEBRA has no {kind} {form}",
            f"Train with model.normalize: {str(not normalized).lower()}"
            + ("." if normalized else ", or as offset1 or offset10."),
        )
    return names[normalized]
