"""The leaderboard: trials from best to worst, every state visible, baselines beside and never among them."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.box import Box
from rich.table import Table
from rich.text import Text

from raylab.files import write_text
from raylab.reporting.summary import baseline_scores
from raylab.tracking.records import Mode, TrialRecord, is_number

_ORDER = ("completed", "pruned", "running", "interrupted", "failed")
_GAP = 2  # characters between columns
_WIDEST = 18  # characters of a parameter's column
_REASONS = 8  # failures explained
_RULES = Box("    \n    \n ── \n    \n ── \n ── \n    \n    \n")
_COLOURS = {
    "completed": "green",
    "pruned": "yellow",
    "running": "cyan",
    "interrupted": "magenta",
    "failed": "red",
}


def rows(records: Iterable[TrialRecord], mode: Mode) -> list[dict[str, Any]]:
    """One row a trial, `{"trial", "state", "score", "steps", "params", "metrics", "note"}`, best first.

    A pruned trial ranks below every completed one, whatever its score: it was measured earlier.
    """
    return [
        {
            "trial": record.trial,
            "state": record.state,
            "score": record.score if is_number(record.score) else None,
            "steps": record.step,
            "params": dict(record.params),
            "metrics": dict(record.metrics),
            "note": note(record),
        }
        for record in sorted(records, key=lambda record: _rank(record, mode))
    ]


def write_csv(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """The rows as CSV; columns `params.<path>` and `metrics.<name>`, empty where a trial has none."""
    params = _keys(row["params"] for row in rows)
    metrics = _keys(row["metrics"] for row in rows)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    heads = ("trial", "state", "score", "steps", "note")
    writer.writerow([*heads, *(f"params.{name}" for name in params), *(f"metrics.{name}" for name in metrics)])
    for row in rows:
        values = [row["params"].get(name) for name in params] + [row["metrics"].get(name) for name in metrics]
        writer.writerow([_cell(value) for value in [*(row[head] for head in heads), *values]])
    write_text(path, text.getvalue())


def table(
    rows: Sequence[Mapping[str, Any]],
    *,
    baselines: Mapping[str, Any] | None,
    objective: Mapping[str, Any],
    label: str | None = None,
    errors: Mapping[str, str | None] | None = None,
    width: int = 100,
) -> Table:
    """The rows for a terminal of `width` characters, the matched baselines below a rule.

    Args:
        baselines: What `baselines.json` says, or None.
        label: The label that the objective decodes.
        errors: Why a trial failed, by trial.
    """
    metric = str(objective["metric"])
    found = baseline_scores(baselines, metric=metric, label=label)
    heads = {"trial": 5, "state": 18 if found else 11, metric: max(7, len(metric)), "step": 6}
    shown = _fitting(rows, width=width - sum(heads.values()) - _GAP * len(heads))
    drawn = Table(box=_RULES, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    for head, least in heads.items():
        drawn.add_column(head, justify="right" if head in (metric, "step") else "left", min_width=least, no_wrap=True)
    for short in shown.values():
        drawn.add_column(short, justify="right", no_wrap=True, overflow="ellipsis", max_width=_WIDEST)
    for row in rows:
        drawn.add_row(*_cells(row, list(shown)))
    drawn.add_section()
    for kind, score in found.items():
        drawn.add_row("–", Text(f"baseline: {kind}", style="dim"), f"{score:.4f}")
    drawn.caption = _footnotes(rows, shown, errors=errors or {}, width=width)
    drawn.caption_justify = "left"
    return drawn


def note(record: TrialRecord) -> str | None:
    """That a trial stopped early, and which step's model its score is of, where that is not the last."""
    kept = f"the model of step {record.kept_step} is kept" if record.kept_step not in (None, record.step) else None
    return "; ".join(said for said in (record.stopped, kept) if said) or None


def short_names(paths: Iterable[str]) -> dict[str, str]:
    """The shortest ends of dotted paths that still tell them apart, by path."""
    paths = list(paths)
    short: dict[str, str] = {}
    for path in paths:
        parts = path.split(".")
        ends = (".".join(parts[-count:]) for count in range(1, len(parts) + 1))
        others = [other for other in paths if other != path]
        short[path] = next((end for end in ends if not any(f".{other}".endswith(f".{end}") for other in others)), path)
    return short


def text(value: Any) -> str:
    """A parameter or score as people read it: four significant digits."""
    if value is None:
        return "–"
    if isinstance(value, bool) or not isinstance(value, float):
        return value if isinstance(value, str) else json.dumps(value, default=str)
    return f"{value:.4g}"


def _rank(record: TrialRecord, mode: Mode) -> tuple[int, bool, float, str]:
    scored = is_number(record.score)
    score = float(record.score or 0.0) if scored else 0.0
    return _ORDER.index(record.state), not scored, -score if mode == "max" else score, record.trial


def _keys(mappings: Iterable[Mapping[str, Any]]) -> list[str]:
    """Every key, in the order they first appear."""
    return list(dict.fromkeys(key for mapping in mappings for key in mapping))


def _cell(value: Any) -> Any:
    if value is None:
        return ""
    return value if isinstance(value, str | int | float) else json.dumps(value, default=str)


def _fitting(rows: Sequence[Mapping[str, Any]], *, width: int) -> dict[str, str]:
    """Parameters (path -> short name) whose columns fit, those that differ between trials first."""
    paths = _keys(row["params"] for row in rows)
    short = short_names(paths)
    shown = {path: {text(row["params"].get(path)) for row in rows} for path in paths}
    chosen: list[str] = []
    for path in sorted(paths, key=lambda path: len(shown[path]) == 1):
        width -= _GAP + min(_WIDEST, max(len(value) for value in (short[path], *shown[path])))
        if width >= 0:
            chosen.append(path)
    return {path: short[path] for path in paths if path in chosen}


def _cells(row: Mapping[str, Any], paths: Sequence[str]) -> list[Text | str]:
    score = "–" if row["score"] is None else f"{row['score']:.4f}"
    state = Text(row["state"], style=_COLOURS.get(row["state"], ""))
    return [
        row["trial"],
        state,
        score,
        str(row["steps"]),
        *(Text(text(row["params"].get(path))) for path in paths),
    ]


def _footnotes(
    rows: Sequence[Mapping[str, Any]],
    shown: Mapping[str, str],
    *,
    errors: Mapping[str, str | None],
    width: int,
) -> Text | None:
    """Why trials failed, and what did not fit."""
    failed = [(row["trial"], errors[row["trial"]]) for row in rows if errors.get(row["trial"])]
    lines = [_one_line(f"{trial} failed: {error}", width) for trial, error in failed[:_REASONS]]
    if len(failed) > _REASONS:
        lines.append(f"and {len(failed) - _REASONS} more failed")
    noted = sum(bool(row["note"]) for row in rows)
    if noted:
        lines.append(f"{noted} trial{'s' * (noted > 1)} kept an earlier model (note in leaderboard.csv)")
    hidden = len(_keys(row["params"] for row in rows)) - len(shown)
    if hidden:
        lines.append(f"{hidden} more parameter{'s' * (hidden > 1)} in leaderboard.csv")
    return Text("\n".join(lines)) if lines else None


def _one_line(message: str, length: int) -> str:
    flat = " ".join(message.split())
    return flat if len(flat) <= length else flat[: length - 1] + "…"
