"""The model families, by the `task.kind` that names them."""

from __future__ import annotations

from raylab.config.contrastive import ContrastiveTrial
from raylab.config.decoder import DecoderTrial
from raylab.config.trial import TrialConfig
from raylab.config.vqvae import VqvaeTrial

FAMILIES: dict[str, type[TrialConfig]] = {
    "contrastive": ContrastiveTrial,
    "vqvae": VqvaeTrial,
    "decoder": DecoderTrial,
}
