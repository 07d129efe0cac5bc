"""The phrases of which the sentences of an answer are made."""

from __future__ import annotations

from collections import Counter
from typing import Literal

from raylab.analysis.answering import wording
from raylab.analysis.answering.results import Answer, Span
from raylab.analysis.answering.wording import number

_LISTED = 4  # members of the set that are named one by one
_HOPELESS = 50  # times the data, beyond which more of it is no advice


def chosen_entrant(answer: Answer) -> str:
    """`gru (network)`, and in how many folds it was the choice, where that is not all of them."""
    assert answer.recommended is not None
    name = answer.recommended.name
    words = wording.entrant(name, answer.recommended.family)
    own = sum(row.recommended.name == name for row in answer.by_fold)
    if own == len(answer.by_fold):
        return words
    if not own:
        return f"{words}, the choice over all folds"
    return f"{words}, the choice of {own} of {len(answer.by_fold)} folds"


def choices(answer: Answer) -> Counter[str]:
    """In how many folds each entrant was recommended."""
    return Counter(row.recommended.name for row in answer.by_fold)


def chose_baselines(answer: Answer) -> bool:
    """Whether every fold recommends its own best baseline, so that the difference is zero."""
    return all(
        row.baseline is not None and row.baseline.name == row.recommended.name
        for row in answer.by_fold
    )


def it(answer: Answer) -> str:
    """What the score is of: the entrant, or what the folds chose where that differs."""
    chosen = choices(answer)
    if list(chosen) == [answer.recommended.name if answer.recommended else ""]:
        return "it"
    if len(chosen) == 1:
        return f"{next(iter(chosen))}, which every fold chose,"
    names = [f"{name} in {count}" for name, count in chosen.most_common()]
    return f"what the folds chose ({wording.listed(names)})"


def decodes(answer: Answer) -> str:
    """`decodes position with R2 0.861 (95 % interval ...; chance ...) on the test parts of ...`."""
    assert answer.recommended is not None
    score = answer.recommended
    interval = wording.ends(Span(score.score, score.low, score.high))
    over = over_units(answer, "test", " over ")
    interval = f"95 % interval {interval}{over}; " if interval else ""
    return (
        f"decodes {answer.label} with {wording.metric(answer)} {number(score.score)} "
        f"({interval}chance {number(answer.chance)}) {where(answer)}"
    )


def where(answer: Answer) -> str:
    """`on the test parts of 5 folds`, or what is held out whole."""
    several = f" of {answer.folds} folds" if answer.folds > 1 else ""
    if answer.held_out:
        return f"on the held-out {answer.held_out}s{several}"
    return f"on the test parts{several}" if several else "on the test part of one fold"


def over_units(answer: Answer, part: Literal["valid", "test"], before: str) -> str:
    """What the intervals resample, such as ` over 100 blocks of time`."""
    count = answer.units.valid if part == "valid" else answer.units.test
    return f"{before}{wording.units(answer.units.kind, count)}" if count > 1 else ""


def set_text(answer: Answer) -> str:
    """Which other entrants may be as good, and what would tell them apart."""
    assert answer.recommended is not None
    assert answer.best is not None
    name, best = answer.recommended.name, answer.best.name
    if len(answer.entrants) < 2:
        return ""
    if not answer.set:
        units = wording.units(answer.units.kind, answer.units.valid)
        return (
            f"Validation has only {units}, too few to rule any entrant out (20 are needed), and "
            f"{best} has the best mean. More sessions or more data would settle it."
        )
    others = [member for member in answer.set if member != name]
    if not others:
        return "By validation no other entrant is as good (90 % confidence)."
    leads = "" if best == name else f"; {best} has the best mean"
    return (
        f"Validation cannot tell it from {_some(others)}, and it is the simplest of them{leads}. "
        f"{_settled_by(answer)} would tell them apart."
    )


def more_data(difference: Span) -> str:
    """How much more data would show whether a difference is one, if it stays as it is.

    The interval narrows with the square root of the data.
    """
    if difference.value is None or difference.low is None or difference.high is None:
        return ""
    is_gain = difference.value > 0
    reach = difference.value - difference.low if is_gain else difference.high - difference.value
    if abs(difference.value) * _HOPELESS**0.5 <= reach:
        return "The two are so close that no realistic amount of data would tell them apart."
    factor = wording.times((reach / abs(difference.value)) ** 2)
    shown = "show it" if is_gain else "show that it is worse"
    return f"About {factor} as much data would {shown}, if the difference stays the same."


def _some(names: list[str]) -> str:
    """All names, or some and how many more."""
    if len(names) <= _LISTED + 1:
        return wording.listed(names)
    return wording.listed([*names[:_LISTED], f"{len(names) - _LISTED} more"])


def _settled_by(answer: Answer) -> str:
    return (
        "More folds (--folds 5) or more data" if answer.folds == 1 else "More sessions or more data"
    )
