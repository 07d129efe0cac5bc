"""A selection over seeds (`raylab select`) in sentences and as a table."""

from __future__ import annotations

from typing import cast

from raylab.reporting.score_files.common import ScoreJson
from raylab.reporting.score_files.selection import (
    Control,
    Difference,
    SelectionCandidate,
    SelectionScore,
    Stability,
)

_RULES = {
    "best": "the best mean over seeds",
    "simplest": (
        "the fewest learnt numbers among means within one standard error of the best "
        "(Breiman et al. 1984)"
    ),
}


def selection_sentences(result: ScoreJson | SelectionScore) -> list[str]:
    """What a selection chose and how certain the choice is; the first sentence names the trial."""
    selection = cast(SelectionScore, result)
    candidates = selection["candidates"]
    chosen = next(each for each in candidates if each["trial"] == selection["of"])
    sentences = [
        f"Chosen: trial {selection['of']}, by {_RULES[selection['rule']]}; {selection['metric']} "
        f"{spread(chosen)}{_over(chosen)}, {chosen['search']:.3f} in the search.",
        f"Champion: {selection['trial']}, {_champion(chosen)}.",
        *_stability(selection["stability"]),
        *_difference(selection["difference"], fixed=_both_fixed(selection)),
        *_control(selection["control"]),
    ]
    if selection["selections"] > 1:
        sentences.append(f"This is selection {selection['selections']} of this study.")
    failed = sum(each["failed"] for each in candidates)
    if failed:
        repetitions = len(selection["values"]) * len(candidates)
        sentences.append(
            f"{failed} of {repetitions} repetitions did not complete; a candidate that fails more "
            "often than another is not chosen."
        )
    return [*sentences, *(f"Note: {note}." for note in selection["notes"])]


def is_fixed(candidate: SelectionCandidate) -> bool:
    """Whether seeds change nothing about it."""
    return candidate.get("over") is not None


def _over(candidate: SelectionCandidate) -> str:
    return f" over {candidate.get('over', 'seeds')}" if candidate["interval"] else ""


def _champion(candidate: SelectionCandidate) -> str:
    if is_fixed(candidate):
        return "trained once: it has no randomness, and every seed gives the same"
    return "its repetition with the median score, not the luckiest"


def spread(scores: SelectionCandidate | Difference) -> str:
    """`0.712 (0.690 ... 0.734)`: mean and 95 % interval."""
    if scores["mean"] is None:
        return "–"
    low, high = scores["interval"] or (None, None)
    return f"{scores['mean']:.3f}" + (f" ({low:.3f} ... {high:.3f})" if low is not None else "")


def selection_table(result: ScoreJson | SelectionScore) -> tuple[list[str], list[list[str]]]:
    """Heads and rows, for a terminal or a page; `*` marks the chosen trial."""
    selection = cast(SelectionScore, result)
    heads = [
        "trial",
        f"{selection['metric']} in the search",
        f"{selection['metric']} over seeds, mean (95 %)",
        "each seed",
        f"first of {selection['stability']['seeds']}",
        "mean rank",
        "numbers learnt",
    ]
    return heads, [_row(each, selection["of"]) for each in selection["candidates"]]


def _row(candidate: SelectionCandidate, chosen: str) -> list[str]:
    ranks = [rank for rank in candidate["ranks"] if rank is not None]
    scores = ["failed" if score is None else f"{score:.3f}" for score in candidate["scores"]]
    if is_fixed(candidate):
        scores = [f"{scores[0]} with every seed"]
    return [
        candidate["trial"] + (" *" if candidate["trial"] == chosen else ""),
        f"{candidate['search']:.3f}",
        spread(candidate) + (_over(candidate) if is_fixed(candidate) else ""),
        " ".join(scores),
        str(candidate["first"]) if ranks else "–",
        f"{sum(ranks) / len(ranks):.1f}" if ranks else "–",
        f"{candidate['learnt']:,}",
    ]


def _stability(stability: Stability) -> list[str]:
    sentences = []
    if stability["kendall_w"] is not None:
        sentences.append(
            f"Agreement of the {stability['seeds']} seeds' rankings: Kendall's W "
            f"{stability['kendall_w']:.2f} (1: all alike; about {1 / stability['seeds']:.2f}: "
            "nothing in common)."
        )
    if stability["spearman"] is not None:
        sentences.append(
            "Spearman correlation of the search's ranking with that over seeds: "
            f"{stability['spearman']:.2f}."
        )
    return sentences


def _both_fixed(selection: SelectionScore) -> bool:
    """Whether the two best candidates have no randomness: units, not seeds, are then compared."""
    difference = selection["difference"] or {"first": "", "second": ""}
    fixed = {each["trial"] for each in selection["candidates"] if is_fixed(each)}
    return {difference["first"], difference["second"]} <= fixed


def _difference(difference: Difference | None, *, fixed: bool) -> list[str]:
    if difference is None:
        return []
    first, second = difference["first"], difference["second"]
    pairs, what = ("units of validation", "units") if fixed else ("seed", "seeds")
    sentence = f"Trial {first} over {second}, paired by {pairs}: {spread(difference)}."
    if difference["interval"] is not None and difference["interval"][0] <= 0:
        sentence += f" The interval contains 0: these {what} do not tell the two apart."
    return [sentence]


def _control(control: Control | None) -> list[str]:
    if control is None:
        return []
    labels = ", ".join(control["shuffled"])
    return [
        f"On {control['shuffles']} shuffles of {labels}: {label} {score['metric']} "
        f"{score['true']:.3f} against {score['mean']:.3f} (p {score['p']:.3f})."
        for label, score in control["scores"].items()
    ]
