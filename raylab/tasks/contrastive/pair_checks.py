"""Whether labels can define the pairs of a contrastive trial: names and kinds, checked before any
data is read.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

from raylab.config.contrastive import ContrastiveTrial
from raylab.data.datasets.specs import LabelSpec, SessionSpec
from raylab.data.views.view import view_labels
from raylab.errors import ConfigError
from raylab.tasks.contrastive.pairs import label_names


def named_labels(config: ContrastiveTrial) -> list[tuple[str, str]]:
    """(config path, label) of every label that the objectives name."""
    several = config.sampling.conditional == "multi"
    return [
        (f"sampling.objectives.{name}.labels" if several else "sampling.labels", label)
        for name, objective in config.sampling.losses.items()
        for label in objective.pairs.named_labels
    ]


def check_pairs(config: ContrastiveTrial, sessions: Mapping[str, SessionSpec]) -> None:
    """Raise a ConfigError where the labels of these sessions cannot define the positives of
    `sampling`.
    """
    used: dict[str, list[dict[str, LabelSpec]]] = {}
    for spec in sessions.values():
        known = view_labels(spec.labels, config.view)
        default = config.task.label or next(iter(spec.labels), None)
        used[spec.id] = []
        for objective in config.sampling.losses.values():
            names = label_names(objective.pairs, default)
            if not names and objective.pairs.labelled:
                raise ConfigError(
                    f"sampling.conditional '{objective.pairs.conditional}': session '{spec.id}' "
                    "has no label",
                    "Use --set sampling.conditional=time.",
                )
            objective.pairs.check_labels([known[name].kind for name in names])
            used[spec.id].append({name: known[name] for name in names})
    if config.sampling.across:
        trained = [spec.id for spec in sessions.values() if spec.splits["train"]]
        _check_across({name: used[name][0] for name in trained})


def _check_across(labels: Mapping[str, Mapping[str, LabelSpec]]) -> None:
    """Raise a ConfigError unless the label of positives means the same in all sessions."""
    within = (
        "Use --set sampling.positives=within, or name labels that mean the same (sampling.labels)."
    )
    if len(labels) < 2:
        raise ConfigError(
            f"sampling.positives 'across': {len(labels)} session trains, two are needed", within
        )
    for (session, mine), (other, theirs) in pairwise(labels.items()):
        if list(mine) != list(theirs):
            names = [", ".join(of) for of in (mine, theirs)]
            raise ConfigError(
                f"sampling.positives 'across': positives of session '{session}' are defined by "
                f"{names[0]}, those of '{other}' by {names[1]}",
                "Set sampling.labels to labels that all sessions have.",
            )
        for name, label in mine.items():
            for what in ("kind", "unit", "dims"):
                a, b = getattr(label, what), getattr(theirs[name], what)
                if a != b:
                    raise ConfigError(
                        f"sampling.positives 'across': label '{name}': {what} is {a!r} in session "
                        f"'{session}' and {b!r} in '{other}'",
                        within,
                    )
    first = next(iter(labels.values()))
    for name in (name for name, label in first.items() if label.kind == "discrete"):
        if not set.intersection(*(set(of[name].classes) for of in labels.values())):
            raise ConfigError(
                f"sampling.positives 'across': no class of label '{name}' occurs in all of "
                f"{', '.join(labels)}",
                within,
            )
