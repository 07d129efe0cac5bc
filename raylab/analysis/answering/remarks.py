"""What a reader of an answer should know besides its sentence."""

from __future__ import annotations

from collections import Counter

from raylab.analysis.answering import wording
from raylab.analysis.answering.outcome import read_folds
from raylab.analysis.answering.results import Answer
from raylab.analysis.answering.wording import number


def remarks(answer: Answer) -> list[str]:
    """One sentence each; empty ones are left out."""
    if answer.recommended is None:
        return []
    lines = (
        _mixed(answer),
        _best_mean(answer),
        _optimism(answer),
        _below_chance(answer),
        _one_fold(answer),
        _reads(answer),
        _final(answer),
    )
    return [line for line in lines if line]


def as_sentence(note: str) -> str:
    """A note with a capital letter and a full stop."""
    return f"{note[:1].upper()}{note[1:]}" + ("" if note.endswith((".", "!", "?")) else ".")


def _mixed(answer: Answer) -> str:
    """What each fold chose, where folds differ."""
    chosen = Counter(row.recommended.name for row in answer.by_fold)
    if len(chosen) < 2:
        return ""
    names = [f"{name} in {count}" for name, count in chosen.most_common()]
    return (
        f"Each fold chose anew from its own validation part: {wording.listed(names)}. The score is "
        "that of these choices."
    )


def _best_mean(answer: Answer) -> str:
    assert answer.recommended is not None
    best = answer.best
    if best is None or best.name == answer.recommended.name:
        return ""
    score = ""
    if best.score is not None:
        score = (
            f"; the entrants of the best mean in each fold have {wording.metric(answer)} "
            f"{number(best.score)} on the test parts"
        )
    return f"By validation {best.name} has the best mean{score}."


def _optimism(answer: Answer) -> str:
    assert answer.recommended is not None
    valid, high = answer.validation.score, answer.recommended.high
    if answer.outcome == "contradicted" or valid.low is None or high is None or valid.low <= high:
        return ""
    return (
        f"The test score ({number(answer.recommended.score)}) is clearly lower than the validation "
        f"score of the same choices ({number(valid.value)}): the recordings differ between parts."
    )


def _below_chance(answer: Answer) -> str:
    folds = [
        f"fold {row.fold} ({number(row.recommended.test)})"
        for row in answer.by_fold
        if row.recommended.test is not None
        and row.chance.test is not None
        and row.recommended.test <= row.chance.test
    ]
    if not folds or answer.outcome == "chance":
        return ""
    return f"No better than chance on the test part of {wording.listed(folds)}."


def _one_fold(answer: Answer) -> str:
    if answer.folds != 1:
        return ""
    return (
        "One fold is one way to cut the recordings. How much the score depends on it, only more "
        "folds show."
    )


def _reads(answer: Answer) -> str:
    if answer.reads_of_test <= read_folds(answer):
        return ""
    return (
        f"The test parts were read {answer.reads_of_test} times, more than once per fold: a score "
        "chosen after several reads is no longer an untouched one."
    )


def _final(answer: Answer) -> str:
    if answer.final is None:
        return ""
    return (
        f"`raylab.load` gives {answer.final.entrant} (trial {answer.final.trial}), fitted on all "
        "samples: it has no test score of its own, the score is that of the procedure."
    )
