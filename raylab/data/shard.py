"""Shards: the rows a worker holds as tensors, and who owns which row. No Ray here; `shards.py`
moves them.

A worker owns a contiguous share of each split's rows and holds one receptive field more on either
side (the halo), so that it encodes each of its rows as a single process would.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from raylab.config.view import SessionsConfig, ViewConfig
from raylab.data.dataset import Dataset
from raylab.data.datasets.recording import Recording
from raylab.data.datasets.specs import SessionSpec, used_sessions
from raylab.data.views.cache import shared
from raylab.data.views.selection import Fitted, pool, unfitted
from raylab.data.views.view import Timeline, make_timeline, view_activity
from raylab.errors import ConfigError
from raylab.files import digest
from raylab.version import __version__


@dataclass(frozen=True)
class Chunk:
    """Rows [start, stop) that a worker owns inside of the part [first, last).

    The worker holds rows [low, high), which include the surroundings of its own rows.
    """

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
        x: (held rows, K) float32: the K units that the view shows. Never written to.
        local: (rows of the view,) int64: where each owned row lies in `x`; -1 for rows of other
            workers.
        chunks: The owned rows, in order, as they lie in `x`.
        fitted: What the view learnt from the training samples.
        recording: The prepared session itself, mapped: what a reconstruction is compared with. Not
            of benchmarks.

    Sessions of one shard may differ in K. Where they share an encoder, it takes what it lacks as
    zeros (`Encoder.forward`): there is no padding here that could hold anything else.
    """

    timeline: Timeline
    x: torch.Tensor
    local: torch.Tensor
    chunks: tuple[Chunk, ...]
    fitted: Fitted
    recording: Recording | None = None

    def to(self, device: torch.device) -> SessionShard:
        if device.type == "cpu":
            return self
        return replace(self, x=self.x.to(device), local=self.local.to(device))


Shard = dict[str, SessionShard]


def cut(timeline: Timeline, *, workers: int, left: int, right: int) -> list[list[Chunk]]:
    """The chunks of each worker.

    Every row is owned by one worker, each split is shared evenly, and parts are cut as seldom as
    possible.
    """
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
    timeline: Timeline,
    chunks: Sequence[Chunk],
    pieces: Sequence[np.ndarray],
    fitted: Fitted,
    recording: Recording | None = None,
) -> SessionShard:
    """A shard from its chunks and their activity ((high - low, K) each)."""
    local = torch.full((timeline.length,), -1, dtype=torch.int64)
    offset = 0
    for chunk in chunks:
        local[chunk.start : chunk.stop] = (
            torch.arange(chunk.stop - chunk.start) + offset + chunk.start - chunk.low
        )
        offset += chunk.high - chunk.low
    x = np.concatenate(pieces) if pieces else np.zeros((0, len(fitted.columns)), np.float32)
    held = torch.from_numpy(np.ascontiguousarray(x))
    return SessionShard(timeline, held, local, tuple(chunks), fitted, recording)


@dataclass(frozen=True)
class Viewed:
    """One whole session through a view.

    `activity` (rows, K) may be shared with other processes, so it must not be written to.
    """

    timeline: Timeline
    activity: np.ndarray
    fitted: Fitted
    recording: Recording


SEPARATE = SessionsConfig()


def whole_shard(dataset: Dataset, view: ViewConfig, sessions: SessionsConfig = SEPARATE) -> Shard:
    """The sessions through a view, as the shard of a single worker.

    Trials share it, so it must not be written to.

    Raises:
        ConfigError: The sessions cannot be combined as asked; see `check_combination`.
    """
    check_combination(dataset.sessions, view, sessions)
    key = (str(dataset.path), dataset.fingerprint, view, sessions)
    shard = _recent.pop(key, None) or _whole_shard(dataset, view, sessions)
    _recent[key] = shard  # now the last
    while sum(map(_bytes, _recent.values())) > RECENT_BYTES and len(_recent) > 1:
        del _recent[next(iter(_recent))]
    return shard


