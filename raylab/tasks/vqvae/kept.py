"""The codes and reconstructions that are kept for figures."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import numpy as np

from raylab.data.splitting.splits import CODE
from raylab.evaluation.codes import counts_of
from raylab.tasks.vqvae.coding import Coded
from raylab.tasks.vqvae.scores import Rebuilt

KEPT_SAMPLES, KEPT_UNITS, KEPT_WINDOWS = 600, 6, 400


def kept_codes(
    sizes: Sequence[int], coded: Mapping[str, Coded], rebuilt: Mapping[str, Rebuilt]
) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """Small arrays for figures, of the first session that has validation windows.

    Returns:
        (arrays, metadata); both empty where no session has validation windows. The arrays are:

        - `codes.counts.C` (codes,): uses of each code of codebook C, over all sessions.
        - `codes.sequence` (windows, codes of a window, codebooks), in the order of time.
        - `reconstruction.truth` and `.found` (samples, units): recorded and reconstructed activity,
          of units between the best and the least explained one.
        - `reconstruction.units` (units,): their places in the view.
        - `reconstruction.samples` and `.parts` (samples,): where the samples lie in the recording.
        - `reconstruction.explained` (K,): explained variance of all units.
    """
    held = {
        name: codes.indices.cpu().numpy()[codes.tiles.splits == CODE["valid"]]
        for name, codes in coded.items()
    }
    first = next((name for name, indices in held.items() if len(indices)), None)
    if first is None:
        return {}, {}
    counts = counts_of(
        np.concatenate([indices.reshape(-1, len(sizes)) for indices in held.values()]), sizes
    )
    samples = rebuilt[first]
    order = np.argsort(-np.nan_to_num(samples.explained, nan=-np.inf), kind="stable")
    units = order[np.unique(np.linspace(0, len(order) - 1, KEPT_UNITS).round().astype(int))]
    arrays = {
        **{f"codes.counts.{at}": uses for at, uses in enumerate(counts)},
        "codes.sequence": held[first][:KEPT_WINDOWS],
        "reconstruction.truth": samples.truth[:KEPT_SAMPLES, units],
        "reconstruction.found": samples.rebuilt[:KEPT_SAMPLES, units].astype(np.float32),
        "reconstruction.samples": samples.samples[:KEPT_SAMPLES],
        "reconstruction.parts": samples.parts[:KEPT_SAMPLES],
        "reconstruction.units": units,
        "reconstruction.explained": samples.explained,
    }
    return arrays, {"codes": json.dumps({"session": first})}
