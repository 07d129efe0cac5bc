"""The codes and reconstructions that a VQ-VAE trial saved, and how codes follow each other."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from raylab.reporting.saved.tensors import read_saved

_COUNTS = "codes.counts."


@dataclass(frozen=True)
class Codes:
    """Held-out codes and reconstructions of one trial, as `tasks.coding_scores` writes them.

    Attributes:
        session: The session of the sequence and of the reconstructions.
        counts: For each codebook (codes,): how often each code was chosen, over all sessions.
        sequence: (windows, codes of a window, codebooks) in the order of time.
        truth: (samples, units) recorded activity, in the recording's own units.
        rebuilt: (samples, units) reconstructed activity, in the same units.
        samples: (samples,) positions of the samples in the recording.
        parts: (samples,) the continuous part of the recording that each sample lies in.
        units: (units,) positions of the units among all units of the view.
        explained: (all units,) explained variance over all scored samples; NaN for silent units.
    """

    session: str
    counts: tuple[np.ndarray, ...]
    sequence: np.ndarray
    truth: np.ndarray
    rebuilt: np.ndarray
    samples: np.ndarray
    parts: np.ndarray
    units: np.ndarray
    explained: np.ndarray


def load_codes(path: Path) -> Codes | None:
    """Read the codes of an `embedding.safetensors`; None where it has none. DataError where they
    are damaged.
    """
    return read_saved(path, ("codes.", "reconstruction."), _codes)


def transitions(sequence: np.ndarray, *, most: int) -> tuple[np.ndarray, np.ndarray]:
    """How often one code follows another within a window. The last code of a window and the first
    of the next are no transition.

    Args:
        sequence: (windows, codes of a window) of one codebook.
        most: Count at most this many codes, the most frequent.

    Returns:
        (n,) codes, the most frequent first, and (n, n) counts: rows are followed by columns.
    """
    used, positions, counts = np.unique(sequence, return_inverse=True, return_counts=True)
    order = np.argsort(-counts, kind="stable")
    rank = np.argsort(order)[positions.reshape(sequence.shape)]
    size = min(most, len(used))
    here, after = rank[:, :-1].ravel(), rank[:, 1:].ravel()
    kept = (here < size) & (after < size)
    matrix = np.bincount(here[kept] * size + after[kept], minlength=size * size)
    return used[order[:size]], matrix.reshape(size, size)


def _codes(tensors: Mapping[str, np.ndarray], metadata: Mapping[str, str]) -> Codes:
    books = sum(name.startswith(_COUNTS) for name in tensors)
    codes = Codes(
        session=str(json.loads(metadata["codes"])["session"]),
        counts=tuple(tensors[f"{_COUNTS}{book}"] for book in range(books)),
        sequence=tensors["codes.sequence"],
        truth=tensors["reconstruction.truth"],
        rebuilt=tensors["reconstruction.found"],
        samples=tensors["reconstruction.samples"],
        parts=tensors["reconstruction.parts"],
        units=tensors["reconstruction.units"],
        explained=tensors["reconstruction.explained"],
    )
    if not _fit_together(codes):
        raise ValueError("their shapes disagree")
    return codes


def _fit_together(codes: Codes) -> bool:
    """Whether every index points at something that is there."""
    sequence, sizes = codes.sequence, [len(counts) for counts in codes.counts]
    indices = (sequence, codes.units, codes.samples, codes.parts)
    shape = (len(codes.samples), len(codes.units))
    return bool(
        all(np.issubdtype(index.dtype, np.integer) for index in indices)
        and sequence.ndim == 3
        and sequence.size
        and sequence.shape[2] == len(sizes)
        and (sequence >= 0).all()
        and (sequence < np.array(sizes)).all()
        and codes.truth.shape == codes.rebuilt.shape == shape
        and codes.parts.shape == codes.samples.shape
        and ((codes.units >= 0) & (codes.units < len(codes.explained))).all()
    )
