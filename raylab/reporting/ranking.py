"""The leaderboard of several studies, for a terminal and as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from raylab.files import write_text
from raylab.reporting.leaderboard import yes_or_no

_PLAIN = (
    "rank",
    "use",
    "name",
    "family",
    "trial",
    "score",
    "low",
    "high",
    "valid",
    "sessions",
    "readout",
    "fitted",
)
_NAME = 10  # characters of a name that are not folded
_COSTS = ("seconds", "steps_per_s")
_SEEDS = ("seeds.metric", "seeds.mean", "seeds.low", "seeds.high", "seeds.count")


def write_csv(path: Path, result: Mapping[str, Any]) -> None:
    """A row a model or baseline, best first, with the columns of `raylab.leaderboard`; the label's
    other metrics as `scores.<metric>`, `scores.<metric>.low` and `.high`; of champions `seeds.*`.
    Cells are empty where nothing is.
    """
    metrics = _metrics(result)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    ends = [f"scores.{metric}{end}" for metric in metrics for end in ("", ".low", ".high")]
    writer.writerow([*_PLAIN, *_COSTS, *_SEEDS, *ends])
    for row in result["rows"]:
        low, high = row["interval"] or (None, None)
        flat = {
            **row,
            "use": yes_or_no(row["use"]),
            "low": low,
            "high": high,
            "fitted": _joined(row["fitted"]),
        }
        more = [
            value
            for metric in metrics
            for value in (
                row["scores"].get(metric),
                *(row["intervals"].get(metric) or (None, None)),
            )
        ]
        writer.writerow(
            [
                "" if value is None else value
                for value in [
                    *(flat[name] for name in (*_PLAIN, *_COSTS)),
                    *_seed_cells(row["seeds"]),
                    *more,
                ]
            ]
        )
    write_text(path, text.getvalue())


def table(result: Mapping[str, Any]) -> Table:
    """The rows for a terminal; `*` marks the one to use. Sessions are counted where rows differ in
    them.
    """
    metrics, test = _metrics(result), result["split"] == "test"
    uneven = any(row["rank"] is None for row in result["rows"])
    per = "" if result["per"] == "sample" else f", per {result['per']}"
    title = f"{result['label']}: {result['split']} split, {len(result['sessions'])} session(s){per}"
    drawn = Table(title=title, box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    drawn.add_column("")
    longest = max(len(row["name"]) for row in result["rows"])
    drawn.add_column("name", overflow="fold", min_width=min(longest, _NAME))
    for head in ("family", "trial"):
        drawn.add_column(head, overflow="fold")
    numbers = (result["metric"], "95 % interval", *(["on valid"] if test else []), *metrics)
    for head in (*numbers, *(["sessions"] if uneven else [])):
        drawn.add_column(head, justify="right", no_wrap=True)
    drawn.add_column("read by", overflow="fold")
    drawn.add_column(
        "fitted on" if test else "seconds",
        no_wrap=True,
        min_width=len("train+valid") if test else 7,
    )
    for row in result["rows"]:
        cells = _cells(row, metrics, test=test, uneven=uneven)
        drawn.add_row(*cells, style="dim" if row["family"] == "baseline" else "")
    return drawn


def remarks(result: Mapping[str, Any]) -> list[str]:
    """What the table leaves unsaid, a sentence each."""
    used = next((row for row in result["rows"] if row["use"]), None)
    found = []
    if used:
        trial = f" (trial {used['trial']})" if used["trial"] else ""
        found.append(
            f"* best on validation: {used['name']}{trial}, {result['metric']} {used['valid']:.3f} "
            "there"
        )
    over = [f"{row['name']} ({said_seeds(row['seeds'])})" for row in result["rows"] if row["seeds"]]
    if over:
        found.append(f"chosen over seeds, in the study's own objective: {', '.join(over)}")
    if any(row["rank"] is None for row in result["rows"]):
        found.append(
            "rows without a rank are not of all sessions: sessions held out whole have chance as a "
            "baseline"
        )
    if result["split"] == "test":
        times = ", ".join(f"{name} {count}" for name, count in result["test_reads"].items())
        found.append(f"how often the test split was read so far, by study: {times}")
    return found


def said_seeds(found: Mapping[str, Any]) -> str:
    """`decoding.score 0.712 (0.690 ... 0.734), 5 seeds`"""
    low, high = found["interval"] or (None, None)
    spread = f" ({low:.3f} ... {high:.3f})" if low is not None else ""
    return f"{found['metric']} {found['mean']:.3f}{spread}, {found['count']} seeds"


def _seed_cells(found: Mapping[str, Any] | None) -> list[Any]:
    if found is None:
        return [None] * len(_SEEDS)
    return [found["metric"], found["mean"], *(found["interval"] or (None, None)), found["count"]]


def _metrics(result: Mapping[str, Any]) -> list[str]:
    """Of the label, besides the primary one."""
    names = dict.fromkeys(name for row in result["rows"] for name in row["scores"])
    return [name for name in names if name != result["metric"]]


def _cells(
    row: Mapping[str, Any], metrics: list[str], *, test: bool, uneven: bool
) -> list[Text | str]:
    place = "" if row["rank"] is None else str(row["rank"])
    seconds = "" if row["seconds"] is None else f"{row['seconds']:.1f}"
    interval = (
        "" if row["interval"] is None else f"{row['interval'][0]:.3f} ... {row['interval'][1]:.3f}"
    )
    return [
        f"{place}*" if row["use"] else place,
        Text(row["name"]),  # a folder may be called as a markup is
        Text(row["family"]),
        row["trial"] or "",
        _number(row["score"]),
        interval,
        *([_number(row["valid"])] if test else []),
        *(_number(row["scores"].get(metric)) for metric in metrics),
        *(["" if row["sessions"] is None else str(row["sessions"])] if uneven else []),
        Text(row["readout"] or ""),
        (_joined(row["fitted"]) or "") if test else seconds,
    ]


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def _joined(splits: list[str] | None) -> str | None:
    return "+".join(splits) if splits else None
