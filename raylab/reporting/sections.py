"""The sections of the HTML report: each takes the facts and returns HTML, or nothing when it has
nothing to say.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

import plotly.graph_objects as go
import yaml

from raylab.errors import DataError
from raylab.reporting import charts
from raylab.reporting import leaderboard as board
from raylab.reporting.choice import said_selection, selection_section
from raylab.reporting.codes import CURVES
from raylab.reporting.embedding import load_embedding
from raylab.reporting.pareto import front_chart
from raylab.reporting.score_sections import image
from raylab.reporting.summary import (
    BASELINE_NAMES,
    Champion,
    baseline_scores,
    compared_metric,
    verdict,
)
from raylab.tracking.events import TestRead
from raylab.tracking.records import Mode, TrialRecord, front

_MAX_EMBEDDINGS = 6  # a browser keeps few three-dimensional drawings alive at once


@dataclass(frozen=True)
class Facts:
    """Everything a report is made of."""

    study: Mapping[str, Any]
    metrics: tuple[str, ...]  # of the objectives
    modes: tuple[Mode, ...]
    records: list[TrialRecord]  # of the search
    winner: (
        TrialRecord | None
    )  # the champion of a selection over seeds, else the best of the search
    baselines: Mapping[str, Any] | None
    importance: Mapping[str, float] | None
    evaluation: Mapping[str, Any] | None
    test_reads: Sequence[TestRead]
    embedding: Path | None
    logs: Mapping[str, bool]  # which searched paths have a logarithmic scale
    scores: Path | None = None  # the folder of scores that compare embeddings
    repetitions: Sequence[TrialRecord] = ()  # over seeds, of trials of the search
    selection: Mapping[str, Any] | None = None  # what `raylab select` found
    rungs: tuple[int, ...] = ()  # steps at which the scheduler compares trials

    @property
    def metric(self) -> str:
        """The first objective, by which the winner is chosen and parameters are ranked."""
        return self.metrics[0]

    @property
    def mode(self) -> Mode:
        return self.modes[0]

    @property
    def front(self) -> list[TrialRecord]:
        """The trials of the Pareto front; none where there is one objective."""
        return front(self.records, *self.modes) if len(self.modes) > 1 else []

    @property
    def compared(self) -> str:
        """The metric by which the winner is held against the baselines."""
        label = self.study.get("label")
        return compared_metric(
            self.winner, metric=self.metric, baselines=self.baselines, label=label
        )

    @property
    def matched(self) -> dict[str, float]:
        """The baselines' scores by `compared`."""
        return baseline_scores(self.baselines, metric=self.compared, label=self.study.get("label"))


def headline(facts: Facts) -> str:
    study, data = facts.study, facts.study.get("data") or {}
    said = verdict(
        facts.records,
        mode=facts.mode,
        more=facts.modes[1:],
        metric=facts.metric,
        baselines=facts.matched,
        compared=facts.compared,
        champion=_champion(facts),
    )
    label = f" of {study['label']}" if study.get("label") else ""
    aims = [
        f"{'highest' if mode == 'max' else 'lowest'} "
        f"{metric}{label if metric.startswith('decoding.') else ''}"
        for metric, mode in zip(facts.metrics, facts.modes)
    ]
    parts = [
        f"{(study.get('task') or {}).get('kind', '')} {study.get('kind', '')}",
        f"data {Path(str(data.get('path', '?'))).name}",
        f"fingerprint {str(data.get('fingerprint', '?'))[:12]}",
        " and ".join(aims),
        time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(study.get("created", 0))),
    ]
    return (
        f"<h1>{escape(str(study['name']))}</h1><p class='soft'>{escape(' · '.join(parts))}</p>"
        f"<div class='verdict {said.kind}'>{escape(said.text)}</div>{_cards(facts)}"
    )


def _champion(facts: Facts) -> Champion | None:
    if facts.selection is None or facts.winner is None:
        return None
    return Champion(facts.winner, said_selection(facts.selection)[0])


def choice(facts: Facts) -> str:
    """Of a selection that has ended."""
    if facts.selection is None:
        return ""
    picture = facts.scores / "selection.png" if facts.scores else None
    drawn = image(picture, "scores over seeds") if picture and picture.is_file() else ""
    return selection_section(facts.selection, drawn)


