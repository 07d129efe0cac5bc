"""What the report says of each kind of score: sentences, and a table where one helps."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from raylab.reporting.score_files.common import ScoreJson, Spread
from raylab.reporting.score_files.embeddings import (
    AlternativesScore,
    ComparisonScore,
    ConfusionScore,
    ConsistencyScore,
    ShuffledLabel,
    ShufflesScore,
    TopologyScore,
)
from raylab.reporting.tables.alternatives import shown_metrics
from raylab.reporting.tables.cells import number


@dataclass(frozen=True)
class Summary:
    """A score as text: `lines`, and a table of `heads` and `rows`; no heads where there is none."""

    lines: Sequence[str]
    heads: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()


def consistency(result: ScoreJson) -> Summary:
    score = cast(ConsistencyScore, result)
    aligned = f", aligned by {score['label']}" if score["label"] else ""
    samples = f"{score['samples']} {'bins' if score['label'] else 'samples'}"
    line = (
        f"Mean R2 {score['mean']:.3f} (pairs {score['least']:.3f} to {score['most']:.3f}; "
        f"{score['chance']:.3f} for independent samples) over {samples} of the {score['split']} "
        f"split{aligned}. Trials {', '.join(score['trials'])}."
    )
    return Summary([line, *score["notes"]])


def topology(result: ScoreJson) -> Summary:
    score = cast(TopologyScore, result)
    first = (
        f"Trial {score['trial']}, {score['split']} split, against {score['shuffles']} shuffles "
        "of units in time."
    )
    sessions = [
        f"{name}: Betti numbers {', '.join(map(str, session['betti']))} of {session['landmarks']} "
        "landmarks."
        for name, session in score["sessions"].items()
    ]
    return Summary([first, *sessions])


def comparison(result: ScoreJson) -> Summary:
    score = cast(ComparisonScore, result)
    methods = score["methods"]
    columns = dict.fromkeys(
        (label, metric)
        for method in methods.values()
        for label, scores in method["scores"].items()
        for metric in scores
    )
    line = (
        f"{score['split']} split, at most {score['samples']} samples per split and session, the "
        "same samples for all methods."
    )
    rows = [
        [
            name + (" (transductive)" if method["transductive"] else ""),
            str(method["dimensions"]),
            *(number(method["scores"].get(label, {}).get(metric)) for label, metric in columns),
        ]
        for name, method in methods.items()
    ]
    heads = ["embedding", "dimensions", *(f"{label}: {metric}" for label, metric in columns)]
    return Summary([line], heads, rows)


def shuffles(result: ScoreJson) -> Summary:
    score = cast(ShufflesScore, result)
    line = (
        f"Trial {score['trial']} trained again on {score['shuffles']} shuffles of its labels; "
        f"{score['split']} split."
    )
    heads = ["label", "metric", "true", "shuffled (mean)", "shuffled (range)", "gap", "p"]
    return Summary([line], heads, [_shuffled(*item) for item in score["scores"].items()])


def _shuffled(label: str, score: ShuffledLabel) -> list[str]:
    extent = f"{number(min(score['shuffled']))} to {number(max(score['shuffled']))}"
    true, mean = number(score["true"]), number(score["mean"])
    return [label, score["metric"], true, mean, extent, number(score["gap"]), number(score["p"])]


def alternatives(result: ScoreJson) -> Summary:
    score = cast(AlternativesScore, result)
    metrics = shown_metrics(score)
    line = (
        f"{score['over']}: means of {score['seeds']} seeds (95 % interval), {score['steps']} "
        "steps each."
    )
    rows = [
        [
            name,
            f"{alternative['learnt']:,}",
            *(_with_interval(alternative["metrics"].get(metric)) for metric in metrics),
        ]
        for name, alternative in score["alternatives"].items()
    ]
    return Summary([line], ["", "numbers learnt", *metrics], rows)


def _with_interval(spread: Spread | None) -> str:
    if spread is None or not spread["interval"]:
        return number(spread and spread["mean"])
    low, high = spread["interval"]
    return f"{spread['mean']:.3g} ({low:.3g} ... {high:.3g})"


def confusion(result: ScoreJson) -> Summary:
    score = cast(ConfusionScore, result)
    sessions = f"{score['sessions']} session" + ("s" if score["sessions"] > 1 else "")
    line = (
        f"Trial {score['trial']}, {score['split']} split: {score['samples']} samples of {sessions}."
    )
    mistakes = [
        f"{mistake['true']} for {mistake['predicted']} ({mistake['fraction']:.0%})"
        for mistake in score["mistakes"]
    ]
    if mistakes:
        line += f" Most often mistaken (true for predicted): {', '.join(mistakes)}."
    return Summary([line])


Kinds = Mapping[str, Callable[[ScoreJson], Summary]]
# By the beginning of the file's name.
EMBEDDINGS_COMPARED: Kinds = {
    "consistency": consistency,
    "topology": topology,
    "comparison": comparison,
    "shuffles": shuffles,
    "alternatives": alternatives,
}
CONFUSIONS: Kinds = {"confusion": confusion}
