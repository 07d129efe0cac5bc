"""Shards: the rows a worker holds as tensors, and who owns which row. No Ray here; `shards.py` moves them.

A worker owns a contiguous share of each split's rows and holds one receptive field more on either side (the
halo), so that it encodes each of its rows as a single process would.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch

from raylab.config import ViewConfig
from raylab.data.dataset import Dataset
from raylab.data.view import Fitted, Timeline, make_timeline, view_activity


@dataclass(frozen=True)
class Chunk:
    """Rows [start, stop) that a worker owns inside the part [first, last); it holds rows [low, high)."""

    first: int
    last: int
    start: int
    stop: int
    low: int
    high: int


@dataclass(frozen=True)
class SessionShard:
    """One session's share of a worker.

    Attributes:
        x: (held rows, N) float32.
        local: (rows of the view,) int64: where each owned row lies in `x`; -1 for rows of other workers.
        chunks: The owned rows, in order, as they lie in `x`.
        fitted: What the view learnt from the training samples.
    """

    timeline: Timeline
    x: torch.Tensor
    local: torch.Tensor
    chunks: tuple[Chunk, ...]
    fitted: Fitted | None

    def to(self, device: torch.device) -> SessionShard:
        if device.type == "cpu":
            return self
        return SessionShard(self.timeline, self.x.to(device), self.local.to(device), self.chunks, self.fitted)


Shard = dict[str, SessionShard]


def cut(timeline: Timeline, *, workers: int, left: int, right: int) -> list[list[Chunk]]:
    """Chunks of each worker: every row owned once, each split shared evenly, parts cut as seldom as possible."""
    shares: list[list[Chunk]] = [[] for _ in range(workers)]
    for code in np.unique(timeline.parts[:, 2]):
        parts = timeline.parts[timeline.parts[:, 2] == code]
        before = np.concatenate([[0], np.cumsum(parts[:, 1] - parts[:, 0])])
        borders = [before[-1] * worker // workers for worker in range(workers + 1)]
        for worker in range(workers):
            for (first, last, _), offset in zip(parts.tolist(), before.tolist()):
                start = first + max(borders[worker] - offset, 0)
                stop = first + min(borders[worker + 1] - offset, last - first)
                if start < stop:
                    low, high = max(first, start - left), min(last, stop + right - 1)
                    shares[worker].append(Chunk(first, last, start, stop, low, high))
    return [sorted(share, key=lambda chunk: chunk.start) for share in shares]


def assemble(
    timeline: Timeline, chunks: Sequence[Chunk], pieces: Sequence[np.ndarray], fitted: Fitted | None, *, units: int
) -> SessionShard:
    """A shard from its chunks and their activity ((high - low, N) each)."""
    local = torch.full((timeline.length,), -1, dtype=torch.int64)
    offset = 0
    for chunk in chunks:
        local[chunk.start : chunk.stop] = torch.arange(chunk.stop - chunk.start) + offset + chunk.start - chunk.low
        offset += chunk.high - chunk.low
    x = np.concatenate(pieces) if pieces else np.zeros((0, units), np.float32)
    return SessionShard(timeline, torch.from_numpy(np.ascontiguousarray(x)), local, tuple(chunks), fitted)


def whole_shard(dataset: Dataset, view: ViewConfig) -> Shard:
    """All sessions through a view, as the one shard of a single worker."""
    return {
        session: _whole_session(str(dataset.path), dataset.fingerprint, session, view) for session in dataset.sessions
    }


@lru_cache(maxsize=32)
def _whole_session(path: str, fingerprint: str, session: str, view: ViewConfig) -> SessionShard:
    """Cached by content: a reused trial actor computes a view once, however many trials ask for it."""
    recording = Dataset(path).open(session)
    timeline = make_timeline(recording, view)
    activity, fitted = view_activity(recording, view)
    chunks = cut(timeline, workers=1, left=0, right=1)[0]
    pieces = [activity[chunk.low : chunk.high] for chunk in chunks]
    return assemble(timeline, chunks, pieces, fitted, units=activity.shape[1])