def cost(facts: Facts) -> str:
    """Of all trials by state, and of repetitions."""
    groups = {
        state: [one for one in facts.records if one.state == state]
        for state in _states(facts.records)
    }
    groups |= {"repetitions over seeds": list(facts.repetitions)} if facts.repetitions else {}
    groups |= {"all": [*facts.records, *facts.repetitions]}
    heads = "".join(
        f"<th>{head}</th>"
        for head in ("", "trials", "hours of trials", "CPU-seconds", "GPU-seconds")
    )
    body = "".join(
        f"<tr><td>{escape(name)}</td><td>{len(found)}</td><td>{sum(one.seconds for one in found) / 3600:.2f}</td>"
        f"<td>{sum(one.cpu_seconds for one in found):,.0f}</td>"
        f"<td>{sum(one.gpu_seconds for one in found):,.0f}</td></tr>"
        for name, found in groups.items()
    )
    note = "What was reserved for a trial's workers, times how long they had it; over all attempts."
    table = f"<table><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>"
    return f"<p class='soft'>{note}</p>{table}" if facts.records else ""


def _states(records: Sequence[TrialRecord]) -> list[str]:
    return list(dict.fromkeys(record.state for record in records))


def leaderboard(facts: Facts) -> str:
    rows = board.rows([*facts.records, *facts.repetitions], *facts.modes, metrics=facts.metrics)
    if not rows:
        return "<p class='soft'>No trial has started.</p>"
    paths = list(dict.fromkeys(path for row in rows for path in row["params"]))
    short = board.short_names(paths)
    errors = {
        record.trial: said
        for record in facts.records
        if (said := record.error or board.note(record))
    }
    heads = [("trial", ""), ("state", ""), *((metric, "number") for metric in facts.metrics)]
    heads += [("over seeds (95 %)", "number")] if facts.repetitions else []
    heads += [("steps", "number"), ("wall s", "number"), ("CPU s", "number"), ("GPU s", "number")]
    heads += [("front", "")] if len(facts.metrics) > 1 else []
    heads += [(short[path], "") for path in paths] + ([("reason", "")] if errors else [])
    body = "".join(_row(facts, row, paths, errors=errors) for row in rows)
    foot = "".join(_baseline_row(facts, kind, columns=len(heads)) for kind in facts.matched)
    titles = "".join(f"<th class='sort {style}'>{escape(head)}</th>" for head, style in heads)
    table = (
        f"<table><thead><tr>{titles}</tr></thead><tbody>{body}</tbody><tfoot>{foot}</tfoot></table>"
    )
    return f"<div class='scroll'>{table}</div>"


def pareto(facts: Facts) -> str:
    figure = (
        front_chart(facts.records, metrics=facts.metrics, modes=facts.modes)
        if facts.front
        else None
    )
    note = (
        "On the front is each completed trial that no other equals in every objective and beats "
        "in one."
    )
    return f"<p class='soft'>{note}</p>{figure_html(figure)}" if figure is not None else ""


def curves(facts: Facts) -> str:
    winner = facts.winner.trial if facts.winner else None
    names = dict.fromkeys([*facts.metrics, "loss", *CURVES])
    shown = [*facts.records, *([facts.winner] if facts.winner and facts.winner.of else [])]
    drawn = [
        charts.learning_curves(shown, metric=name, winner=winner, rungs=facts.rungs)
        for name in names
    ]
    steps = (
        f"Dotted lines: trials are compared at steps {', '.join(map(str, facts.rungs))}. "
        if facts.rungs
        else ""
    )
    pruned = (
        "A cross: the trial was pruned there."
        if any(one.state == "pruned" for one in shown)
        else ""
    )
    note = f"<p class='soft'>{steps}{pruned}</p>" if steps or pruned else ""
    return note + "".join(figure_html(figure) for figure in drawn if figure is not None)


def importance(facts: Facts) -> str:
    if facts.study.get("kind") == "train":
        return ""
    if not facts.importance:
        return "<p class='soft'>Not computed: it needs several completed trials that differ.</p>"
    return _of_first(facts) + figure_html(charts.importance_bars(facts.importance))


def parallel(facts: Facts) -> str:
    figure = charts.parallel_coordinates(
        facts.records, metric=facts.metric, mode=facts.mode, logs=facts.logs
    )
    note = _of_first(facts) + (
        "<p class='soft'>Completed trials. Drag along an axis to select; drag an axis to move "
        "it.</p>"
    )
    return note + figure_html(figure) if figure is not None else ""


def slices(facts: Facts) -> str:
    figure = None
    if len(facts.records) > 1:
        figure = charts.slices(facts.records, metric=facts.metric, logs=facts.logs)
    return _of_first(facts) + figure_html(figure) if figure is not None else ""


