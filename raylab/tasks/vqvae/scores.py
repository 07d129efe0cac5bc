"""Scores of codes and reconstructions on held-out windows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from raylab.config.vqvae import VqvaeTrial
from raylab.data.shard import SessionShard, Shard
from raylab.data.splitting.splits import CODE
from raylab.evaluation.codes import codebook_scores, counts_of
from raylab.evaluation.reconstruction import reconstruction_scores, recorded_units, target_of
from raylab.models.quantizers.base import Quantizer
from raylab.tasks.vqvae.coding import Coded

LOSS_WINDOWS = 2000  # the quantizer's loss is computed on about so many evenly spaced windows


@dataclass(frozen=True)
class Rebuilt:
    """Reconstructed validation samples of one session.

    Attributes:
        scores: By name, without the prefix `reconstruction.`.
        samples: (R,) int64 places in the recording.
        parts: (R,) int64 the part of the timeline that each sample lies in.
        truth, rebuilt: (R, K) in the recording's units.
        explained: (K,) explained variance of each unit.
    """

    scores: dict[str, float]
    samples: np.ndarray
    parts: np.ndarray
    truth: np.ndarray
    rebuilt: np.ndarray
    explained: np.ndarray


def rebuilt_samples(config: VqvaeTrial, session: SessionShard, coded: Coded) -> Rebuilt:
    """Reconstruct the validation samples of a session from their codes, and score them."""
    assert session.recording is not None
    target = target_of(
        session.recording,
        session.timeline,
        config.view,
        session.fitted,
        splits=("valid",),
        limit=config.evaluation.max_samples,
    )
    parts = np.searchsorted(session.timeline.parts[:, 0], target.rows, side="right") - 1
    rows = coded.rebuilt.cpu().numpy()[coded.held(target.rows)]
    rebuilt = recorded_units(rows, config.view, session.fitted)
    if not len(rebuilt):
        none = np.full(rebuilt.shape[1], np.nan)
        return Rebuilt({}, target.samples, parts, target.values, rebuilt, none)
    scores, explained = reconstruction_scores(target, rebuilt)
    return Rebuilt(scores, target.samples, parts, target.values, rebuilt, explained)


def code_scores(
    config: VqvaeTrial, quantizer: Quantizer, shard: Shard, coded: Mapping[str, Coded]
) -> dict[str, float]:
    """Scores of the codes of the validation windows of all sessions together.

    Args:
        quantizer: In eval mode.
    """
    sizes = quantizer.sizes
    held = [
        codes.indices.cpu().numpy()[codes.tiles.splits == CODE["valid"]] for codes in coded.values()
    ]
    indices = np.concatenate([session.reshape(-1, len(sizes)) for session in held])
    if not len(indices):
        return {}
    scores = codebook_scores(counts_of(indices, sizes), codes_per_window=held[0].shape[1])
    seconds = np.mean([_window_seconds(config, session) for session in shard.values()])
    scores["bits_per_s"] = scores["bits_per_window"] / float(seconds)
    latent = torch.cat([codes.latent for codes in coded.values()])
    spaced = latent[:: max(1, len(latent) // LOSS_WINDOWS)]
    with torch.no_grad():
        scores["loss"] = float(quantizer(spaced.flatten(0, 1)).loss)
    return {f"codes.{name}": value for name, value in scores.items()}


def _window_seconds(config: VqvaeTrial, session: SessionShard) -> float:
    assert session.recording is not None
    timeline = session.timeline
    return config.model.window * len(timeline.samples) / timeline.length / session.recording.rate_hz


def mean_scores_of(prefix: str, scores: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Means over the sessions that have a score."""
    names = dict.fromkeys(name for session in scores for name in session)
    return {
        f"{prefix}.{name}": float(np.mean([session[name] for session in scores if name in session]))
        for name in names
    }
