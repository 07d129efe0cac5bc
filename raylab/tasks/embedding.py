"""Embeddings of whole sessions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch

from raylab.config.trial import TrialConfig
from raylab.data.shard import SessionShard
from raylab.data.splitting.splits import CODE
from raylab.data.views.view import Timeline
from raylab.evaluation.decoding import Pool
from raylab.evaluation.pooling import pool_samples
from raylab.models.base import Encoder
from raylab.tasks.families import AnyTask
from raylab.tasks.protocol import Comm


def embed_session(encoder: Encoder, session: SessionShard, comm: Comm) -> np.ndarray:
    """(rows, D) embedding of every row of the view, gathered from all workers. Windows at the ends
    of a part repeat its first or last row.
    """
    width = session.x.shape[1]
    embedding: torch.Tensor | None = None
    offset = 0
    was_training = encoder.training
    encoder.eval()
    with torch.no_grad():
        for chunk in session.chunks:
            held = session.x[offset : offset + chunk.high - chunk.low]
            offset += len(held)
            before = encoder.left - (chunk.start - chunk.low)
            after = encoder.right - 1 - (chunk.high - chunk.stop)
            piece = padded_sequence(encoder, held, before=before, after=after)
            if embedding is None:
                embedding = piece.new_zeros(session.timeline.length, piece.shape[1])
            embedding[chunk.start : chunk.stop] = piece
        if embedding is None:  # there are more workers than rows
            dimension = encoder.sequence(
                session.x.new_zeros(encoder.left + encoder.right, width)
            ).shape[1]
            embedding = session.x.new_zeros(session.timeline.length, dimension)
        embedding = comm.gather_rows(embedding)
    encoder.train(was_training)
    return embedding.cpu().numpy()


def padded_sequence(encoder: Encoder, x: torch.Tensor, *, before: int, after: int) -> torch.Tensor:
    """`Encoder.sequence` of a stretch whose first row is repeated `before` times and whose last row
    `after` times: (L, K) -> (L + before + after - width + 1, D).

    The stretch itself is not copied, because a copy would take longer than encoding it.
    """
    around = encoder.width - 1
    if len(x) <= around:
        return encoder.sequence(torch.cat([x[:1].expand(before, -1), x, x[-1:].expand(after, -1)]))
    pieces = [encoder.sequence(x)]
    if before:
        pieces.insert(0, encoder.sequence(torch.cat([x[:1].expand(before, -1), x[:around]])))
    if after:
        pieces.append(encoder.sequence(torch.cat([x[len(x) - around :], x[-1:].expand(after, -1)])))
    return torch.cat(pieces) if len(pieces) > 1 else pieces[0]


def embed_parts(
    task: AnyTask,
    model: torch.nn.Module,
    session: SessionShard,
    splits: Sequence[str] = tuple(CODE),
) -> np.ndarray:
    """(rows, D) embedding of every row of the view, one part at a time; NaN in rows of other
    splits. The process must hold all rows of the session.
    """
    codes, timeline = [CODE[split] for split in splits], session.timeline
    embedding: np.ndarray | None = None
    with torch.no_grad():
        for start, stop, code in timeline.parts.tolist():
            if code in codes:
                piece = task.embed(model, timeline.session, session.x[start:stop]).cpu().numpy()
                if embedding is None:
                    embedding = np.full((timeline.length, piece.shape[1]), np.nan, piece.dtype)
                embedding[start:stop] = piece
    return np.zeros((timeline.length, 0)) if embedding is None else embedding


def session_pool(
    config: TrialConfig,
    timelines: Mapping[str, Timeline],
    embeddings: Mapping[str, np.ndarray],
    *,
    session: str,
    label: str,
    fit: Sequence[str],
) -> Pool | None:
    """Samples of all sessions that a decoder is fitted on, for a session that is held out whole.

    Returns None where the session has samples of its own in the splits `fit`, and where each
    session has its own encoder, because such embeddings share no space.
    """
    timeline = timelines[session]
    if (
        config.sessions.combine != "padded"
        or np.isin(timeline.splits, [CODE[split] for split in fit]).any()
    ):
        return None
    like = timeline.reference.get(label)
    return (
        pool_samples(timelines, embeddings, config.evaluation, label=label, fit=fit, like=like)
        if like
        else None
    )