RECENT_BYTES = (
    1 << 30
)  # of shards that a reused trial actor keeps beside the last; searches come back to views
_recent: dict[tuple[str, str, ViewConfig, SessionsConfig], Shard] = {}


def _bytes(shard: Shard) -> int:
    return sum(session.x.nbytes for session in shard.values())


def _whole_shard(dataset: Dataset, view: ViewConfig, sessions: SessionsConfig) -> Shard:
    used = used_sessions(dataset.sessions, sessions)
    viewed = {
        name: view_session(dataset, name, view, sessions)
        for name, spec in used.items()
        if spec.splits["train"]
    }
    fits = [(each.fitted, each.timeline.training_rows) for each in viewed.values()]
    for name in (name for name in used if name not in viewed):
        known = pooled(dataset, name, view, fits)
        viewed[name] = view_session(dataset, name, view, sessions, known)
    return {name: _whole(viewed[name]) for name in used}


def _whole(viewed: Viewed) -> SessionShard:
    (chunks,) = cut(viewed.timeline, workers=1, left=0, right=1)
    local, x = torch.arange(viewed.timeline.length), torch.from_numpy(viewed.activity)
    return SessionShard(viewed.timeline, x, local, tuple(chunks), viewed.fitted, viewed.recording)


def view_session(
    dataset: Dataset,
    name: str,
    view: ViewConfig,
    sessions: SessionsConfig = SEPARATE,
    known: Fitted | None = None,
) -> Viewed:
    """One session through a view; large sessions go through this node's cache.

    Args:
        sessions: Which samples are training samples.
        known: For a session without training samples, what `pooled` computed.
    """
    recording = dataset.open(name).for_training(sessions)
    timeline = make_timeline(recording, view)

    def make() -> dict[str, np.ndarray]:
        activity, fitted = view_activity(recording, view, known)
        return {"activity": activity, **fitted.arrays()}

    training = [sessions.training_fraction, sessions.train_on]
    key = [VIEW_SCHEMA, __version__, dataset.fingerprint, name, view, *training]
    large = timeline.length * dataset.sessions[name].units * 4 >= CACHED_BYTES
    arrays = shared(digest(key), make) if large else make()
    return Viewed(timeline, arrays.pop("activity"), Fitted(**arrays), recording)


def pooled(
    dataset: Dataset, name: str, view: ViewConfig, fits: Sequence[tuple[Fitted, int]]
) -> Fitted:
    """The fit with which a session without training samples is viewed.

    Args:
        fits: Fit and number of training rows of each session that has training samples.
    """
    return pool(fits, unfitted(dataset.sessions[name].units, view, session=name))


VIEW_SCHEMA = 2  # to be raised when the same config gives other numbers
CACHED_BYTES = 32 << 20  # smaller views are computed faster than they are shared


def check_combination(
    specs: Mapping[str, SessionSpec], view: ViewConfig, sessions: SessionsConfig
) -> None:
    """Raise a ConfigError where a session without training samples cannot be combined.

    Reads no data.
    """
    used = used_sessions(specs, sessions)
    without = [name for name, spec in used.items() if not spec.splits["train"]]
    if not without:
        return
    what = f"session '{without[0]}' has no training samples"
    if len(without) == len(specs):
        raise ConfigError(
            f"{what}, nor has any other",
            "Prepare the dataset with splits that train on some session.",
        )
    if sessions.combine != "padded":
        needs = (
            "needs its own encoder" if sessions.combine == "separate" else "is the only one used"
        )
        raise ConfigError(
            f"sessions.combine '{sessions.combine}': {what} and {needs}",
            "Use --set sessions.combine=padded, or splits in which every session has training "
            "samples.",
        )
    if view.fitted_selection:
        key = "outlier_z" if view.outlier_z is not None else "selection"
        raise ConfigError(
            f"view.{key}: {what}, so none of its units can be chosen by this setting",
            "Use view.selection.kind: random (or all), without view.outlier_z.",
        )
