"""Checks of the splits of a session: what its training cannot show, or its scores cannot say."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from raylab.data.checks.wording import NAMES, listed
from raylab.data.session import Label, Session
from raylab.data.views.variation import label_varies, value_text

FEW_SAMPLES = 20
MANY_CLASSES = 10  # a label with more of them, each in one split only, is a number of trials

Split = dict[int, np.ndarray]  # split code -> (K,) samples; only splits that have samples


def samples_of(parts: np.ndarray) -> Split:
    """The samples of each split that has any.

    Args:
        parts: (P, 3) rows [start, stop, split code].
    """
    return {
        code: np.concatenate([np.arange(start, stop) for start, stop, own in parts if own == code])
        for code in NAMES
        if (parts[:, 2] == code).any()
    }


def short_splits(session: Session, splits: Split) -> Iterator[str]:
    """A split on which a score says little."""
    few = [
        f"{NAMES[code]} ({len(samples)})"
        for code, samples in splits.items()
        if len(samples) < FEW_SAMPLES
    ]
    if few:
        yield f"Splits with fewer than {FEW_SAMPLES} samples: {listed(few)}."


def splits_without_label(session: Session, splits: Split) -> Iterator[str]:
    """A label that has values, but none in a split."""
    for name, label in session.labels.items():
        labelled = label.labelled
        lacking = [NAMES[code] for code, samples in splits.items() if not labelled[samples].any()]
        if lacking and labelled.any():
            yield f"Label '{name}' has no value in any {' or '.join(lacking)} sample."


def constant_in_a_split(session: Session, splits: Split) -> Iterator[str]:
    """A label that varies, but not in a split: no score of it can be computed there."""
    for name, label in session.labels.items():
        if not label_varies(label):
            continue
        own = {
            code: replace(label, values=label.values[samples]) for code, samples in splits.items()
        }
        parts = [
            f"{value_text(values)} in all {NAMES[code]} samples"
            for code, values in own.items()
            if values.labelled.sum() > 1 and not label_varies(values)
        ]
        # Where each split has one class, the note on classes says so.
        if parts and (label.kind != "discrete" or len(parts) < len(splits)):
            yield f"Label '{name}' is {'; '.join(parts)}."


def classes_of_one_split(session: Session, splits: Split) -> Iterator[str]:
    """Classes that a decoder cannot learn, or is never scored on."""
    for name, label in session.labels.items():
        if label.kind == "discrete" and len(splits) > 1:
            classes = {code: _classes(label, samples) for code, samples in splits.items()}
            yield from notes_on_classes(name, classes)


def _classes(label: Label, samples: np.ndarray) -> set[str]:
    codes = np.unique(label.values[samples])
    return {label.classes[code] for code in codes[codes >= 0]}


def notes_on_classes(name: str, classes: dict[int, set[str]]) -> Iterator[str]:
    """A note on the classes of a label that occur in one split only.

    Args:
        classes: Those that occur in each split.
    """
    every: set[str] = set().union(*classes.values())
    alone: dict[int, set[str]] = {
        code: own - set().union(*(other for key, other in classes.items() if key != code))
        for code, own in classes.items()
    }
    if len(every) > MANY_CLASSES and sum(map(len, alone.values())) == len(every):
        yield (
            f"Each of the {len(every)} classes of label '{name}' occurs in one split only, so "
            "no decoder can learn what is scored."
        )
        return
    parts = [
        f"{_classes_text(own)} in {NAMES[code]} samples only" for code, own in alone.items() if own
    ]
    if parts:
        yield f"Label '{name}' has {'; '.join(parts)}."


def _classes_text(classes: set[str]) -> str:
    ordered: list[str] = sorted(classes, key=_order)
    return f"{'class' if len(ordered) == 1 else 'classes'} {listed(ordered)}"


def _order(name: str) -> tuple[bool, float, str]:
    """Numbers in their order, then texts in theirs."""
    is_number = name.removeprefix("-").replace(".", "", 1).isdecimal()
    return (not is_number, float(name) if is_number else 0.0, name)
