"""The leaderboard: every trial of the search, the baselines at the foot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from raylab.reporting.baselines import BASELINE_NAMES, decoder_settings
from raylab.reporting.facts import StudyFacts
from raylab.reporting.markup import render
from raylab.reporting.tables.cells import keys, short_names, text, yes_or_no
from raylab.reporting.tables.leaderboard import (
    LeaderboardRow,
    leaderboard_rows,
    place_heads,
    seeds_head,
)
from raylab.reporting.tables.leaderboard_terminal import seeds_text
from raylab.reporting.tables.notes import note

_LONGEST_REASON = 400  # characters


@dataclass(frozen=True)
class Head:
    text: str
    style: str = ""


@dataclass(frozen=True)
class Cell:
    """A cell of a table.

    Attributes:
        value: By which the table is sorted; empty for a cell that comes last; None: by the text.
    """

    text: str
    style: str = ""
    value: object = None


@dataclass(frozen=True)
class Row:
    trial: str
    state: str
    winner: bool
    cells: Sequence[Cell]


@dataclass(frozen=True)
class BaselineRow:
    name: str
    score: str
    settings: str


def leaderboard(facts: StudyFacts) -> Markup:
    """A row per trial, best first, with a column per objective and per parameter."""
    trials = leaderboard_rows(
        [*facts.records, *facts.repetitions],
        *facts.modes,
        metrics=facts.metrics,
        ties=facts.ties,
    )
    if not trials:
        return render("note.html", style="soft", text="No trial has started.")
    paths, places = keys(row.params for row in trials), place_heads(trials)
    reasons = {
        record.trial: reason for record in facts.records if (reason := record.error or note(record))
    }
    return render(
        "leaderboard.html",
        heads=_heads(facts, paths, places, reasons=bool(reasons)),
        rows=[
            Row(
                _name(row),
                row.state,
                _wins(facts, row),
                [*map(Cell, row.place(places)), *_cells(facts, row, paths, reasons)],
            )
            for row in trials
        ],
        baselines=[_baseline(facts, kind) for kind in facts.matched],
        note=f"* {facts.ties.text}" if facts.ties else "",
    )


def _name(row: LeaderboardRow) -> str:
    return f"{row.trial} *" if row.tied else row.trial


def _wins(facts: StudyFacts, row: LeaderboardRow) -> bool:
    """Whether it is the winner, or the trial that the champion repeats."""
    return facts.winner is not None and row.trial in (facts.winner.trial, facts.winner.of)


def _heads(
    facts: StudyFacts, paths: Sequence[str], places: Sequence[str], *, reasons: bool
) -> list[Head]:
    short = short_names(paths)
    numbers = [
        *facts.metrics,
        *([f"{seeds_head(facts.metrics)} (95 %)"] if facts.repetitions else []),
    ]
    numbers += ["steps", "wall s", "CPU s", "GPU s"]
    others = ["front"] if facts.several else []
    others += [*(short[path] for path in paths), *(["reason"] if reasons else [])]
    first = [Head(name) for name in ("trial", "state", *places)]
    last = [Head(name) for name in others]
    return [*first, *(Head(name, "number") for name in numbers), *last]


def _cells(
    facts: StudyFacts, row: LeaderboardRow, paths: Sequence[str], reasons: dict[str, str]
) -> list[Cell]:
    """The cells after trial, state and place."""
    cells = [
        _number(score, "–" if score is None else f"{score:.4f}")
        for score in row.score_of(facts.metrics)
    ]
    if facts.repetitions:
        cells.append(_number(row.seeds.mean if row.seeds else None, seeds_text(row.seeds)))
    cells.append(_number(row.steps, str(row.steps)))
    costs = (row.seconds, row.cpu_seconds, row.gpu_seconds)
    cells += [_number(seconds, f"{seconds:,.0f}") for seconds in costs]
    cells += [] if row.front is None else [Cell(yes_or_no(row.front))]
    values = [row.params.get(path) for path in paths]
    cells += [Cell(text(value), value="" if value is None else str(value)) for value in values]
    if reasons:
        reason = " ".join(reasons.get(row.trial, "").split())[:_LONGEST_REASON]
        cells.append(Cell(reason, "wrap"))
    return cells


def _number(value: float | None, shown: str) -> Cell:
    return Cell(shown, "number", "" if value is None else value)


def _baseline(facts: StudyFacts, kind: str) -> BaselineRow:
    """A baseline's score lies in the column of the objective only where it is a score of it."""
    score = f"{facts.matched[kind]:.4f}"
    own = facts.compared == facts.metric
    parts = [] if own else [f"{facts.compared} {score}"]
    parts.append(_settings(facts, kind))
    return BaselineRow(
        name=BASELINE_NAMES.get(kind, kind),
        score=score if own else "",
        settings=" · ".join(part for part in parts if part),
    )


def _settings(facts: StudyFacts, kind: str) -> str:
    """The settings of a baseline's decoder, as far as `baselines.json` has them."""
    settings, sessions = decoder_settings(facts.baselines, kind, facts.study.label)
    if sessions:
        return f"chosen for each of {sessions} sessions"
    return ", ".join(f"{name} {text(value)}" for name, value in settings.items())
