"""Embeddings of whole sessions, the windows they are trained on, and the small piece that is kept
for plots.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch

from raylab.config.trial import TrialConfig
from raylab.data.session import Label
from raylab.data.shard import SessionShard
from raylab.data.splitting.splits import CODE
from raylab.data.views.view import Timeline
from raylab.evaluation.decoding import Pool, reference_samples
from raylab.evaluation.pooling import pool_samples
from raylab.models.base import Encoder
from raylab.tasks.protocol import Comm, Task

KEPT_SAMPLES = 2000  # of the validation embedding, for plots


def windows(session: SessionShard, encoder: Encoder, rows: torch.Tensor) -> torch.Tensor:
    """(B, width, N) windows around rows of the view whose whole receptive field lies in their part."""
    return take_windows(session.x, session.local[rows] - encoder.left, encoder.width)


def take_windows(x: torch.Tensor, first: torch.Tensor, width: int) -> torch.Tensor:
    """(T, K) and the (B,) first rows of windows -> (B, width, K), one contiguous copy."""
    count, units = x.shape
    if not len(first):  # a worker may own none, and hold less than one window
        return x.new_zeros(0, width, units)
    # Overlapping windows as rows of one strided matrix: nothing but what is needed is read.
    strided = x.as_strided((count - width + 1, width * units), (units, 1))
    return strided.index_select(0, first).view(-1, width, units)


def embed(encoder: Encoder, session: SessionShard, comm: Comm) -> np.ndarray:
    """(rows, D) embedding of every row of the view; windows at the ends of a part repeat its first
    or last row.
    """
    width = session.x.shape[1]
    found: torch.Tensor | None = None
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
            if found is None:
                found = piece.new_zeros(session.timeline.length, piece.shape[1])
            found[chunk.start : chunk.stop] = piece
        if found is None:  # more workers than rows
            dimension = encoder.sequence(
                session.x.new_zeros(encoder.left + encoder.right, width)
            ).shape[1]
            found = session.x.new_zeros(session.timeline.length, dimension)
        found = comm.gather_rows(found)
    encoder.train(was_training)
    return found.cpu().numpy()


def padded_sequence(encoder: Encoder, x: torch.Tensor, *, before: int, after: int) -> torch.Tensor:
    """(L, K) -> (L + before + after - width + 1, D): `Encoder.sequence` where the first row is
    repeated `before` times and the last one `after` times. The stretch itself is not copied, which
    would cost more than encoding it.
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


def embed_parts(task: Task[Any], model: torch.nn.Module, session: SessionShard) -> np.ndarray:
    """(rows, D) embedding of every row of the view, part by part, in one process that holds them
    all.
    """
    with torch.no_grad():
        name = session.timeline.session
        found = [
            task.embed(model, name, session.x[start:stop])
            for start, stop, _ in session.timeline.parts.tolist()
        ]
    return torch.cat(found).cpu().numpy()


def session_pool(
    config: TrialConfig,
    timelines: Mapping[str, Timeline],
    embeddings: Mapping[str, np.ndarray],
    *,
    session: str,
    label: str,
    fit: Sequence[str],
) -> Pool | None:
    """Samples of all sessions to fit a decoder with, for a session that is held out whole.

    None where the session has samples in the splits `fit`, and where sessions have encoders of
    their own: their embeddings then share no space.
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


def kept_embedding(
    embeddings: dict[str, np.ndarray], timelines: dict[str, Timeline]
) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """Validation samples of every session with their labels, as `embedding.safetensors` holds them."""
    share = max(1, KEPT_SAMPLES // len(embeddings))
    points, sessions, labels = [], [], []
    for code, (name, embedding) in enumerate(embeddings.items()):
        at = reference_samples(timelines[name], ("valid",), share)
        points.append(embedding[timelines[name].rows[at]])
        sessions.append(np.full(len(at), code))
        labels.append({key: label.values[at] for key, label in timelines[name].reference.items()})
    first = next(iter(timelines.values())).reference
    shared = [
        key
        for key in first
        if all(_alike(first[key], t.reference.get(key)) for t in timelines.values())
    ]
    arrays = {"embedding": np.concatenate(points), "session": np.concatenate(sessions)}
    arrays |= {f"label.{key}": np.concatenate([entry[key] for entry in labels]) for key in shared}
    described = {
        key: {"kind": first[key].kind, "unit": first[key].unit, "classes": first[key].classes}
        for key in shared
    }
    return arrays, {"labels": json.dumps(described), "sessions": json.dumps(list(embeddings))}


def _alike(label: Label, other: Label | None) -> bool:
    """Codes of two sessions mean the same only where their classes do."""
    return (
        other is not None
        and (label.kind, label.classes) == (other.kind, other.classes)
        and (label.values.shape[1:] == other.values.shape[1:])
    )
