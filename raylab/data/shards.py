"""Ray Data: sessions are read, viewed and cut in parallel tasks, and each worker gets exactly its own chunks.

The only module that imports Ray Data for training. Rows carry raw bytes, because sessions with different numbers
of units have no common tensor type. Assignment is a pure function of the timeline, not first come first served:
`streaming_split(equal=True)` may drop rows and an unequal one depends on timing; here every row is accounted for
and a restarted worker gets the same shard again.
"""

from __future__ import annotations

import json
import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict
from typing import Any

import numpy as np
import ray.data
from ray.data.expressions import col

from raylab.config import ViewConfig
from raylab.data.dataset import Dataset
from raylab.data.shard import Chunk, Shard, assemble, cut
from raylab.data.view import Fitted, make_timeline, view_activity


def session_chunks(row: dict[str, Any]) -> list[dict[str, Any]]:
    """One Ray Data task: a session's rows for every worker."""
    recording = Dataset(row["path"]).open(row["session"])
    view = ViewConfig.model_validate_json(row["view"])
    timeline = make_timeline(recording, view)
    activity, fitted = view_activity(recording, view)
    scale = np.stack([fitted.mean, fitted.std]).tobytes() if fitted else b""
    shares = cut(timeline, workers=row["workers"], left=row["left"], right=row["right"])
    return [
        {
            "worker": worker,
            "session": row["session"],
            "units": activity.shape[1],
            "fitted": scale,
            "x": np.ascontiguousarray(activity[chunk.low : chunk.high]).tobytes(),
            **asdict(chunk),
        }
        for worker, chunks in enumerate(shares)
        for chunk in chunks
    ]


def split_dataset(dataset: Dataset, view: ViewConfig, *, workers: int, left: int, right: int) -> list[ray.data.Dataset]:
    """One materialised Ray dataset a worker. Runs now, so that no task waits for CPUs that the workers hold."""
    rows = [
        {
            "path": str(dataset.path.resolve()),
            "session": session,
            "view": view.model_dump_json(),
            "workers": workers,
            "left": left,
            "right": right,
        }
        for session in dataset.sessions
    ]
    _quiet()
    held = ray.data.from_items(rows, override_num_blocks=len(rows)).flat_map(session_chunks).materialize()
    # Filters, not a sort or group-by: those run inside the placement group of a trial, which has no CPU for them.
    return [held.filter(expr=col("worker") == worker).materialize() for worker in range(workers)]


def build_shard(dataset: Dataset, view: ViewConfig, rows: Iterable[dict[str, Any]]) -> Shard:
    """A worker's resident shard from the rows Ray Data sends it."""
    chunks: dict[str, list[tuple[Chunk, np.ndarray]]] = defaultdict(list)
    fitted: dict[str, Fitted] = {}
    for row in rows:
        chunk = Chunk(*(int(row[name]) for name in ("first", "last", "start", "stop", "low", "high")))
        x = np.frombuffer(row["x"], np.float32).reshape(-1, int(row["units"]))
        chunks[row["session"]].append((chunk, x))
        if row["fitted"]:
            fitted[row["session"]] = Fitted(*np.frombuffer(row["fitted"], np.float32).reshape(2, -1))
    shard: Shard = {}
    for session, spec in dataset.sessions.items():
        timeline = make_timeline(dataset.open(session), view)
        held = sorted(chunks.get(session, []), key=lambda pair: pair[0].start)
        shard[session] = assemble(
            timeline, [c for c, _ in held], [x for _, x in held], fitted.get(session), units=spec.units
        )
    return shard


def map_items(
    function: Callable[[dict[str, Any]], dict[str, Any]], items: list[dict[str, Any]]
) -> Iterator[dict[str, Any]]:
    """`function` of each item in parallel Ray Data tasks, results as they come. Only small values travel."""
    _quiet()
    rows = ray.data.from_items([{"item": json.dumps(item)} for item in items], override_num_blocks=len(items))
    mapped = rows.map(lambda row: {"result": json.dumps(function(json.loads(row["item"])))})
    for row in mapped.iter_rows():
        yield json.loads(row["result"])


def _quiet() -> None:
    """No plan and timing of each dataset on standard error; what fails is raised."""
    ray.data.DataContext.get_current().enable_progress_bars = False
    logging.getLogger("ray.data").setLevel(logging.ERROR)
