"""Labelled samples of several sessions in one embedding space, for sessions that have none to fit a
decoder with.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from raylab.config.training import EvaluationConfig
from raylab.data.examples import examples_of, gather
from raylab.data.session import Label
from raylab.data.views.view import Timeline
from raylab.errors import TrainingError
from raylab.evaluation.decoding import Pool


def pool_samples(
    timelines: Mapping[str, Timeline],
    features: Mapping[str, np.ndarray] | None,
    config: EvaluationConfig,
    *,
    label: str,
    fit: Sequence[str],
    like: Label,
) -> Pool | None:
    """The labelled samples of the splits `fit` of every session that has this label in the same
    form.

    At most `config.max_samples` of a split, in equal shares of the sessions, evenly spaced.

    Args:
        features: (rows of the view, D) of each session, in one space; None where only labels are
            asked for.
        like: The label of the session to be decoded. Classes are matched by name; those that it
            lacks get codes beyond its own.

    Returns:
        None where no session has such a sample.
    """
    alike = {
        name: line for name, line in timelines.items() if _alike(line.reference.get(label), like)
    }
    share = max(1, config.max_samples // max(len(alike), 1))
    classes = list(like.classes)
    pieces, values = [], []
    for name, timeline in alike.items():
        examples = examples_of(timeline, label, per=config.per).labelled(fit, share)
        known, rows = examples.label, examples.rows
        pieces.append(
            gather(features[name], rows) if features is not None else np.zeros((len(rows), 0))
        )
        values.append(_renamed(known, classes) if known.kind == "discrete" else known.values)
    if not sum(map(len, values)):
        return None
    if len({each.shape[1] for each in pieces}) > 1:
        raise TrainingError(
            f"evaluation.per '{config.per}': examples of some sessions have more rows than those "
            "of others",
            "Use evaluation.per: sample where a whole session is held out.",
        )
    pooled = Label(
        kind=like.kind, values=np.concatenate(values), unit=like.unit, classes=tuple(classes)
    )
    return Pool(np.concatenate(pieces), pooled)


def _alike(label: Label | None, like: Label) -> bool:
    return label is not None and (label.kind, label.unit, label.values.shape[1:]) == (
        like.kind,
        like.unit,
        like.values.shape[1:],
    )


def _renamed(label: Label, classes: list[str]) -> np.ndarray:
    """Codes of a label as codes into `classes`, which grows by those it lacks."""
    classes += [name for name in label.classes if name not in classes]
    return np.array([classes.index(name) for name in label.classes], np.int64)[label.values]
