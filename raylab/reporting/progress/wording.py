"""Progress as short texts: durations, curves, and one line that says where a study stands."""

from __future__ import annotations

from collections.abc import Sequence

from raylab.reporting.baselines import BASELINE_NAMES
from raylab.reporting.progress.results import EndedTrial, Progress, RunningTrial, Standing

BLOCKS = "▁▂▃▄▅▆▇█"
SHOWN = 3  # running trials that a line names


def headline(progress: Progress) -> str:
    """Where a study stands, in one line."""
    parts = [f"{progress.phase}: {done_text(progress)}", *_running(progress.running)]
    parts += [text for text in (best_text(progress), baseline_text(progress)) if text]
    return ", ".join([*parts, left_text(progress)] if left_text(progress) else parts)


def done_text(progress: Progress) -> str:
    """`3 of 16 trials`; with how many of them failed or were pruned."""
    unit = "file" if progress.kind == "prepare" else "trial"
    total = progress.total
    text = f"{progress.done} of {total} {unit}s" if total else count(progress.done, unit)
    states = [
        f"{progress.counts[state]} {state}"
        for state in ("pruned", "failed")
        if progress.counts.get(state)
    ]
    return f"{text} ({', '.join(states)})" if states else text


def left_text(progress: Progress) -> str:
    """`about 4 min left`; empty where nothing is known."""
    if not progress.left_s or progress.state in ("ended", "stopped"):
        return ""
    return f"about {duration(progress.left_s)} left"


def best_text(progress: Progress) -> str:
    """`best 0.7512 (0001)`; empty without a score."""
    return f"best {standing_text(progress.best)}" if progress.best else ""


def baseline_text(progress: Progress) -> str:
    """`baseline 0.6100 (smoothed activity)`; empty without one."""
    if progress.baseline is None:
        return ""
    beside = f" beside {standing_text(progress.compared)}" if progress.compared else ""
    metric = f", {progress.baseline.metric}{beside}" if progress.compared else ""
    return f"baseline {standing_text(progress.baseline)}{metric}"


def standing_text(standing: Standing) -> str:
    """`0.7512 (0001)`"""
    name = BASELINE_NAMES.get(standing.name, standing.name)
    return f"{standing.score:.4f} ({name})"


def ended_text(trial: EndedTrial) -> str:
    """`trial 0003 completed at step 600: 0.7123`"""
    scores = ", ".join(f"{score:.4f}" for score in trial.scores.values())
    end = f"trial {trial.trial} {trial.state} at step {trial.step}"
    result = scores or " ".join((trial.error or "").split())
    return f"{end}: {result}" if result else end


def steps_text(step: int, max_steps: int | None) -> str:
    """`120/600`"""
    return str(step) if max_steps is None else f"{step}/{max_steps}"


def sparkline(values: Sequence[float], width: int) -> str:
    """A curve of so many characters; of more values, the last of each equal stretch."""
    if not values or width < 1:
        return ""
    length = min(width, len(values))
    shown = [values[round((place + 1) * len(values) / length) - 1] for place in range(length)]
    low, high = min(shown), max(shown)
    if high <= low:
        return BLOCKS[3] * len(shown)
    top = len(BLOCKS) - 1
    return "".join(BLOCKS[round((value - low) / (high - low) * top)] for value in shown)


def duration(seconds: float) -> str:
    """A time in the unit that suits its length: `38 s`, `4 min`, `1 h 12 min`, `3 d 4 h`."""
    if seconds < 9.5:
        return f"{seconds:.1f} s" if seconds < 0.95 else f"{seconds:.0f} s"
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    if minutes < 90:
        return f"{minutes} min"
    hours, rest = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {rest} min" if rest else f"{hours} h"
    days, hours = divmod(round(minutes / 60), 24)
    return f"{days} d {hours} h" if hours else f"{days} d"


def count(number: int, noun: str) -> str:
    """`1 trial`, `3 trials`"""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _running(running: Sequence[RunningTrial]) -> list[str]:
    if not running:
        return []
    named = [_at_work(trial) for trial in running[:SHOWN]]
    more = [f"{len(running) - SHOWN} more"] if len(running) > SHOWN else []
    return [f"{len(running)} running ({'; '.join([*named, *more])})"]


def _at_work(trial: RunningTrial) -> str:
    at = f" at step {steps_text(trial.step, trial.max_steps)}" if trial.step else ""
    return f"{trial.trial}{at}" + (f", {trial.score:.4f}" if trial.score is not None else "")
