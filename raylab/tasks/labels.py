"""Labels as tasks use them: which one is decoded, what training is told of them, and the scores of
decoding.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from raylab.config.trial import TrialConfig
from raylab.data.dataset import SessionSpec
from raylab.data.examples import SAMPLE
from raylab.data.shard import check_combination
from raylab.data.views.view import TIME, Timeline, view_labels
from raylab.errors import ConfigError
from raylab.evaluation.decoding import decode, mean_scores
from raylab.evaluation.readouts import require_support
from raylab.evaluation.scores import MINIMISED, PRIMARY, metrics_of
from raylab.sampling.shuffling import shifted_labels
from raylab.tasks.embedding import session_pool


def decoded_label(config: TrialConfig, timeline: Timeline) -> str | None:
    """The label to decode; never the time that the view added, unless it is named."""
    added = {TIME} if config.view.normalized_time else set()
    return config.task.label or next((name for name in timeline.labels if name not in added), None)


def training_timeline(config: TrialConfig, timeline: Timeline) -> Timeline:
    """What training is told of the labels: the truth, but in a shuffled control."""
    seed = config.controls.shuffle
    return timeline if seed is None else shifted_labels(timeline, seed)


def check_labels(
    config: TrialConfig, sessions: Mapping[str, SessionSpec], named: Iterable[tuple[str, str]] = ()
) -> None:
    """Raise ConfigError where the sessions lack a label that the config names, or cannot be
    combined; reads no data.

    Args:
        named: (config path, label) of the family's own.
    """
    check_combination(sessions, config.view, config.sessions)
    per = config.evaluation.per
    for spec in config.sessions.used(sessions).values():
        if per not in (SAMPLE, *spec.longest):
            choices = ", ".join((SAMPLE, *spec.longest))
            older = (
                ""
                if spec.longest
                else " Of groups, datasets of an older raylab say too little: prepare it again."
            )
            raise ConfigError(
                f"evaluation.per: session '{spec.id}' has no '{per}'",
                f"Use one of: {choices}.{older}",
            )
    selection = config.view.selection
    found = [("task.label", config.task.label)] if config.task.label else []
    found += named
    if selection.kind == "correlation" and selection.label:
        found.append(("view.selection.label", selection.label))
    for spec in config.sessions.used(sessions).values():
        labels = view_labels(spec.labels, config.view)
        decoded = config.task.label or next(iter(spec.labels), "")
        if decoded in labels:
            kind = config.evaluation.decoder.kind
            require_support(
                kind, labels[decoded].kind, label=decoded, key="evaluation.decoder.kind"
            )
        for key, name in found:
            if name not in labels:
                listed = ", ".join(labels) or "none"
                raise ConfigError(
                    f"{key}: session '{spec.id}' has no label '{name}'", f"Its labels: {listed}."
                )
        if selection.kind == "correlation" and not spec.labels:
            raise ConfigError(
                f"view.selection.kind 'correlation': session '{spec.id}' has no label",
                "Use --set view.selection.kind=variance.",
            )


def decoding_metrics(
    config: TrialConfig, sessions: Mapping[str, SessionSpec], *, class_scores: bool = False
) -> dict[str, str]:
    """Names of `decoding_scores` -> max or min.

    Args:
        class_scores: Whether what decodes says how likely each class is.
    """
    first = next(iter(sessions.values()))
    label = config.task.label or next(iter(first.labels), None)
    if not label:
        return {}
    spec = view_labels(first.labels, config.view)[label]
    return {"decoding.score": "max"} | {
        f"decoding.{name}": "min" if name in MINIMISED else "max"
        for name in metrics_of(spec, class_scores=class_scores)
    }


def decoding_scores(
    config: TrialConfig, embeddings: Mapping[str, np.ndarray], timelines: Mapping[str, Timeline]
) -> dict[str, float]:
    """Of validation samples, means over sessions; empty where nothing can be decoded.

    Args:
        embeddings: (rows of the view, D) of each session.
    """
    decoded = []
    for name, embedding in embeddings.items():
        label = decoded_label(config, timelines[name])
        if label:
            how: dict[str, Any] = {"label": label, "fit": ("train",)}
            pool = session_pool(config, timelines, embeddings, session=name, **how)
            decoded.append(
                decode(
                    embedding, timelines[name], config.evaluation, score="valid", pool=pool, **how
                )
            )
    present = [entry for entry in decoded if entry is not None]
    scores = {
        f"decoding.{name}": value
        for name, value in mean_scores([entry.scores for entry in present]).items()
    }
    if present:
        scores["decoding.score"] = scores[f"decoding.{PRIMARY[present[0].kind]}"]
    return scores
