"""The contrastive loss over several workers."""

from __future__ import annotations

import torch

from raylab.data.shard import SessionShard
from raylab.tasks.contrastive.model import ContrastiveModel, Pairs
from raylab.tasks.protocol import Comm


def loss_shares(model: ContrastiveModel, batch: list[Pairs], comm: Comm) -> list[torch.Tensor]:
    """This worker's share of the loss of each group of sessions.

    Every worker encodes the rows that it owns, all workers get all embeddings, and each worker
    scores its share of the references.
    """
    owned = [
        _owned(model, session, rows)
        for pairs in batch
        for session, rows in zip(pairs.sessions, pairs.rows)
    ]
    together = comm.gather_rows(torch.cat(owned)).split(
        [len(pairs.sessions) * pairs.layout.rows for pairs in batch]
    )
    losses = []
    for pairs, z in zip(batch, together):
        first, last = (
            at * pairs.layout.references // comm.workers for at in (comm.rank, comm.rank + 1)
        )
        losses.append(model.objectives.forward(z, pairs.layout, slice(first, last)))
    return losses


def _owned(model: ContrastiveModel, session: SessionShard, rows: torch.Tensor) -> torch.Tensor:
    """(R, D) embeddings of the rows that this worker owns, zero for the others."""
    mine = (session.local[rows] >= 0).nonzero()[:, 0]
    encoded = model.encode_share(session, rows[mine], total=len(rows))
    return encoded.new_zeros(len(rows), encoded.shape[1]).index_copy(0, mine, encoded)
