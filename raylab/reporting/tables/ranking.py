"""The leaderboard of several studies, for a terminal and as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import cast

from rich.text import Text

from raylab.files import write_text
from raylab.reporting.score_files.common import ScoreJson
from raylab.reporting.score_files.ranking import Ranking, RankingRow, SeedsOfChampion
from raylab.reporting.tables.cells import csv_cell, keys, yes_or_no
from raylab.reporting.tables.grid import Cell, Grid

_PLAIN = ("rank", "use", "name", "family", "trial", "score", "low", "high", "valid", "sessions")
_COSTS = ("readout", "fitted", "seconds", "steps_per_s")
_SEEDS = ("seeds.metric", "seeds.mean", "seeds.low", "seeds.high", "seeds.count")


def write_csv(path: Path, result: ScoreJson) -> None:
    """Write a row per model or baseline, best first, with the columns of `raylab.rank`. The label's
    other metrics are `scores.<metric>`, `scores.<metric>.low` and `.high`; of champions there are
    `seeds.*`. Cells are empty where a row has no such value.
    """
    ranking = cast(Ranking, result)
    metrics = _other_metrics(ranking)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    ends = [f"scores.{metric}{end}" for metric in metrics for end in ("", ".low", ".high")]
    writer.writerow([*_PLAIN, *_COSTS, *_SEEDS, *ends])
    for row in ranking["rows"]:
        low, high = row["interval"] or (None, None)
        flat: Mapping[str, object] = {
            **row,
            "use": yes_or_no(row["use"]),
            "low": low,
            "high": high,
            "fitted": _joined(row["fitted"]),
        }
        values = [flat[name] for name in (*_PLAIN, *_COSTS)]
        values += _seed_values(row["seeds"])
        for metric in metrics:
            values.append(row["scores"].get(metric))
            values += row["intervals"].get(metric) or (None, None)
        writer.writerow([csv_cell(value) for value in values])
    write_text(path, text.getvalue())


def ranking_grid(result: ScoreJson) -> Grid:
    """The rows for a terminal; `*` marks the row to use. The number of sessions is a column where
    rows differ in it.
    """
    ranking = cast(Ranking, result)
    metrics, test = _other_metrics(ranking), ranking["split"] == "test"
    uneven = any(row["rank"] is None for row in ranking["rows"])
    # What a test score was fitted on is shown before the other metrics, for which a terminal may
    # have no room.
    numbers = [ranking["metric"], "95 % interval", *(["on valid", "fitted on"] if test else [])]
    numbers += [*metrics, *(["sessions"] if uneven else [])]
    names = ["name", "family", "trial"]
    return Grid(
        heads=["", *names, *numbers, "read by", *([] if test else ["seconds"])],
        rows=[_cells(row, metrics, test=test, uneven=uneven) for row in ranking["rows"]],
        title=_title(ranking),
        least=6,
        right=numbers,
        folds=[*names, "read by"],
        elsewhere="a wider terminal, --out and --json show all",
    )


def remarks(result: ScoreJson | Ranking) -> list[str]:
    """What the table does not show, a sentence each."""
    ranking = cast(Ranking, result)
    rows, metric = ranking["rows"], ranking["metric"]
    sentences = []
    used = next((row for row in rows if row["use"]), None)
    if used:
        trial = f" (trial {used['trial']})" if used["trial"] else ""
        sentences.append(
            f"* best on validation: {used['name']}{trial}, {metric} {used['valid']:.3f} there"
        )
    over = [f"{row['name']} ({seeds_text(row['seeds'])})" for row in rows if row["seeds"]]
    if over:
        sentences.append(f"chosen over seeds, in the study's own objective: {', '.join(over)}")
    if any(row["rank"] is None for row in rows):
        sentences.append(
            "rows without a rank lack some sessions: chance is the only baseline of held-out "
            "sessions"
        )
    if ranking["split"] == "test":
        times = ", ".join(f"{name} {count}" for name, count in ranking["test_reads"].items())
        sentences.append(f"how often the test split was read so far, by study: {times}")
    return sentences


def seeds_text(seeds: SeedsOfChampion) -> str:
    """`decoding.score 0.712 (0.690 ... 0.734), 5 seeds`"""
    interval = f" ({interval_text(seeds['interval'])})" if seeds["interval"] else ""
    return f"{seeds['metric']} {seeds['mean']:.3f}{interval}, {seeds['count']} seeds"


def interval_text(interval: Sequence[float] | None) -> str:
    return f"{interval[0]:.3f} ... {interval[1]:.3f}" if interval else ""


def _title(ranking: Ranking) -> str:
    per = "" if ranking["per"] == "sample" else f", per {ranking['per']}"
    sessions = f"{len(ranking['sessions'])} session(s)"
    return f"{ranking['label']}: {ranking['split']} split, {sessions}{per}"


def _seed_values(seeds: SeedsOfChampion | None) -> list[object]:
    if seeds is None:
        return [None] * len(_SEEDS)
    low, high = seeds["interval"] or (None, None)
    return [seeds["metric"], seeds["mean"], low, high, seeds["count"]]


def _other_metrics(ranking: Ranking) -> list[str]:
    """The metrics of the label besides the primary one."""
    names = keys(row["scores"] for row in ranking["rows"])
    return [name for name in names if name != ranking["metric"]]


def _cells(row: RankingRow, metrics: Sequence[str], *, test: bool, uneven: bool) -> list[Cell]:
    style = "dim" if row["family"] == "baseline" else ""
    return [Text(cell, style) for cell in _texts(row, metrics, test=test, uneven=uneven)]


def _texts(row: RankingRow, metrics: Sequence[str], *, test: bool, uneven: bool) -> list[str]:
    place = "" if row["rank"] is None else str(row["rank"])
    seconds = "" if row["seconds"] is None else f"{row['seconds']:.1f}"
    return [
        f"{place}*" if row["use"] else place,
        row["name"],
        row["family"],
        row["trial"] or "",
        _number(row["score"]),
        interval_text(row["interval"]),
        *([_number(row["valid"]), _joined(row["fitted"]) or ""] if test else []),
        *(_number(row["scores"].get(metric)) for metric in metrics),
        *(["" if row["sessions"] is None else str(row["sessions"])] if uneven else []),
        row["readout"] or "",
        *([] if test else [seconds]),
    ]


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def _joined(splits: Sequence[str] | None) -> str | None:
    return "+".join(splits) if splits else None
