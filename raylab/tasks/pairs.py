"""Which samples a contrastive trial compares: labels for its objectives, and the rows of a step,
session by session or over all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch

from raylab.config.contrastive import ContrastiveTrial
from raylab.config.pairs import PairsConfig
from raylab.data.dataset import LabelSpec, SessionSpec
from raylab.data.session import Label
from raylab.data.splitting.splits import CODE
from raylab.data.views.view import Timeline, view_labels
from raylab.errors import ConfigError, TrainingError
from raylab.models.objectives import Layout
from raylab.sampling.across import AcrossSampler
from raylab.sampling.contrastive import Drawn, PairSampler
from raylab.sampling.source import Source
from raylab.seeding import derive
from raylab.tasks.labels import decoded_label


@dataclass(frozen=True)
class Group:
    """Sessions that are scored together at a step: the rows of each to embed, and what they are."""

    sessions: tuple[str, ...]
    rows: tuple[torch.Tensor, ...]
    layout: Layout


Draw = Callable[[int, int, int], Group]  # (step, batch size, negatives), both of a session


def group_draws(
    config: ContrastiveTrial,
    timelines: Mapping[str, Timeline],
    *,
    split: str,
    field: tuple[int, int],
    seed: int,
) -> list[Draw]:
    """What draws the groups of a step, from the parts of one split: every session alone, or all
    together.

    Args:
        field: (left, right) of the encoder.

    Raises:
        TrainingError: from a session's samples of this split no pair can be drawn. Of a split other
            than train, such sessions are left out instead: they have no score.
    """
    used = {name: of for name, of in timelines.items() if (of.parts[:, 2] == CODE[split]).any()}
    if config.sampling.across:
        return [_across(config, used, split, field, seed)] if len(used) > 1 else []
    found: list[Draw] = []
    for timeline in used.values():
        try:
            found.append(_alone(config, timeline, split, field, seed))
        except TrainingError:
            if split == "train":
                raise
    return found


def _alone(
    config: ContrastiveTrial, timeline: Timeline, split: str, field: tuple[int, int], seed: int
) -> Draw:
    source, name = _source(timeline, split, field), timeline.session
    sampler = PairSampler.build(
        source.parts,
        left=source.left,
        right=source.right,
        labels=_labels(config, timeline),
        config=config.sampling,
        seed=derive(seed, name),
        session=name,
    )

    def draw(step: int, batch_size: int, negatives: int) -> Group:
        rows = sampler.draw(step, batch_size, negatives)
        return Group((name,), (rows.rows,), _layout([rows]))

    return draw


def _across(
    config: ContrastiveTrial,
    timelines: Mapping[str, Timeline],
    split: str,
    field: tuple[int, int],
    seed: int,
) -> Draw:
    sources = [_source(timeline, split, field) for timeline in timelines.values()]
    labels = [_labels(config, timeline)[0] for timeline in timelines.values()]
    sampler = AcrossSampler(sources, labels, config.sampling, derive(seed, "across", *timelines))

    def draw(step: int, batch_size: int, negatives: int) -> Group:
        found = sampler.draw(step, batch_size, negatives)
        rows = tuple(one.rows for one in found.sessions)
        return Group(tuple(timelines), rows, _layout(found.sessions, found.partner))

    return draw


def _layout(drawn: Sequence[Drawn], partner: torch.Tensor | None = None) -> Layout:
    first = drawn[0]
    return Layout(
        len(first.reference), len(first.negative), len(drawn), len(first.positive), partner
    )


def _source(timeline: Timeline, split: str, field: tuple[int, int]) -> Source:
    return Source(timeline.parts[timeline.parts[:, 2] == CODE[split], :2], *field, timeline.session)


def _labels(config: ContrastiveTrial, timeline: Timeline) -> list[list[Label]]:
    """Of each objective."""
    first = decoded_label(config, timeline)
    return [
        [timeline.labels[name] for name in label_names(one.pairs, first)]
        for one in config.sampling.losses.values()
    ]


def label_names(pairs: PairsConfig, default: str | None) -> tuple[str, ...]:
    """The labels that define positives; none for time."""
    if not pairs.labelled:
        return ()
    return pairs.named_labels or ((default,) if default else ())


# -- checks: names and kinds, before any data is read ----------------------------------------------


def named_labels(config: ContrastiveTrial) -> list[tuple[str, str]]:
    """(config path, label) of every label that the objectives name."""
    several = config.sampling.conditional == "multi"
    return [
        (f"sampling.objectives.{name}.labels" if several else "sampling.labels", label)
        for name, one in config.sampling.losses.items()
        for label in one.pairs.named_labels
    ]


def check_pairs(config: ContrastiveTrial, sessions: Mapping[str, SessionSpec]) -> None:
    """Raise ConfigError where the labels of these sessions cannot define the positives that
    `sampling` asks for.
    """
    used: dict[str, list[dict[str, LabelSpec]]] = {}
    for spec in sessions.values():
        known = view_labels(spec.labels, config.view)
        default = config.task.label or next(iter(spec.labels), None)
        used[spec.id] = []
        for one in config.sampling.losses.values():
            names = label_names(one.pairs, default)
            if not names and one.pairs.labelled:
                raise ConfigError(
                    f"sampling.conditional '{one.pairs.conditional}': session '{spec.id}' has no "
                    "label",
                    "Use --set sampling.conditional=time.",
                )
            one.pairs.check_labels([known[name].kind for name in names])
            used[spec.id].append({name: known[name] for name in names})
    if config.sampling.across:
        trained = [spec.id for spec in sessions.values() if spec.splits["train"]]
        _check_across({name: used[name][0] for name in trained})


def _check_across(labels: Mapping[str, Mapping[str, LabelSpec]]) -> None:
    """Positives of one session can only be found in another by a label that means the same in both."""
    within = (
        "Use --set sampling.positives=within, or name labels that mean the same (sampling.labels)."
    )
    if len(labels) < 2:
        raise ConfigError(
            f"sampling.positives 'across': {len(labels)} session trains, two are needed", within
        )
    for (one, mine), (other, theirs) in pairwise(labels.items()):
        if list(mine) != list(theirs):
            names = [", ".join(of) for of in (mine, theirs)]
            raise ConfigError(
                f"sampling.positives 'across': positives of session '{one}' are defined by "
                f"{names[0]}, those of '{other}' by {names[1]}",
                "Set sampling.labels to labels that all sessions have.",
            )
        for name, label in mine.items():
            for what in ("kind", "unit", "dims"):
                a, b = getattr(label, what), getattr(theirs[name], what)
                if a != b:
                    raise ConfigError(
                        f"sampling.positives 'across': label '{name}': {what} is {a!r} in session "
                        f"'{one}' and {b!r} in '{other}'",
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
