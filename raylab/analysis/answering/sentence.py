"""The answer in a few plain sentences, which end the terminal's output and begin the report."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from raylab.analysis.answering import wording
from raylab.analysis.answering.bewares import contradicted, no_better_than_chance
from raylab.analysis.answering.outcome import read_folds
from raylab.analysis.answering.phrases import (
    chose_baselines,
    chosen_entrant,
    decodes,
    it,
    more_data,
    set_text,
)
from raylab.analysis.answering.results import Answer, Outcome
from raylab.analysis.answering.wording import gap, number, plainly

Words = Callable[[Answer], str]


def sentence(answer: Answer, folder: str) -> str:
    """What to use, how good it is, and how sure that is.

    Args:
        answer: Its outcome must be decided.
        folder: The study's folder, to name it in a command.
    """
    if answer.outcome in ("nothing", "unread"):
        return _unfinished(answer, folder)
    return " ".join(_WORDS[answer.outcome](answer).split())


def _better(answer: Answer) -> str:
    assert answer.baseline is not None
    return (
        f"Use {chosen_entrant(answer)}: {it(answer)} {decodes(answer)}, "
        f"{gap(answer.difference)} the best baseline, {answer.baseline.name}. {set_text(answer)}"
    )


def _tied(answer: Answer) -> str:
    assert answer.baseline is not None
    if answer.set and chose_baselines(answer):
        return (
            f"Use {chosen_entrant(answer)}: the validation parts of all folds together show that "
            "it is better than the baselines. Each fold alone has too little data to show it and "
            f"chose its best baseline, so the test parts do not compare the two: {it(answer)} "
            f"{decodes(answer)}. {set_text(answer)}"
        )
    return (
        f"Use {chosen_entrant(answer)}: {it(answer)} {decodes(answer)}, "
        f"but the test parts do not show that it is better than the best "
        f"baseline, {answer.baseline.name} (difference "
        f"{plainly(answer.difference)}). {more_data(answer.difference)} "
        f"{set_text(answer)}"
    )


def _baseline(answer: Answer) -> str:
    assert answer.recommended is not None
    assert answer.baseline is not None
    beside = ""
    if answer.difference.value:
        every = {row.baseline.name for row in answer.by_fold if row.baseline}
        only = f", {answer.baseline.name}" if every == {answer.baseline.name} else " of each fold"
        beside = f" That is {gap(answer.difference)} the best baseline{only}."
    tried = "nothing that was tried is shown to be better."
    if all(row.family == "baseline" for row in answer.entrants):
        tried = "only baselines were tried: more minutes or --families change that."
    return (
        f"Use {chosen_entrant(answer)}: {it(answer)} {decodes(answer)}, and {tried}{beside} "
        f"{set_text(answer)}"
    )


def _alone(answer: Answer) -> str:
    return (
        f"Use {chosen_entrant(answer)}: {it(answer)} {decodes(answer)}. "
        "No baseline was tried, so nobody knows whether it is better than the activity itself. "
        f"{set_text(answer)}"
    )


def _unfinished(answer: Answer, folder: str) -> str:
    """Of validation only, or of nothing."""
    resume = f"`raylab resume {folder or 'OUT'}` goes on."
    if answer.recommended is None:
        if answer.interrupted:
            return f"No entrant has been scored in every fold yet. {resume}"
        return "No entrant could be scored: every trial failed, and the notes say why."
    read, valid = read_folds(answer), answer.validation
    parts = f"read in {read} of {answer.folds} folds" if read else "not read"
    interval = wording.ends(valid.score)
    over = wording.units(answer.units.kind, answer.units.valid)
    interval = f"95 % interval {interval} over {over}; " if interval else ""
    beside = ""
    if answer.baseline is not None and answer.baseline.name != answer.recommended.name:
        beside = f", {gap(valid.difference)} the best baseline, {answer.baseline.name}"
    return (
        f"The answer is not finished: test parts were {parts}. By validation alone, "
        f"{chosen_entrant(answer)} is recommended, with {wording.metric(answer)} "
        f"{number(valid.score.value)} ({interval}chance {number(valid.chance)}){beside}. {resume}"
    )


_WORDS: Mapping[Outcome, Words] = {
    "better": _better,
    "tied": _tied,
    "baseline": _baseline,
    "alone": _alone,
    "chance": no_better_than_chance,
    "contradicted": contradicted,
}
