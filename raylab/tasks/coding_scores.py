"""Scores of codes and reconstructions on held-out windows, and what is kept of them for figures."""

from __future__ import annotations

import json
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
from raylab.tasks.coding import Coded

KEPT_SAMPLES, KEPT_UNITS, KEPT_WINDOWS = 600, 6, 400  # for figures
LOSS_WINDOWS = 2000  # about so many, evenly spaced, tell the loss of the quantizer


@dataclass(frozen=True)
class Rebuilt:
    """
    Attributes:
        samples: (R,) int64 places in the recording.
        parts: (R,) int64 which part of the timeline each lies in.
        truth, found: (R, K) in the recording's units.
        explained: (K,) variance explained of each unit.
    """

    scores: dict[str, float]
    samples: np.ndarray
    parts: np.ndarray
    truth: np.ndarray
    found: np.ndarray
    explained: np.ndarray


def rebuilt_samples(config: VqvaeTrial, session: SessionShard, coded: Coded) -> Rebuilt:
    """Validation samples of the recording, as codes rebuild them."""
    assert session.recording is not None
    how = {"splits": ("valid",), "limit": config.evaluation.max_samples}
    target = target_of(session.recording, session.timeline, config.view, session.fitted, **how)  # type: ignore[arg-type]
    parts = np.searchsorted(session.timeline.parts[:, 0], target.rows, side="right") - 1
    rows = coded.rebuilt.cpu().numpy()[coded.held(target.rows)]
    found = recorded_units(rows, config.view, session.fitted)
    if not len(found):
        return Rebuilt(
            {}, target.samples, parts, target.values, found, np.full(found.shape[1], np.nan)
        )
    scores, explained = reconstruction_scores(target, found)
    return Rebuilt(scores, target.samples, parts, target.values, found, explained)


def code_scores(
    config: VqvaeTrial, quantizer: Quantizer, shard: Shard, coded: Mapping[str, Coded]
) -> dict[str, float]:
    """Of the codes of all sessions' validation windows together; `quantizer` in eval mode."""
    sizes = quantizer.sizes
    held = [one.indices.cpu().numpy()[one.tiles.splits == CODE["valid"]] for one in coded.values()]
    indices = np.concatenate([each.reshape(-1, len(sizes)) for each in held])
    if not len(indices):
        return {}
    scores = codebook_scores(counts_of(indices, sizes), codes_per_window=held[0].shape[1])
    seconds = np.mean([_seconds(config, session) for session in shard.values()])
    scores["bits_per_s"] = scores["bits_per_window"] / float(seconds)
    latent = torch.cat([one.latent for one in coded.values()])
    spaced = latent[:: max(1, len(latent) // LOSS_WINDOWS)]
    with torch.no_grad():
        scores["loss"] = float(quantizer(spaced.flatten(0, 1)).loss)
    return {f"codes.{name}": value for name, value in scores.items()}


def _seconds(config: VqvaeTrial, session: SessionShard) -> float:
    """That a window lasts."""
    assert session.recording is not None
    timeline = session.timeline
    return config.model.window * len(timeline.samples) / timeline.length / session.recording.rate_hz


def mean_scores_of(prefix: str, scores: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Means over the sessions that have a score."""
    names = dict.fromkeys(name for one in scores for name in one)
    return {
        f"{prefix}.{name}": float(np.mean([one[name] for one in scores if name in one]))
        for name in names
    }


def kept_codes(
    sizes: Sequence[int], coded: Mapping[str, Coded], rebuilt: Mapping[str, Rebuilt]
) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """Small arrays for figures, of the first session that has validation windows.

    `codes.counts.C` (codes,) of codebook C over all sessions; `codes.sequence` (windows, codes,
    codebooks) in the order of time; `reconstruction.truth` and `.found` (samples, units) of units
    between the best and the least explained, which `reconstruction.units` names by their place in
    the view; `.samples` and `.parts` (samples,) where they lie in the recording;
    `reconstruction.explained` (K,) of all units.
    """
    held = {
        name: one.indices.cpu().numpy()[one.tiles.splits == CODE["valid"]]
        for name, one in coded.items()
    }
    first = next((name for name, indices in held.items() if len(indices)), None)
    if first is None:
        return {}, {}
    counts = counts_of(
        np.concatenate([each.reshape(-1, len(sizes)) for each in held.values()]), sizes
    )
    one = rebuilt[first]
    order = np.argsort(-np.nan_to_num(one.explained, nan=-np.inf), kind="stable")
    units = order[np.unique(np.linspace(0, len(order) - 1, KEPT_UNITS).round().astype(int))]
    arrays = {
        **{f"codes.counts.{at}": each for at, each in enumerate(counts)},
        "codes.sequence": held[first][:KEPT_WINDOWS],
        "reconstruction.truth": one.truth[:KEPT_SAMPLES, units],
        "reconstruction.found": one.found[:KEPT_SAMPLES, units].astype(np.float32),
        "reconstruction.samples": one.samples[:KEPT_SAMPLES],
        "reconstruction.parts": one.parts[:KEPT_SAMPLES],
        "reconstruction.units": units,
        "reconstruction.explained": one.explained,
    }
    return arrays, {"codes": json.dumps({"session": first})}
