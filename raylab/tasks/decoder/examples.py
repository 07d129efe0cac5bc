"""The examples of a decoder: which of them train, and their rows of activity as tensors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from raylab.config.decoder import DecoderTrial
from raylab.data.datasets.specs import SessionSpec
from raylab.data.examples import LONGEST, SAMPLE, Examples, examples_of, longest_rows
from raylab.data.shard import SessionShard
from raylab.data.views.view import Timeline
from raylab.sampling.few_shot import few_shot
from raylab.sampling.shuffling import shifted_examples
from raylab.seeding import derive


def all_examples(config: DecoderTrial, timeline: Timeline, label: str) -> Examples:
    """All examples of a session."""
    return examples_of(timeline, label, per=config.evaluation.per, window=config.input.around)


def example_length(config: DecoderTrial, sessions: Mapping[str, SessionSpec]) -> int:
    """Rows of the longest example, after pooling; shorter examples repeat their last row."""
    if config.input.pool == "mean":
        return 1
    per = config.evaluation.per
    if config.input.window is not None:
        return config.input.window
    return max(longest_rows(spec, config.view, per) for spec in sessions.values())


def training_examples(config: DecoderTrial, timeline: Timeline, label: str) -> Examples:
    """The labelled training examples, with their labels as training sees them: true labels, or
    shuffled ones in a control.
    """
    limit = fitted_limit(config)
    examples = all_examples(config, timeline, label).labelled(("train",), limit)
    seed, session = config.controls.shuffle, timeline.session
    if seed is not None and len(examples.rows):
        examples = replace(examples, label=shifted_examples(examples.label, seed, session))
    if config.training.shots is not None:
        shots_seed = derive(config.training.seed, "shots", session)
        picked = few_shot(examples.label.values, shots=config.training.shots, seed=shots_seed)
        examples = examples.pick(picked)
    return examples


def fitted_limit(config: DecoderTrial) -> int | None:
    """The most examples of a split that a model is fitted on. Those of a readout that is sequential
    must follow each other, so none is left out.
    """
    return config.evaluation.max_samples if config.at_once and not config.sequential else None


def example_field(config: DecoderTrial) -> tuple[int, int]:
    """[-left, right) rows of the view that an example may cover around its anchor."""
    return config.input.around if config.evaluation.per == SAMPLE else (0, LONGEST)


def anchors(config: DecoderTrial, rows: np.ndarray) -> np.ndarray:
    """(n,) the row by which a worker owns an example: that of a sample, or a group's first."""
    return np.asarray(rows[:, example_field(config)[0]])


def example_activity(config: DecoderTrial, session: SessionShard, rows: np.ndarray) -> Tensor:
    """The activity of examples whose anchors this worker owns: (n, L) rows -> (n, L, K), or
    (n, 1, K) where the rows of an example are pooled.
    """
    anchor = anchors(config, rows)
    local = session.local[torch.from_numpy(anchor).to(session.local.device)]
    offsets = torch.from_numpy(rows - anchor[:, None]).to(local.device)
    x = session.x[local[:, None] + offsets]
    return x.mean(1, keepdim=True) if config.input.pool == "mean" else x


def owned_examples(config: DecoderTrial, session: SessionShard, rows: np.ndarray) -> np.ndarray:
    """(m,) positions of the examples whose anchors this worker owns."""
    local = session.local[torch.from_numpy(anchors(config, rows)).to(session.local.device)]
    return (local >= 0).nonzero()[:, 0].cpu().numpy()
