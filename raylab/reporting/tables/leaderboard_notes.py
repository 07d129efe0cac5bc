"""What stands below the leaderboard in a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.text import Text

from raylab.reporting.tables.cells import keys
from raylab.reporting.tables.leaderboard import LeaderboardRow

_REASONS = 8  # failures that are explained


def footnotes(
    rows: Sequence[LeaderboardRow],
    params: Mapping[str, str],
    *,
    errors: Mapping[str, str | None],
    width: int,
) -> Text | None:
    """Why trials failed, what did not fit, and what the trials cost."""
    failed = [(row.trial, errors[row.trial]) for row in rows if errors.get(row.trial)]
    lines = [_clipped(f"{trial} failed: {error}", width) for trial, error in failed[:_REASONS]]
    if len(failed) > _REASONS:
        lines.append(f"and {len(failed) - _REASONS} more failed")
    notes = [row.note for row in rows if row.note]
    if notes:
        count, first = len(notes), _clipped(notes[0], width)
        plural = "s" * (count > 1)
        lines.append(f"{count} trial{plural} with a note (in leaderboard.csv), such as: {first}")
    hidden = len(keys(row.params for row in rows)) - len(params)
    if hidden:
        lines.append(f"{hidden} more parameter{'s' * (hidden > 1)} in leaderboard.csv")
    if cost := cost_text(rows):
        lines.append(cost)
    return Text("\n".join(lines)) if lines else None


def cost_text(rows: Sequence[LeaderboardRow]) -> str:
    """What all trials together used, and beside it what their repetitions used."""
    repeated = [row.seeds for row in rows if row.seeds]
    parts = [
        _cost(
            "CPU",
            sum(row.cpu_seconds for row in rows),
            sum(seeds.cpu_seconds for seeds in repeated),
        ),
        _cost(
            "GPU",
            sum(row.gpu_seconds for row in rows),
            sum(seeds.gpu_seconds for seeds in repeated),
        ),
    ]
    used = ", ".join(part for part in parts if part)
    return f"cost: {used}" if used else ""


def _cost(unit: str, trials: float, repetitions: float) -> str:
    if not trials and not repetitions:
        return ""
    beside = f" and {repetitions:,.0f} for repetitions" if repetitions else ""
    return f"{trials:,.0f} {unit}-seconds{beside}"


def _clipped(message: str, length: int) -> str:
    flat = " ".join(message.split())
    return flat if len(flat) <= length else flat[: length - 1] + "…"
