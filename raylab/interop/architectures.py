"""CEBRA's architectures by name, and the encoder of a config that each one is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from raylab.config.contrastive import ContrastiveTrial
from raylab.errors import ConfigError


@dataclass(frozen=True)
class Architecture:
    """What `cebra.models.init` builds under one name.

    Attributes:
        kind: `model.encoder.kind`.
        normalized: Whether its embeddings have length 1; in CEBRA the name says so, not the
            distance.
        further: More of `model.encoder`.
        exported: Whether models of the encoder are written under this name.
    """

    kind: str
    normalized: bool = True
    further: dict[str, Any] = field(default_factory=dict)
    exported: bool = True

    def encoder(self, hidden_units: int) -> dict[str, Any]:
        """`model.encoder` of a config."""
        wide = self.kind == "offset1_wide"  # as wide as its output says
        return {
            "kind": self.kind,
            **({} if wide else {"hidden_units": hidden_units}),
            **self.further,
        }


# Not exported: dropout acts in training only; of a subsampling encoder CEBRA's `transform` gives
# every fourth sample.
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
    """CEBRA's name for an encoder without dropout; ConfigError where it has none that its estimator
    can use.
    """
    kind, normalized = config.model.encoder.kind, config.normalized
    found = {
        one.normalized: name
        for name, one in ARCHITECTURES.items()
        if one.exported and one.kind == kind
    }
    if not found:
        raise ConfigError(
            f"model.encoder.kind '{kind}': CEBRA's estimator has no such encoder",
            "It has "
            f"{', '.join(sorted({one.kind for one in ARCHITECTURES.values() if one.exported}))}.",
        )
    if normalized not in found:
        form = "without normalisation" if found.get(True) else "with normalisation"
        raise ConfigError(
            f"model.normalize, loss.similarity: CEBRA has no {kind} {form}",
            f"Train with model.normalize: {str(not normalized).lower()}"
            + ("." if normalized else ", or as offset1 or offset10."),
        )
    return found[normalized]
