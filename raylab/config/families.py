"""The model families, by the `task.kind` that names them."""

from __future__ import annotations

from raylab.config.contrastive import ContrastiveTrial
from raylab.config.decoder import DecoderTrial
from raylab.config.trial import TrialConfig
from raylab.config.vqvae import VqvaeTrial
from raylab.registry import Registry

# The config class of a family is its TrialConfig, the builder is its `raylab.tasks.protocol.Task`.
FAMILIES = Registry("raylab.families", TrialConfig, tag="task.kind")
FAMILIES.add(ContrastiveTrial, "raylab.tasks.contrastive.family:ContrastiveFamily")
FAMILIES.add(VqvaeTrial, "raylab.tasks.vqvae.family:VqvaeFamily")
FAMILIES.add(DecoderTrial, "raylab.tasks.decoder.family:DecoderFamily")

DEFAULT_FAMILY = "contrastive"  # of a config without `task.kind`
