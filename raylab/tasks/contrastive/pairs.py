"""Which samples a contrastive trial compares: the rows of a step, drawn per session or over all
sessions together.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch

from raylab.config.contrastive import ContrastiveTrial
from raylab.config.pairs import PairsConfig
from raylab.data.session import Label
from raylab.data.splitting.splits import CODE
from raylab.data.views.view import Timeline
from raylab.errors import TrainingError
from raylab.models.objectives import Layout
from raylab.sampling.across import AcrossSampler
from raylab.sampling.contrastive import Drawn, PairSampler
from raylab.sampling.source import Source
from raylab.seeding import derive
from raylab.tasks.labels import decoded_label


@dataclass(frozen=True)
class Group:
    """Sessions that are scored together at a step.

    Attributes:
        rows: (R,) rows of the view to embed, per session.
        layout: Which of these rows are references, positives and negatives.
    """

    sessions: tuple[str, ...]
    rows: tuple[torch.Tensor, ...]
    layout: Layout


# (step, batch size, negatives) -> group; both numbers are per session.
Draw = Callable[[int, int, int], Group]


def group_draws(
    config: ContrastiveTrial,
    timelines: Mapping[str, Timeline],
    *,
    split: str,
    field: tuple[int, int],
    seed: int,
) -> list[Draw]:
    """Functions that draw the groups of a step from one split: one group per session, or one group
    of all sessions.

    Args:
        field: (left, right) of the encoder.

    Raises:
        TrainingError: no pair can be drawn from a session's training samples. In another split,
            such a session is left out, because it has no score.
    """
    used = {name: of for name, of in timelines.items() if (of.parts[:, 2] == CODE[split]).any()}
    if config.sampling.across:
        return [_across(config, used, split, field, seed)] if len(used) > 1 else []
    draws: list[Draw] = []
    for timeline in used.values():
        try:
            draws.append(_alone(config, timeline, split, field, seed))
        except TrainingError:
            if split == "train":
                raise
    return draws


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
        drawn = sampler.draw(step, batch_size, negatives)
        return Group((name,), (drawn.rows,), _layout([drawn]))

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
        drawn = sampler.draw(step, batch_size, negatives)
        rows = tuple(session.rows for session in drawn.sessions)
        return Group(tuple(timelines), rows, _layout(drawn.sessions, drawn.partner))

    return draw


def _layout(drawn: Sequence[Drawn], partner: torch.Tensor | None = None) -> Layout:
    first = drawn[0]
    return Layout(
        len(first.reference), len(first.negative), len(drawn), len(first.positive), partner
    )


def _source(timeline: Timeline, split: str, field: tuple[int, int]) -> Source:
    return Source(timeline.parts[timeline.parts[:, 2] == CODE[split], :2], *field, timeline.session)


def _labels(config: ContrastiveTrial, timeline: Timeline) -> list[list[Label]]:
    """The labels of each objective."""
    decoded = decoded_label(config, timeline)
    return [
        [timeline.labels[name] for name in label_names(objective.pairs, decoded)]
        for objective in config.sampling.losses.values()
    ]


def label_names(pairs: PairsConfig, default: str | None) -> tuple[str, ...]:
    """The names of the labels that define positives; none where time defines them."""
    if not pairs.labelled:
        return ()
    return pairs.named_labels or ((default,) if default else ())
