"""The leaderboard of a study as a CSV file."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path

from raylab.files import write_text
from raylab.reporting.tables.cells import csv_cell, keys, yes_or_no
from raylab.reporting.tables.leaderboard import (
    LeaderboardRow,
    SeedScores,
    are_repeated,
    place_heads,
)

_COSTS = ("seconds", "cpu_seconds", "gpu_seconds")
_SEEDS = ("seeds.mean", "seeds.low", "seeds.high", "seeds.count", "seeds.failed")


def write_csv(path: Path, rows: Sequence[LeaderboardRow]) -> None:
    """Write the rows as CSV; columns `params.<path>` and `metrics.<name>` are empty where a trial
    has none. Of several objectives there are also `front` (yes or no) and `scores.<metric>`; where
    trials were repeated over seeds, `seeds.mean`, `.low`, `.high` (95 %), `.count` and `.failed`.
    Where trials cannot be told from the best one there is `tied` (yes or no). Trials of an answer
    have `fold` and `entrant`; where the study was extended there is `origin`.
    """
    names = {
        "scores": keys(row.scores or {} for row in rows),
        "params": keys(row.params for row in rows),
        "metrics": keys(row.metrics for row in rows),
    }
    several = any(row.front is not None for row in rows)
    repeated = are_repeated(rows)
    heads = ["trial", *place_heads(rows), "state", *(["front"] if several else []), "score"]
    heads += ["tied"] if any(row.tied is not None for row in rows) else []
    heads += [*(_SEEDS if repeated else ()), "steps", *_COSTS, "note"]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(heads + [f"{kind}.{name}" for kind, each in names.items() for name in each])
    for row in rows:
        values = _values(row)
        groups: dict[str, Mapping[str, object]] = {
            "scores": row.scores or {},
            "params": row.params,
            "metrics": row.metrics,
        }
        writer.writerow(
            [csv_cell(values[head]) for head in heads]
            + [csv_cell(groups[kind].get(name)) for kind, each in names.items() for name in each]
        )
    write_text(path, text.getvalue())


def _values(row: LeaderboardRow) -> dict[str, object]:
    """The plain columns of a row, by their heads."""
    return {
        "trial": row.trial,
        "fold": row.fold,
        "entrant": row.entrant,
        "origin": row.origin,
        "state": row.state,
        "front": None if row.front is None else yes_or_no(row.front),
        "score": row.score,
        "tied": None if row.tied is None else yes_or_no(row.tied),
        **dict(zip(_SEEDS, _seed_values(row.seeds))),
        "steps": row.steps,
        "seconds": row.seconds,
        "cpu_seconds": row.cpu_seconds,
        "gpu_seconds": row.gpu_seconds,
        "note": row.note,
    }


def _seed_values(seeds: SeedScores | None) -> list[float | None]:
    if seeds is None:
        return [None] * len(_SEEDS)
    low, high = seeds.interval or (None, None)
    return [seeds.mean, low, high, seeds.count, seeds.failed]
