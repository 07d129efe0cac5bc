"""Sessions of a dataset or a recording."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from raylab.cli.show.screen import console, print_table
from raylab.data.manifests.notes import notes_of

COLUMNS = 8  # of a label whose ranges are printed


def print_sessions(sessions: Sequence[Mapping[str, Any]], notes: Sequence[str] = ()) -> None:
    """A row per session, then the notes on them; `notes` are those on the whole dataset."""
    from raylab.reporting.tables.grid import Grid

    heads = ("session", "samples", "units", "Hz", "train / valid / test", "labels")
    rows = []
    for entry in sessions:
        split = " / ".join(str(entry["splits"].get(name, 0)) for name in ("train", "valid", "test"))
        labels = [_label_line(name, label) for name, label in entry["labels"].items()]
        labels += [
            f"{name} ({count} {name}s, to split by)"
            for name, count in entry.get("groups", {}).items()
        ]
        size = (str(entry["samples"]), str(entry["units"]), f"{entry['rate_hz']:g}")
        rows.append([entry["id"], *size, split, "\n".join(labels)])
    print_table(Grid(heads, rows, least=len(heads), folds=("session", "labels")))
    screen = console(stderr=False)
    for note in notes_of(sessions, notes):
        screen.print(note.line, markup=False, highlight=False, soft_wrap=True)


def _label_line(name: str, label: dict[str, Any]) -> str:
    """`velocity -0.1 ... 0.04 (continuous, cm/s, 12 unlabelled)`"""
    about = [
        label["kind"],
        label["unit"],
        f"{label['unlabelled']} unlabelled" if label["unlabelled"] else "",
    ]
    values = f"{len(label['classes'])} classes" if label["kind"] == "discrete" else ""
    if "range" in label:
        ranges = [f"{low:.3g} ... {high:.3g}" for low, high in zip(*label["range"])]
        more = (
            f" and {len(ranges) - COLUMNS} more columns" if len(ranges) > COLUMNS else ""
        )  # pixels are many
        values = ", ".join(ranges[:COLUMNS]) + more
    return f"{name} {values} ({', '.join(part for part in about if part)})"
