"""A choice over seeds (`raylab select`): its figure, and its section of the report."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from raylab.reporting.plots import BLUE, ORANGE, literal, plain

RULES = {
    "best": "the best mean over seeds",
    "simplest": (
        "the fewest learnt numbers among means within one standard error of the best "
        "(Breiman et al. 1984)"
    ),
}
_DPI = 150


def selection_figure(result: Mapping[str, Any]) -> Figure:
    """A row a candidate, the search's first on top: each seed a dot, mean and 95 % interval, and,
    hollow, the score by which the search had chosen it.
    """
    candidates = result["candidates"]
    figure = Figure(figsize=(6.8, 1.5 + 0.5 * len(candidates)), dpi=_DPI, layout="constrained")
    axis = figure.subplots()
    for place, one in enumerate(candidates):
        _row(axis, one, place, colour=ORANGE if one["trial"] == result["of"] else BLUE)
    axis.set_yticks(
        range(len(candidates)), [f"trial {one['trial']}" for one in candidates], fontsize=9
    )
    axis.set_ylim(len(candidates) - 0.5, -0.5)
    axis.set_xlabel(
        literal(
            f"{result['metric']} ({'higher' if result['mode'] == 'max' else 'lower'} is better)"
        )
    )
    axis.set_title(
        f"chosen: trial {result['of']} ({result['rule']}); champion {result['trial']}", fontsize=10
    )
    style: dict[str, Any] = {"color": "#4b5563", "linestyle": "none"}
    marks = [
        Line2D([], [], marker="o", markersize=4, alpha=0.6, label="one seed", **style),
        Line2D([], [], marker="|", markersize=11, label="mean, 95 % interval", **style),
        Line2D(
            [], [], marker="D", markersize=6, markerfacecolor="none", label="in the search", **style
        ),
    ]
    figure.legend(handles=marks, loc="outside lower center", ncols=3, fontsize=8, frameon=False)
    plain(axis)
    return figure


def _row(axis: Axes, one: Mapping[str, Any], place: int, *, colour: str) -> None:
    scores = [score for score in one["scores"] if score is not None]
    axis.plot(
        scores, [place] * len(scores), "o", color=colour, markersize=4, alpha=0.6, linewidth=0
    )
    axis.plot(
        [one["search"]], [place], "D", markerfacecolor="none", markeredgecolor=colour, markersize=6
    )
    if one["interval"]:
        axis.plot(one["interval"], [place, place], color=colour, linewidth=1.5)
    if one["mean"] is not None:
        axis.plot([one["mean"]], [place], "|", color=colour, markersize=14, markeredgewidth=2)


def said_selection(result: Mapping[str, Any]) -> list[str]:
    """What a selection found, a sentence each."""
    seeds, chosen = (
        len(result["values"]),
        next(one for one in result["candidates"] if one["trial"] == result["of"]),
    )
    found = [
        f"Chosen: trial {result['of']}, by {RULES[result['rule']]}; {result['metric']} "
        f"{spread(chosen)} over seeds, {chosen['search']:.3f} in the search.",
        f"Champion: {result['trial']}, its repetition with the median score, not the luckiest.",
        *_stability(result["stability"]),
        *_difference(result["difference"]),
        *_control(result["control"]),
    ]
    if result["selections"] > 1:
        found.append(f"This is selection {result['selections']} of this study.")
    failed = sum(one["failed"] for one in result["candidates"])
    if failed:
        every = seeds * len(result["candidates"])
        found.append(
            f"{failed} of {every} repetitions did not complete; who fails more often than another "
            "is not chosen."
        )
    return [*found, *(f"Note: {note}." for note in result["notes"])]


def spread(one: Mapping[str, Any]) -> str:
    """`0.712 (0.690 ... 0.734)`"""
    if one["mean"] is None:
        return "–"
    low, high = one["interval"] or (None, None)
    return f"{one['mean']:.3f}" + (f" ({low:.3f} ... {high:.3f})" if low is not None else "")


def selection_table(result: Mapping[str, Any]) -> tuple[list[str], list[list[str]]]:
    """Heads and rows, for a terminal or a page."""
    seeds = result["stability"]["seeds"]
    heads = [
        "trial",
        f"{result['metric']} in the search",
        "mean over seeds (95 %)",
        "each seed",
        f"first of {seeds}",
    ]
    heads += ["mean rank", "numbers learnt"]
    rows = []
    for one in result["candidates"]:
        ranks = [rank for rank in one["ranks"] if rank is not None]
        each = " ".join("failed" if score is None else f"{score:.3f}" for score in one["scores"])
        mark = " *" if one["trial"] == result["of"] else ""
        mean_rank = f"{sum(ranks) / len(ranks):.1f}" if ranks else "–"
        first = str(one["first"]) if ranks else "–"
        cells = [one["trial"] + mark, f"{one['search']:.3f}", spread(one), each, first, mean_rank]
        rows.append([*cells, f"{one['learnt']:,}"])
    return heads, rows


def selection_section(result: Mapping[str, Any], picture: str) -> str:
    """HTML of a selection; `picture` is its figure as an element."""
    heads, rows = selection_table(result)
    head = "".join(f"<th>{escape(each)}</th>" for each in heads)
    body = "".join(
        f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows
    )
    said = "<br>".join(map(escape, said_selection(result)))
    grid = (
        "<div "
        f"class='scroll'><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )
    return f"<p class='soft'>{said}</p>{picture}{grid}"


def _stability(found: Mapping[str, Any]) -> list[str]:
    said = []
    if found["kendall_w"] is not None:
        nothing = 1 / found["seeds"]
        said.append(
            f"Agreement of the {found['seeds']} seeds' rankings: Kendall's W "
            f"{found['kendall_w']:.2f} (1: all alike; about {nothing:.2f}: nothing in common)."
        )
    if found["spearman"] is not None:
        said.append(
            "Spearman correlation of the search's ranking with that over seeds: "
            f"{found['spearman']:.2f}."
        )
    return said


def _difference(found: Mapping[str, Any] | None) -> list[str]:
    if found is None:
        return []
    told = f"Trial {found['first']} over {found['second']}, paired by seed: {spread(found)}."
    if found["interval"] is None:
        return [told]
    low, _ = found["interval"]
    apart = "" if low > 0 else " The interval contains 0: these seeds do not tell the two apart."
    return [told + apart]


def _control(found: Mapping[str, Any] | None) -> list[str]:
    if found is None:
        return []
    return [
        f"On {found['shuffles']} shuffles of {', '.join(found['shuffled'])}: {label} "
        f"{one['metric']} {one['true']:.3f} against {one['mean']:.3f} (p {one['p']:.3f})."
        for label, one in found["scores"].items()
    ]
