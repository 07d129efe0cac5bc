"""Examples as decoders are shown them: which train, and their rows as tensors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from raylab.config.decoder import DecoderTrial
from raylab.data.dataset import SessionSpec
from raylab.data.examples import LONGEST, SAMPLE, Examples, examples_of, longest_rows
from raylab.data.shard import SessionShard
from raylab.data.views.view import Timeline
from raylab.sampling.few_shot import few_shot
from raylab.sampling.shuffling import shifted_examples
from raylab.seeding import derive


def every_example(config: DecoderTrial, timeline: Timeline, label: str) -> Examples:
    """All of a session."""
    return examples_of(timeline, label, per=config.evaluation.per, window=config.input.around)


def rows_of(config: DecoderTrial, sessions: Mapping[str, SessionSpec]) -> int:
    """Rows of the examples that a decoder is shown; shorter ones repeat their last row."""
    if config.input.pool == "mean":
        return 1
    per = config.evaluation.per
    if config.input.window is not None:
        return config.input.window
    return max(longest_rows(spec, config.view, per) for spec in sessions.values())


def taught(config: DecoderTrial, timeline: Timeline, label: str) -> Examples:
    """The labelled training examples, with what training is told of them: the truth, but in a
    shuffled control.
    """
    limit = config.evaluation.max_samples if config.at_once else None
    found = every_example(config, timeline, label).labelled(("train",), limit)
    seed, session = config.controls.shuffle, timeline.session
    if seed is not None and len(found.rows):
        found = replace(found, label=shifted_examples(found.label, seed, session))
    if config.training.shots is not None:
        shots, drawn = config.training.shots, derive(config.training.seed, "shots", session)
        found = found.pick(few_shot(found.label.values, shots=shots, seed=drawn))
    return found


def field_of(config: DecoderTrial) -> tuple[int, int]:
    """[-left, right) rows of the view that an example may cover around its anchor."""
    return config.input.around if config.evaluation.per == SAMPLE else (0, LONGEST)


def anchors(config: DecoderTrial, rows: np.ndarray) -> np.ndarray:
    """(n,) the row that says which worker has an example: that of a sample, the first of a group."""
    return np.asarray(rows[:, field_of(config)[0]])


def shown(config: DecoderTrial, session: SessionShard, rows: np.ndarray) -> Tensor:
    """(n, L) rows of examples whose anchors this worker owns -> (n, L, K), or (n, 1, K) where they
    are pooled.
    """
    anchor = anchors(config, rows)
    local = session.local[torch.from_numpy(anchor).to(session.local.device)]
    offsets = torch.from_numpy(rows - anchor[:, None]).to(local.device)
    x = session.x[local[:, None] + offsets]
    return x.mean(1, keepdim=True) if config.input.pool == "mean" else x


def owned(config: DecoderTrial, session: SessionShard, rows: np.ndarray) -> np.ndarray:
    """(m,) positions of the examples whose anchors this worker owns."""
    local = session.local[torch.from_numpy(anchors(config, rows)).to(session.local.device)]
    return (local >= 0).nonzero()[:, 0].cpu().numpy()
