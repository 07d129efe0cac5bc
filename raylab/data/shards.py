"""Ray Data: sessions are read, viewed and cut in parallel tasks; each worker gets its own chunks.

This is the only module that imports Ray Data for training. Rows carry raw bytes, because sessions
with different numbers of units have no common tensor type. Which worker gets which rows is a pure
function of the timeline, so every row is used once, and a restarted worker gets the same shard.
(`streaming_split(equal=True)` of Ray Data may drop rows, and an unequal split depends on timing.)
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

import numpy as np
import ray.data
from ray.data.expressions import col
from safetensors.numpy import load, save

from raylab.config.view import SessionsConfig, ViewConfig
from raylab.data.dataset import Dataset
from raylab.data.datasets.specs import used_sessions
from raylab.data.shard import (
    SEPARATE,
    Chunk,
    Shard,
    assemble,
    check_combination,
    cut,
    pooled,
    view_session,
)
from raylab.data.views.selection import Fitted
from raylab.data.views.view import make_timeline


def session_chunks(row: dict[str, Any]) -> list[dict[str, Any]]:
    """One Ray Data task: the rows of a session for every worker.

    The first row of each worker is empty and carries what the view learnt from training samples.
    """
    view = ViewConfig.model_validate_json(row["view"])
    known = Fitted(**load(row["known"])) if row["known"] else None
    sessions = SessionsConfig.model_validate_json(row["sessions"])
    viewed = view_session(Dataset(row["path"]), row["session"], view, sessions, known)
    shares = cut(viewed.timeline, workers=row["workers"], left=row["left"], right=row["right"])
    fitted = save(
        {name: np.ascontiguousarray(array) for name, array in viewed.fitted.arrays().items()}
    )
    return [
        {
            "worker": worker,
            "session": row["session"],
            "fitted": b"" if chunk.start < chunk.stop else fitted,
            "x": np.ascontiguousarray(viewed.activity[chunk.low : chunk.high]).tobytes(),
            **asdict(chunk),
        }
        for worker, chunks in enumerate(shares)
        for chunk in (NOTHING, *chunks)
    ]


NOTHING = Chunk(0, 0, 0, 0, 0, 0)


def split_dataset(
    dataset: Dataset,
    view: ViewConfig,
    sessions: SessionsConfig = SEPARATE,
    *,
    workers: int,
    left: int,
    right: int,
) -> list[ray.data.Dataset]:
    """One materialised Ray dataset per worker.

    It is computed at once, so that no task waits for CPUs that the workers hold.

    Raises:
        ConfigError: The sessions cannot be combined as asked.
    """
    check_combination(dataset.sessions, view, sessions)
    shape: dict[str, Any] = {"path": str(dataset.path.resolve()), "view": view.model_dump_json()}
    shape |= {
        "workers": workers,
        "left": left,
        "right": right,
        "sessions": sessions.model_dump_json(),
    }
    used = used_sessions(dataset.sessions, sessions)
    trained = [name for name, spec in used.items() if spec.splits["train"]]
    held = _chunks([{**shape, "session": name, "known": b""} for name in trained])
    others = [name for name in used if name not in trained]
    if others:
        fits = _fits(held, dataset, view, sessions)
        known = {name: save(pooled(dataset, name, view, fits).arrays()) for name in others}
        held = held.union(
            _chunks([{**shape, "session": name, "known": known[name]} for name in others])
        )
    # Filters, not a sort or group-by: those run inside the placement group of a trial, which has no
    # CPU for them.
    return [held.filter(expr=col("worker") == worker).materialize() for worker in range(workers)]


def _chunks(rows: list[dict[str, Any]]) -> ray.data.Dataset:
    _quiet()
    return (
        ray.data.from_items(rows, override_num_blocks=len(rows))
        .flat_map(session_chunks)
        .materialize()
    )


def _fits(
    held: ray.data.Dataset, dataset: Dataset, view: ViewConfig, sessions: SessionsConfig
) -> list[tuple[Fitted, int]]:
    """Each session's fit and number of training rows, in the order of the manifest."""
    fit_rows = held.filter(
        expr=(col("worker") == 0) & (col("start") == col("stop"))
    ).select_columns(["session", "fitted"])
    fitted = {row["session"]: Fitted(**load(row["fitted"])) for row in fit_rows.iter_rows()}
    return [
        (
            fitted[name],
            make_timeline(dataset.open(name).for_training(sessions), view).training_rows,
        )
        for name in dataset.sessions
        if name in fitted
    ]


def build_shard(
    dataset: Dataset,
    view: ViewConfig,
    rows: Iterable[dict[str, Any]],
    sessions: SessionsConfig = SEPARATE,
) -> Shard:
    """A worker's resident shard from the rows Ray Data sends it."""
    chunks: dict[str, list[tuple[Chunk, np.ndarray]]] = defaultdict(list)
    fitted: dict[str, Fitted] = {}
    for row in rows:
        session = row["session"]
        if row["fitted"]:
            fitted[session] = Fitted(**load(row["fitted"]))
        else:
            chunk = Chunk(
                *(int(row[name]) for name in ("first", "last", "start", "stop", "low", "high"))
            )
            chunks[session].append(
                (chunk, np.frombuffer(row["x"], np.float32).reshape(chunk.high - chunk.low, -1))
            )
    shard: Shard = {}
    for session in (name for name in dataset.sessions if name in fitted):
        recording = dataset.open(session).for_training(sessions)
        timeline = make_timeline(recording, view)
        held = sorted(chunks.get(session, []), key=lambda pair: pair[0].start)
        own, pieces = [c for c, _ in held], [x for _, x in held]
        shard[session] = assemble(timeline, own, pieces, fitted[session], recording)
    return shard


def _quiet() -> None:
    """Keep Ray Data from printing plans and timings to standard error; errors are still raised."""
    ray.data.DataContext.get_current().enable_progress_bars = False
    logging.getLogger("ray.data").setLevel(logging.ERROR)
