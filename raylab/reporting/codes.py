"""What a VQ-VAE trial keeps of its codes and reconstructions, read back and counted for figures."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open

from raylab.errors import DataError

# Validation scores of such trials whose curves are drawn beside the objectives'.
CURVES = ("reconstruction.mse", "codes.usage", "codes.perplexity", "behaviour.r2")
_COUNTS = "codes.counts."


@dataclass(frozen=True)
class Codes:
    """Held-out codes and reconstructions of one trial; see `tasks.coding_scores.kept_codes`.

    Attributes:
        session: Whose sequence and reconstructions these are.
        counts: A codebook each: (codes,) how often each code was chosen, over all sessions.
        sequence: (windows, codes of a window, codebooks) in the order of time.
        truth, found: (samples, units) recorded and reconstructed, in the recording's units.
        samples, parts: (samples,) their places in the recording, and which continuous part each
            lies in.
        units: (units,) their places among all units of the view.
        explained: (all units,) explained variance over all scored samples, NaN of silent units.
    """

    session: str
    counts: tuple[np.ndarray, ...]
    sequence: np.ndarray
    truth: np.ndarray
    found: np.ndarray
    samples: np.ndarray
    parts: np.ndarray
    units: np.ndarray
    explained: np.ndarray


def load_codes(path: Path) -> Codes | None:
    """Read the codes of an `embedding.safetensors`; None where it has none. DataError when they are
    damaged.
    """
    try:
        with safe_open(path, framework="numpy") as file:
            names = [name for name in file.keys() if name.startswith(("codes.", "reconstruction."))]  # noqa: SIM118
            tensors = {name: file.get_tensor(name) for name in names}
            metadata = file.metadata() or {}
        if not tensors:
            return None
        return _checked(_codes(tensors, json.loads(metadata["codes"])))
    except FileNotFoundError:
        return None
    except (SafetensorError, KeyError, TypeError, ValueError, OSError) as error:
        raise DataError(
            f"{path}: codes that cannot be read ({error})", "Run the trial again."
        ) from None


def transitions(sequence: np.ndarray, *, most: int) -> tuple[np.ndarray, np.ndarray]:
    """How often a code follows another within a window; nothing is counted from one window to the
    next.

    Args:
        sequence: (windows, codes of a window) of one codebook.
        most: So many codes at most: the most frequent.

    Returns:
        (n,) codes, the most frequent first, and (n, n) counts: rows are followed by columns.
    """
    used, places, counts = np.unique(sequence, return_inverse=True, return_counts=True)
    order = np.argsort(-counts, kind="stable")
    rank = np.argsort(order)[places.reshape(sequence.shape)]
    size = min(most, len(used))
    here, after = rank[:, :-1].ravel(), rank[:, 1:].ravel()
    kept = (here < size) & (after < size)
    matrix = np.bincount(here[kept] * size + after[kept], minlength=size * size)
    return used[order[:size]], matrix.reshape(size, size)


def _codes(tensors: Mapping[str, np.ndarray], described: Mapping[str, str]) -> Codes:
    books = sum(name.startswith(_COUNTS) for name in tensors)
    kept = {
        name: tensors[f"reconstruction.{name}"]
        for name in ("truth", "found", "samples", "parts", "units")
    }
    return Codes(
        session=str(described["session"]),
        counts=tuple(tensors[f"{_COUNTS}{book}"] for book in range(books)),
        sequence=tensors["codes.sequence"],
        explained=tensors["reconstruction.explained"],
        **kept,
    )


def _checked(found: Codes) -> Codes:
    """ValueError unless every index points at something."""
    sequence, truth, sizes = found.sequence, found.truth, [len(each) for each in found.counts]
    indices = (sequence, found.units, found.samples, found.parts)
    agree = (
        all(np.issubdtype(each.dtype, np.integer) for each in indices)
        and sequence.ndim == 3
        and sequence.size
        and sequence.shape[2] == len(sizes)
        and (sequence >= 0).all()
        and (sequence < np.array(sizes)).all()
        and truth.shape == found.found.shape == (len(found.samples), len(found.units))
        and found.parts.shape == found.samples.shape
        and ((found.units >= 0) & (found.units < len(found.explained))).all()
    )
    if not agree:
        raise ValueError("their shapes disagree")
    return found
