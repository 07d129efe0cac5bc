"""The leaderboard: trials from best to worst, every state visible, baselines beside and never among
them.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from rich.box import Box
from rich.table import Table
from rich.text import Text

from raylab.evaluation.seeds import over_seeds
from raylab.files import write_text
from raylab.reporting.summary import baseline_scores
from raylab.tracking.records import Mode, TrialRecord, costs, front, is_number
from raylab.tracking.selections import drawn, repetitions

_ORDER = ("completed", "pruned", "running", "interrupted", "failed")
_GAP = 2  # characters between columns
_WIDEST = 18  # characters of a parameter's column
_REASONS = 8  # failures explained
COSTS = ("seconds", "cpu_seconds", "gpu_seconds")
_SEED_COLUMNS = ("seeds.mean", "seeds.low", "seeds.high", "seeds.count", "seeds.failed")
_RULES = Box("    \n    \n ── \n    \n ── \n ── \n    \n    \n")
_COLOURS = {
    "completed": "green",
    "pruned": "yellow",
    "running": "cyan",
    "interrupted": "magenta",
    "failed": "red",
}


def rows(
    records: Iterable[TrialRecord], *modes: Mode, metrics: Sequence[str] = ()
) -> list[dict[str, Any]]:
    """One row a trial of the search, best first: `{"trial", "state", "score", "steps", "seconds",
    "cpu_seconds", "gpu_seconds", "params", "metrics", "note"}`.

    A pruned trial ranks below every completed one, whatever its score: it was measured earlier.
    With several modes, the Pareto front comes first, then the first objective decides; each row has
    "front" (bool) and "scores" besides. Repetitions over seeds are no rows: where there are any,
    each row has "seeds", of a trial that was repeated `{"mean", "interval", "values", "count",
    "failed", "cpu_seconds", "gpu_seconds"}` of its repetitions, else None.

    Args:
        metrics: Names of the objectives, in the order of `modes`; what the keys of "scores" are.
    """
    every = list(records)
    found, repeated = drawn(every), any(record.of is not None for record in every)
    leading = {record.trial for record in front(found, *modes)} if len(modes) > 1 else set()
    ranked = sorted(found, key=lambda record: _rank(record, modes, record.trial in leading))
    return [
        {
            "trial": record.trial,
            "state": record.state,
            **({"front": record.trial in leading} if len(modes) > 1 else {}),
            "score": record.score if is_number(record.score) else None,
            **({"scores": dict(zip(metrics, record.scores))} if len(modes) > 1 else {}),
            **({"seeds": _seeds(repetitions(every, record.trial))} if repeated else {}),
            "steps": record.step,
            **{name: round(getattr(record, name), 3) for name in COSTS},
            "params": dict(record.params),
            "metrics": dict(record.metrics),
            "note": note(record),
        }
        for record in ranked
    ]


def write_csv(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """The rows as CSV; columns `params.<path>` and `metrics.<name>`, empty where a trial has none.
    Of several objectives also `front` (yes or no) and `scores.<metric>`; where trials were repeated
    over seeds, `seeds.mean`, `.low`, `.high` (95 %), `.count` and `.failed`.
    """
    kinds = ("scores", "params", "metrics")
    names = [(kind, name) for kind in kinds for name in _keys(row.get(kind, {}) for row in rows)]
    several = any("front" in row for row in rows)
    heads = ["trial", "state", *(["front"] if several else []), "score"]
    heads += [
        *(_SEED_COLUMNS if any("seeds" in row for row in rows) else ()),
        "steps",
        *COSTS,
        "note",
    ]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*heads, *(f"{kind}.{name}" for kind, name in names)])
    for row in rows:
        told = {**row, **_seed_cells(row.get("seeds"))}
        told |= {"front": yes_or_no(row["front"])} if "front" in row else {}
        writer.writerow(
            [
                *(_cell(told[head]) for head in heads),
                *(_cell(row[kind].get(name)) for kind, name in names),
            ]
        )
    write_text(path, text.getvalue())


def yes_or_no(value: bool) -> str:
    return "yes" if value else "no"


def table(
    rows: Sequence[Mapping[str, Any]],
    *,
    baselines: Mapping[str, Any] | None,
    metrics: Sequence[str],
    label: str | None = None,
    errors: Mapping[str, str | None] | None = None,
    width: int = 100,
) -> Table:
    """The rows for a terminal of `width` characters, the matched baselines below a rule.

    Args:
        baselines: What `baselines.json` says, or None.
        metrics: Of the objectives, as `rows` was given them.
        label: The label that the objective decodes.
        errors: Why a trial failed, by trial.
    """
    several = len(metrics) > 1
    matched = {metric: baseline_scores(baselines, metric=metric, label=label) for metric in metrics}
    kinds = _keys(matched.values())
    heads = {"trial": 5, "state": 18 if kinds else 11, **({"front": 5} if several else {})}
    seeds = {row["trial"]: shown_seeds(row.get("seeds")) for row in rows}
    over = {"over seeds": max(map(len, seeds.values()))} if any(seeds.values()) else {}
    heads |= {**{metric: max(7, len(metric)) for metric in metrics}, **over, "step": 6}
    shown = _fitting(rows, width=width - sum(heads.values()) - _GAP * len(heads))
    grid = Table(
        box=_RULES, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold"
    )
    for head, least in heads.items():
        justify: Literal["left", "right"] = "right" if head in (*metrics, "step") else "left"
        grid.add_column(head, justify=justify, min_width=least, no_wrap=True)
    for short in shown.values():
        grid.add_column(
            short, justify="right", no_wrap=True, overflow="ellipsis", max_width=_WIDEST
        )
    for row in rows:
        grid.add_row(*_cells(row, metrics, list(shown), over=seeds[row["trial"]] if over else None))
    grid.add_section()
    for kind in kinds:
        scores = [
            f"{matched[metric][kind]:.4f}" if kind in matched[metric] else "" for metric in metrics
        ]
        grid.add_row(
            "–", Text(f"baseline: {kind}", style="dim"), *([""] if several else []), *scores
        )
    grid.caption = _footnotes(rows, shown, errors=errors or {}, width=width)
    grid.caption_justify = "left"
    return grid


def shown_seeds(found: Mapping[str, Any] | None) -> str:
    """`0.712 (0.690 ... 0.734), 5, 1 failed`: mean, interval, repetitions that completed; empty
    where none ended.
    """
    if found is None:
        return ""
    failed = f", {found['failed']} failed" if found["failed"] else ""
    if found["mean"] is None:
        return failed.removeprefix(", ")
    low, high = found["interval"] or (None, None)
    return (
        f"{found['mean']:.3f}{'' if low is None else f' ({low:.3f} ... {high:.3f})'}, "
        f"{found['count']}{failed}"
    )


def said_costs(rows: Sequence[Mapping[str, Any]]) -> str:
    """What all trials together used, repetitions beside."""
    found = []
    for name, unit in (("cpu_seconds", "CPU"), ("gpu_seconds", "GPU")):
        trials = sum(row[name] for row in rows)
        seeds = sum((row.get("seeds") or {}).get(name, 0.0) for row in rows)
        if trials or seeds:
            found.append(
                f"{trials:,.0f} {unit}-seconds"
                + (f" and {seeds:,.0f} for repetitions" if seeds else "")
            )
    return f"cost: {', '.join(found)}" if found else ""


def note(record: TrialRecord) -> str | None:
    """That a trial stopped early, which step's model its score is of, where that is not the last,
    and that a codebook collapsed.
    """
    kept = (
        f"the model of step {record.kept_step} is kept"
        if record.kept_step not in (None, record.step)
        else None
    )
    return (
        "; ".join(
            said for said in (record.stopped, kept, collapse(record.config, record.metrics)) if said
        )
        or None
    )


def collapse(config: Mapping[str, Any], metrics: Mapping[str, float]) -> str | None:
    """That held-out windows use less of a codebook than `evaluation.collapse_below`."""
    usage, least = (
        metrics.get("codes.usage_least"),
        (config.get("evaluation") or {}).get("collapse_below"),
    )
    if usage is None or least is None or usage >= least:
        return None
    return f"the codebook collapsed: {usage:.1%} of its codes are used on held-out windows"


def short_names(paths: Iterable[str]) -> dict[str, str]:
    """The shortest ends of dotted paths that still tell them apart, by path."""
    paths = list(paths)
    short: dict[str, str] = {}
    for path in paths:
        parts = path.split(".")
        ends = (".".join(parts[-count:]) for count in range(1, len(parts) + 1))
        others = [other for other in paths if other != path]
        short[path] = next(
            (end for end in ends if not any(f".{other}".endswith(f".{end}") for other in others)),
            path,
        )
    return short


def text(value: Any) -> str:
    """A parameter or score as people read it: four significant digits."""
    if value is None:
        return "–"
    if isinstance(value, bool) or not isinstance(value, float):
        return value if isinstance(value, str) else json.dumps(value, default=str)
    return f"{value:.4g}"


def _seeds(repeated: Sequence[TrialRecord]) -> dict[str, Any] | None:
    """What the repetitions of a trial that have ended say together."""
    if not repeated:
        return None
    scores = [
        float(one.score or 0.0)
        for one in repeated
        if one.state == "completed" and is_number(one.score)
    ]
    over = over_seeds(scores) if scores else {"mean": None, "interval": None, "values": []}
    failed = sum(one.state == "failed" for one in repeated)
    spent = {name: round(sum(getattr(one, name) for one in repeated), 3) for name in COSTS[1:]}
    return {**over, "count": len(scores), "failed": failed, **spent}


def _seed_cells(found: Mapping[str, Any] | None) -> dict[str, Any]:
    if found is None:
        return dict.fromkeys(_SEED_COLUMNS)
    values = (found["mean"], *(found["interval"] or (None, None)), found["count"], found["failed"])
    return dict(zip(_SEED_COLUMNS, values))


def _rank(
    record: TrialRecord, modes: Sequence[Mode], leads: bool
) -> tuple[int, bool, bool, tuple[float, ...], str]:
    scored = is_number(record.score)
    return (
        _ORDER.index(record.state),
        not leads,
        not scored,
        costs(record, modes) if scored else (),
        record.trial,
    )


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


def _cells(
    row: Mapping[str, Any], metrics: Sequence[str], paths: Sequence[str], *, over: str | None
) -> list[Text | str]:
    scores = row.get("scores", {metrics[0]: row["score"]})
    state = Text(row["state"], style=_COLOURS.get(row["state"], ""))
    return [
        row["trial"],
        state,
        *([yes_or_no(row["front"])] if "front" in row else []),
        *("–" if scores.get(metric) is None else f"{scores[metric]:.4f}" for metric in metrics),
        *([] if over is None else [over]),
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
    notes = [row["note"] for row in rows if row["note"]]
    if notes:
        noted, first = len(notes), _one_line(notes[0], width)
        lines.append(
            f"{noted} trial{'s' * (noted > 1)} with a note (in leaderboard.csv), such as: {first}"
        )
    hidden = len(_keys(row["params"] for row in rows)) - len(shown)
    if hidden:
        lines.append(f"{hidden} more parameter{'s' * (hidden > 1)} in leaderboard.csv")
    if spent := said_costs(rows):
        lines.append(spent)
    return Text("\n".join(lines)) if lines else None


def _one_line(message: str, length: int) -> str:
    flat = " ".join(message.split())
    return flat if len(flat) <= length else flat[: length - 1] + "…"