def _of_first(facts: Facts) -> str:
    several = len(facts.metrics) > 1
    return f"<p class='soft'>Of the first objective, {escape(facts.metric)}.</p>" if several else ""


def embeddings(facts: Facts) -> str:
    if facts.embedding is None or not facts.embedding.is_file():
        return ""
    try:
        found = load_embedding(facts.embedding)
    except DataError as error:
        return f"<p class='warning'>{escape(error.what)}</p>"
    shown = found.colourings[:_MAX_EMBEDDINGS]
    hidden = len(found.colourings) - len(shown)
    note = f"{len(found.points)} validation samples in {found.points.shape[1]} dimensions"
    note += f"; {hidden} more labels are in the file" if hidden else ""
    drawn = "".join(figure_html(charts.embedding(found, colouring)) for colouring in shown)
    return (
        f"<p class='soft'>{note}.</p><div class='{'pair' if len(shown) > 1 else ''}'>{drawn}</div>"
    )


def evaluation(facts: Facts) -> str:
    times = len(facts.test_reads)
    if not facts.evaluation:
        return f"<p class='soft'>{'Not read: it is untouched.' if not times else _reads(facts)}</p>"
    kinds = [kind for kind in BASELINE_NAMES if kind in (facts.evaluation.get("baselines") or {})]
    heads = ["label", "metric", f"trial {facts.evaluation.get('trial')}", "95 % interval"]
    titles = "".join(
        f"<th>{escape(str(head))}</th>"
        for head in [*heads, *(BASELINE_NAMES[kind] for kind in kinds)]
    )
    body = "".join(
        _test_row(facts.evaluation, label, metric, kinds)
        for label, scores in (facts.evaluation.get("scores") or {}).items()
        for metric in scores
    )
    table = f"<table><thead><tr>{titles}</tr></thead><tbody>{body}</tbody></table>"
    style = "warning" if times > 1 else "soft"
    return f"<p class='{style}'>{_reads(facts)}</p><div class='scroll'>{table}</div>"


def config(facts: Facts) -> str:
    if facts.winner is None:
        return ""
    text = yaml.safe_dump(facts.winner.config, sort_keys=False, allow_unicode=True)
    return (
        "<details><summary>Trial "
        f"{escape(facts.winner.trial)}</summary><pre>{escape(text)}</pre></details>"
    )


def environment(facts: Facts) -> str:
    git = facts.study.get("git") or {}
    code = (
        f"{git.get('commit')}{' with uncommitted changes' if git.get('dirty') else ''}"
        if git
        else "not under git"
    )
    packages = facts.study.get("packages") or {}
    listed = "".join(
        f"<tr><td>{escape(str(k))}</td><td>{escape(str(v))}</td></tr>" for k, v in packages.items()
    )
    identity = f"study {facts.study.get('id')} · code {code}"
    return (
        f"<p class='soft'>{escape(identity)}</p>"
        f"<details><summary>Packages</summary><table><tbody>{listed}</tbody></table></details>"
    )


def _cards(facts: Facts) -> str:
    states = [record.state for record in facts.records]
    counts = ", ".join(f"{states.count(state)} {state}" for state in dict.fromkeys(states))
    name = "champion" if facts.selection else "best trial"
    cards = [("best", facts.winner.score, f"{name} ({facts.winner.trial})")] if facts.winner else []
    if facts.winner:
        others = zip(facts.metrics[1:], facts.winner.scores[1:])
        cards += [
            ("", score, f"its {metric}") for metric, score in others if metric != facts.compared
        ]
    if facts.winner and facts.compared != facts.metric:
        cards.append(("best", facts.winner.metrics[facts.compared], f"its {facts.compared}"))
    cards += [("", score, BASELINE_NAMES.get(kind, kind)) for kind, score in facts.matched.items()]
    drawn = [
        f"<div class='card {style}'><b>{score:.3f}</b><span>{escape(name)}</span></div>"
        for style, score, name in cards
    ]
    drawn.append(
        "<div "
        f"class='card'><b>{len(states)}</b><span>{_plural(states)}{': ' * bool(counts)}{counts}</span></div>"
    )
    return f"<div class='cards'>{''.join(drawn)}</div>"


def _plural(states: Sequence[str]) -> str:
    return "trial" if len(states) == 1 else "trials"


