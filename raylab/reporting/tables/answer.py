"""The entrants and the folds of an answer as tables, for a terminal and for a page."""

from __future__ import annotations

from typing import cast

from raylab.reporting.score_files.answer import AnswerFile, EntrantRow, FoldRow, FoldScore, Span
from raylab.reporting.score_files.common import ScoreJson
from raylab.reporting.tables.cells import number

METRICS = {"r2": "R2", "balanced_accuracy": "balanced accuracy"}
RECOMMENDED, MEMBER = "use", "set"  # marks of the first column


def entrants_table(result: ScoreJson | AnswerFile) -> tuple[list[str], list[list[str]]]:
    """Heads and rows, the best validation score first. The first column marks the recommended
    entrant (`use`) and the others of the set (`set`).
    """
    answer = cast(AnswerFile, result)
    baseline = answer["baseline"]
    heads = ["", "entrant", f"{metric_of(answer)} (95 %)"]
    heads += [f"less {baseline['name']} (95 %)"] if baseline else []
    heads += ["test", "tried", "family", "learnt", "minutes"]
    return heads, [_entrant(row, answer) for row in answer["entrants"]]


def folds_table(result: ScoreJson | AnswerFile) -> tuple[list[str], list[list[str]]]:
    """Heads and rows: how many validation parts chose in each fold, and what they chose, with the
    scores on the first of them and on test.
    """
    answer = cast(AnswerFile, result)
    heads = ["fold", "parts", "recommended", "best baseline", "best mean", "chance"]
    return heads, [_fold(row) for row in answer["by_fold"]]


def entrants_note(result: ScoreJson | AnswerFile) -> str:
    """How to read the table of entrants."""
    answer = cast(AnswerFile, result)
    units = answer["units"]
    test = "test: mean over the folds in which the entrant was read"
    note = (
        f"{metric_of(answer)} on validation, mean of {folds_text(answer['folds'])}, intervals over "
        f"{units['valid']} {units['kind']}s; {test}; tried: configs"
    )
    marks = "use: recommended; set: not told apart from the best"
    return f"{note}. {marks if answer['set'] else 'use: recommended'}."


def metric_of(answer: AnswerFile) -> str:
    """The metric in words."""
    return METRICS.get(answer["metric"], answer["metric"].replace("_", " "))


def folds_text(count: int) -> str:
    """`5 folds`"""
    return f"{count} fold{'s' * (count != 1)}"


def span_text(span: Span | None) -> str:
    """`0.861 (0.823 to 0.894)`; a dash where there is none."""
    if span is None or span["value"] is None:
        return "–"
    interval = interval_text(span)
    return number(span["value"]) + (f" ({interval})" if interval else "")


def interval_text(span: Span) -> str:
    """`0.823 to 0.894`; empty where there is no interval."""
    return "" if span["low"] is None else f"{number(span['low'])} to {number(span['high'])}"


def _entrant(row: EntrantRow, answer: AnswerFile) -> list[str]:
    recommended, baseline = answer["recommended"], answer["baseline"]
    mark = MEMBER if row["in_set"] else ""
    if recommended is not None and row["name"] == recommended["name"]:
        mark = RECOMMENDED
    own = Span(value=row["score"], low=row["low"], high=row["high"])
    cells = [mark, row["name"], span_text(own)]
    if baseline is not None:
        is_it = row["name"] == baseline["name"]
        cells.append("" if is_it else span_text(row["difference"]))
    return [
        *cells,
        _test(row, answer["folds"]),
        str(row["trials"]) if row["trials"] else "–",
        row["family"],
        "–" if row["learnt"] is None else f"{row['learnt']:,}",
        f"{row['seconds'] / 60:.1f}" if row["trials"] else "–",
    ]


def _test(row: EntrantRow, folds: int) -> str:
    """The test score, and of how many folds where that is not all of them."""
    if row["test"] is None:
        return ""
    some = f" ({row['test_folds']} of {folds})" if row["test_folds"] < folds else ""
    return number(row["test"]["value"]) + some


def _fold(row: FoldRow) -> list[str]:
    choices = (row["recommended"], row["baseline"], row["best"])
    chance = f"{number(row['chance']['valid'])} → {number(row['chance']['test'])}"
    return [str(row["fold"]), str(row.get("parts", 1)), *map(_choice, choices), chance]


def _choice(score: FoldScore | None) -> str:
    """`gru 0.861 → 0.843`: validation, then test."""
    if score is None:
        return "–"
    return f"{score['name']} {number(score['valid'])} → {number(score['test'])}"
