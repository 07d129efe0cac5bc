"""The report's section on scores that compare embeddings: what each says in a line, its figure, its
table.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from raylab.errors import DataError
from raylab.files import atomic_path, read_json
from raylab.reporting.alternatives import UNVERIFIED, published, shown_metrics

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def score_section(
    folder: Path, say: Mapping[str, Callable[[Mapping[str, Any]], str]] | None = None
) -> str:
    """What a study's `scores` folder holds; nothing where there is none.

    Args:
        say: What is said of each kind of score, by the beginning of its file's name; default: of
            those that compare embeddings.
    """
    say = _SAY if say is None else say
    parts = []
    for path in sorted(folder.glob("*.json")):
        tell = say.get(path.stem.split("-")[0])
        if tell is None:
            continue
        try:
            said = tell(read_json(path))
        except (DataError, KeyError, TypeError, ValueError):
            said = f"<p class='warning'>{escape(path.name)} cannot be read.</p>"
        picture = path.with_suffix(".png")
        drawn = image(picture, path.stem) if picture.is_file() else ""
        parts.append(f"<h3>{escape(path.stem)}</h3>{said}{drawn}")
    return "".join(parts)


def _consistency(found: Mapping[str, Any]) -> str:
    by = f", aligned by {found['label']}" if found["label"] else ""
    what = (
        f"{found['samples']} {'bins' if found['label'] else 'samples'} of the {found['split']} "
        f"split{by}"
    )
    line = (
        f"Mean R2 {found['mean']:.3f} (pairs {found['least']:.3f} to {found['most']:.3f}; "
        f"{found['chance']:.3f} for "
        f"independent samples) over {what}. Trials {', '.join(found['trials'])}."
    )
    return _lines(line, *found["notes"])


def _topology(found: Mapping[str, Any]) -> str:
    said = [
        f"{name}: Betti numbers {', '.join(map(str, one['betti']))} of {one['landmarks']} "
        "landmarks."
        for name, one in found["sessions"].items()
    ]
    how = (
        f"Trial {found['trial']}, {found['split']} split, against {found['shuffles']} shuffles "
        "of units in time."
    )
    return _lines(how, *said)


def _comparison(found: Mapping[str, Any]) -> str:
    columns = dict.fromkeys(
        (label, metric)
        for one in found["methods"].values()
        for label in one["scores"]
        for metric in one["scores"][label]
    )
    heads = ["embedding", "dimensions", *(f"{label}: {metric}" for label, metric in columns)]
    rows = [
        [name + (" (transductive)" if one["transductive"] else ""), str(one["dimensions"])]
        + [_number(one["scores"].get(label, {}).get(metric)) for label, metric in columns]
        for name, one in found["methods"].items()
    ]
    how = (
        f"{found['split']} split, at most {found['samples']} samples a split and session, the "
        "same for all."
    )
    return _lines(how) + _table(heads, rows)


def _shuffles(found: Mapping[str, Any]) -> str:
    heads = ["label", "metric", "true", "shuffled (mean)", "shuffled (range)", "gap", "p"]
    rows = [_shuffled_row(label, one) for label, one in found["scores"].items()]
    how = (
        f"Trial {found['trial']} trained again on {found['shuffles']} shuffles of its labels; "
        f"{found['split']} split."
    )
    return _lines(how) + _table(heads, rows)


def _shuffled_row(label: str, one: Mapping[str, Any]) -> list[str]:
    extent = f"{_number(min(one['shuffled']))} to {_number(max(one['shuffled']))}"
    true, mean, gap, p = (_number(one[name]) for name in ("true", "mean", "gap", "p"))
    return [label, one["metric"], true, mean, extent, gap, p]


def _alternatives(found: Mapping[str, Any]) -> str:
    metrics, told = shown_metrics(found), published(found)
    rows = [
        [
            name,
            f"{one['learnt']:,}",
            *(_with_interval(one["metrics"].get(metric)) for metric in metrics),
        ]
        for name, one in found["alternatives"].items()
    ]
    rows += [
        [f"{name} *", "", *(_number(one.get(metric)) for metric in metrics)]
        for name, one in told.items()
    ]
    how = (
        f"{found['over']}: means of {found['seeds']} seeds (95 % interval), {found['steps']} "
        "steps each."
    )
    return _lines(how, *([f"* {UNVERIFIED}"] if told else [])) + _table(
        ["", "numbers learnt", *metrics], rows
    )


def _with_interval(found: Mapping[str, Any] | None) -> str:
    if found is None or not found["interval"]:
        return _number(found and found["mean"])
    low, high = found["interval"]
    return f"{found['mean']:.3g} ({low:.3g} ... {high:.3g})"


_SAY: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "consistency": _consistency,
    "topology": _topology,
    "comparison": _comparison,
    "shuffles": _shuffles,
    "alternatives": _alternatives,
}


def _lines(*lines: str) -> str:
    return f"<p class='soft'>{'<br>'.join(map(escape, lines))}</p>"


def _number(value: Any) -> str:
    return f"{value:.3f}" if isinstance(value, int | float) else "–"


def _table(heads: list[str], rows: list[list[str]]) -> str:
    head = "".join(f"<th>{escape(each)}</th>" for each in heads)
    body = "".join(
        f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows
    )
    return (
        "<div "
        f"class='scroll'><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def image(path: Path, name: str) -> str:
    """A PNG within the page."""
    data = base64.b64encode(path.read_bytes()).decode()
    return (
        f'<img alt="{escape(name, quote=True)}" style="max-width:100%" '
        f'src="data:image/png;base64,{data}">'
    )


def keep_figures(path: Path, draw: Callable[[Path], Mapping[str, Figure]]) -> None:
    """Write what `draw` makes of an `embedding.safetensors` into the folder `figures` beside it;
    nothing where it is damaged, which the report's section says.
    """
    try:
        drawn = draw(path)
    except DataError:
        return
    for name, figure in drawn.items():
        with atomic_path(path.parent / "figures" / name) as temporary:
            figure.savefig(temporary, format="png")