def _row(
    facts: Facts,
    row: Mapping[str, Any],
    paths: Sequence[str],
    *,
    errors: Mapping[str, str],
) -> str:
    trial, state, winner = row["trial"], row["state"], facts.winner
    found = row.get("scores", {facts.metric: row["score"]})
    scores = [found.get(metric) for metric in facts.metrics]
    cells = [
        f"<td>{escape(trial)}</td>",
        f"<td><span class='state {escape(state)}'>{escape(state)}</span></td>",
        *(_number(score, f"{score:.4f}" if score is not None else "–") for score in scores),
        *(
            [_number((row["seeds"] or {}).get("mean"), board.shown_seeds(row["seeds"]))]
            if "seeds" in row
            else []
        ),
        _number(row["steps"], str(row["steps"])),
        _number(row["seconds"], f"{row['seconds']:,.0f}"),
        *(_number(row[name], f"{row[name]:,.0f}") for name in ("cpu_seconds", "gpu_seconds")),
        *([f"<td>{board.yes_or_no(row['front'])}</td>"] if "front" in row else []),
        *(_parameter(row["params"].get(path)) for path in paths),
    ]
    if errors:
        cells.append(
            f"<td class='wrap'>{escape(' '.join(errors.get(trial, '').split())[:400])}</td>"
        )
    mark = " class='winner'" if winner is not None and trial in (winner.trial, winner.of) else ""
    return f"<tr{mark}>{''.join(cells)}</tr>"


def _baseline_row(facts: Facts, kind: str, *, columns: int) -> str:
    """A baseline's score under the objective's column only where it is one of the objective."""
    score = f"{facts.matched[kind]:.4f}"
    own = facts.compared == facts.metric
    rest = (
        [_settings(facts, kind)] if own else [f"{facts.compared} {score}", _settings(facts, kind)]
    )
    return (
        f"<tr><td></td><td>baseline: {escape(BASELINE_NAMES.get(kind, kind))}</td>"
        f"<td class='number'>{score if own else ''}</td>"
        f"<td colspan={columns - 3}>{escape(' · '.join(filter(None, rest)))}</td></tr>"
    )


def _number(value: float | None, text: str) -> str:
    return f"<td class='number' data-value='{'' if value is None else value}'>{text}</td>"


def _parameter(value: Any) -> str:
    plain = "" if value is None else escape(str(value), quote=True)
    return f'<td data-value="{plain}">{escape(board.text(value))}</td>'


def _settings(facts: Facts, kind: str) -> str:
    """How a baseline was made, as far as `baselines.json` says: settings, or settings by label and
    session.
    """
    settings = ((facts.baselines or {}).get("settings") or {}).get(kind) or {}
    settings = settings.get(facts.study.get("label"), settings)
    sessions = [each for each in settings.values() if isinstance(each, Mapping)]
    if len(sessions) > 1 and any(each != sessions[0] for each in sessions):
        return f"chosen for each of {len(sessions)} sessions"
    chosen = sessions[0] if sessions else settings
    return ", ".join(f"{name} {board.text(value)}" for name, value in chosen.items())


def _reads(facts: Facts) -> str:
    times = len(facts.test_reads)
    how = ", ".join(
        f"to {escape(read.purpose)} trial {escape(read.trial)} "
        f"({time.strftime('%Y-%m-%d %H:%M', time.gmtime(read.time))})"
        for read in facts.test_reads
    )
    said = (
        "The test split was read "
        f"{'once' if times == 1 else f'{times} times'}{': ' * bool(how)}{how}."
    )
    return said + (
        " A score chosen after several reads is no longer an untouched one." if times > 1 else ""
    )


def _test_row(evaluation: Mapping[str, Any], label: str, metric: str, kinds: Sequence[str]) -> str:
    interval = ((evaluation.get("intervals") or {}).get(label) or {}).get(metric)
    baselines = evaluation.get("baselines") or {}
    scores = [((baselines.get(kind) or {}).get(label) or {}).get(metric) for kind in kinds]
    cells = [
        escape(label),
        escape(metric),
        f"<b>{_score(evaluation['scores'][label][metric])}</b>",
        f"{_score(interval[0])} to {_score(interval[1])}" if interval else "–",
        *map(_score, scores),
    ]
    return f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"


def _score(value: Any) -> str:
    return f"{value:.3f}" if isinstance(value, int | float) else "–"


def figure_html(figure: go.Figure) -> str:
    return figure.to_html(
        full_html=False,
        include_plotlyjs=False,
        include_mathjax=False,
        config={"displaylogo": False, "responsive": True, "modeBarButtons": [["toImage"]]},
    )
