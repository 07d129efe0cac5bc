"""Labels as tasks use them: which label is decoded, what training sees of the labels, and the
scores of decoding.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from raylab.config.trial import TrialConfig
from raylab.data.datasets.specs import LabelSpec, SessionSpec
from raylab.data.examples import SAMPLE
from raylab.data.shard import check_combination
from raylab.data.views.view import TIME, Timeline, view_labels
from raylab.errors import ConfigError
from raylab.evaluation.decoding import Decoded, decode, mean_scores
from raylab.evaluation.metrics import DECODING, SCORE, directions, primary
from raylab.evaluation.readouts import require_settings
from raylab.evaluation.scores import names_of
from raylab.sampling.shuffling import shifted_labels
from raylab.tasks.embedding import session_pool


def decoded_label(config: TrialConfig, timeline: Timeline) -> str | None:
    """The label to decode: the one of `task.label`, or the session's first. The time that the view
    adds as a label is decoded only where `task.label` names it.
    """
    added = {TIME} if config.view.normalized_time else set()
    return config.task.label or next((name for name in timeline.labels if name not in added), None)


def training_timeline(config: TrialConfig, timeline: Timeline) -> Timeline:
    """The timeline as training sees it: with true labels, or with shuffled ones in a control."""
    seed = config.controls.shuffle
    return timeline if seed is None else shifted_labels(timeline, seed)


def check_labels(
    config: TrialConfig, sessions: Mapping[str, SessionSpec], named: Iterable[tuple[str, str]] = ()
) -> None:
    """Raise a ConfigError where the sessions lack a label that the config names, where such a label
    does not mean the same in all of them, or where they cannot be combined. Reads no data.

    Args:
        named: (config path, label) of the labels that the family's own sections name.
    """
    check_combination(sessions, config.view, config.sessions)
    per = config.evaluation.per
    for spec in config.sessions.used(sessions).values():
        if per not in (SAMPLE, *spec.longest):
            choices = ", ".join((SAMPLE, *spec.longest))
            older = (
                ""
                if spec.longest
                else " An older raylab prepared this dataset, without its groups: prepare it again."
            )
            raise ConfigError(
                f"evaluation.per: session '{spec.id}' has no '{per}'",
                f"Use one of: {choices}.{older}",
            )
    selection = config.view.selection
    paths = [("task.label", config.task.label)] if config.task.label else []
    paths += named
    if selection.kind == "correlation" and selection.label:
        paths.append(("view.selection.label", selection.label))
    for spec in config.sessions.used(sessions).values():
        labels = view_labels(spec.labels, config.view)
        decoded = config.task.label or next(iter(spec.labels), "")
        if decoded in labels:
            decoder, kind = config.evaluation.decoder, labels[decoded].kind
            require_settings(decoder, kind, label=decoded, section="evaluation.decoder")
        for key, name in paths:
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
    for key, name in paths:
        known = {
            spec.id: view_labels(spec.labels, config.view)[name]
            for spec in config.sessions.used(sessions).values()
        }
        require_one_meaning(name, known, key=key)


def require_one_meaning(
    name: str, labels: Mapping[str, LabelSpec], *, key: str = "task.label"
) -> None:
    """Raise a ConfigError where a label differs between sessions in kind, unit or number of
    columns: a mean of its scores would mean nothing, and one model of it would learn nonsense.

    Args:
        labels: What each session says about the label.
        key: The config path that names the label.
    """
    session, first = next(iter(labels.items()))
    for other, label in labels.items():
        if label.meaning != first.meaning:
            raise ConfigError(
                f"{key} '{name}' is {first} in session '{session}' and {label} in '{other}'",
                "Choose a label that means the same in all sessions.",
            )


def decoding_metrics(
    config: TrialConfig, sessions: Mapping[str, SessionSpec], *, class_scores: bool = False
) -> dict[str, str]:
    """The names of `decoding_scores`, each with "max" or "min".

    Args:
        class_scores: Whether the decoder gives a score for each class.
    """
    first = next(iter(sessions.values()))
    label = config.task.label or next(iter(first.labels), None)
    if not label:
        return {}
    spec = view_labels(first.labels, config.view)[label]
    names = names_of(spec, class_scores=class_scores)
    return directions(SCORE, *(f"{DECODING}{name}" for name in names))


def decoded_sessions(
    config: TrialConfig, embeddings: Mapping[str, np.ndarray], timelines: Mapping[str, Timeline]
) -> dict[str, Decoded]:
    """Validation samples decoded from embeddings, by session. Empty where nothing can be decoded,
    and where the first labels of sessions are different ones.

    Args:
        embeddings: (rows of the view, D) of each session.
    """
    known = {name: decoded_label(config, timelines[name]) for name in embeddings}
    if len({_meaning(timelines[name], label) for name, label in known.items() if label}) > 1:
        return {}
    sessions = {
        name: _decoded(config, embeddings, timelines, name, label)
        for name, label in known.items()
        if label
    }
    return {name: decoded for name, decoded in sessions.items() if decoded is not None}


def decoding_scores(decoded: Mapping[str, Decoded]) -> dict[str, float]:
    """Scores of what was decoded: means over sessions. Empty where nothing was."""
    scores = {
        f"decoding.{name}": value
        for name, value in mean_scores([each.scores for each in decoded.values()]).items()
    }
    if decoded:
        first = next(iter(decoded.values()))
        scores[SCORE] = scores[f"{DECODING}{primary(first.kind)}"]
    return scores


def _meaning(timeline: Timeline, name: str) -> tuple[str, str, str, tuple[int, ...]]:
    label = timeline.reference[name]
    return name, label.kind, label.unit, label.values.shape[1:]


def _decoded(
    config: TrialConfig,
    embeddings: Mapping[str, np.ndarray],
    timelines: Mapping[str, Timeline],
    session: str,
    label: str,
) -> Decoded | None:
    fit = ("train",)
    return decode(
        embeddings[session],
        timelines[session],
        config.evaluation,
        label=label,
        fit=fit,
        score="valid",
        pool=session_pool(config, timelines, embeddings, session=session, label=label, fit=fit),
    )
