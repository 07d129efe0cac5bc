"""Whole sessions through a VQ-VAE: windows side by side, and what they say of each row."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from raylab.data.shard import SessionShard
from raylab.data.splitting.splits import CODE
from raylab.models.vqvae import VqVae
from raylab.sampling.windows import Tiles
from raylab.tasks.protocol import Comm

AT_ONCE = 256  # windows in one pass: bounds memory


@dataclass(frozen=True)
class Coded:
    """A session's windows as codes.

    Attributes:
        vectors: (rows, D) the vector of the code that stands for each row; zero for rows of other
            splits.
        indices: (n, codes of a window, codebooks) int64.
        rebuilt: (held-out rows, K) in units of the view; see `held`.
        predicted: (n, statistics) of the behaviour head, standardised; no columns without one.
        latent: (validation windows, codes of a window, D) what was quantized.
    """

    tiles: Tiles
    vectors: Tensor
    indices: Tensor
    rebuilt: Tensor
    predicted: Tensor
    latent: Tensor

    def held(self, rows: np.ndarray) -> np.ndarray:
        """The places of validation rows in `rebuilt`."""
        own, place = self.tiles.own_rows
        found: np.ndarray = np.searchsorted(own[self.tiles.splits[place] == CODE["valid"]], rows)
        return found

    def summed(self, comm: Comm) -> Coded:
        """Of all workers, each of which coded the windows whose first row it owns."""
        held = (self.vectors, self.indices, self.rebuilt, self.predicted, self.latent)
        return Coded(self.tiles, *map(comm.sum_values, held))


def code_session(
    network: VqVae,
    place: int,
    session: SessionShard,
    *,
    splits: tuple[str, ...],
    reduction: int,
    window: int,
) -> Coded:
    """The windows of some splits of a session, those that begin in rows this worker holds; others
    are zero.
    """
    parts = session.timeline.parts
    wanted = parts[np.isin(parts[:, 2], [CODE[split] for split in splits])]
    return code_rows(
        network, place, session.x, session.local, wanted, reduction=reduction, window=window
    )


def code_rows(
    network: VqVae,
    place: int,
    x: Tensor,
    local: Tensor,
    parts: np.ndarray,
    *,
    reduction: int,
    window: int,
) -> Coded:
    """The same of (held rows, K) activity; see `SessionShard` for `x` and `local`."""
    tiles, device = Tiles.cover(parts, window), x.device
    length, held_out = -(-window // reduction), tiles.splits == CODE["valid"]
    rows, of = tiles.own_rows
    held_rows = np.full(len(local), -1)
    held_rows[rows[held_out[of]]] = np.arange(int(held_out[of].sum()))
    coded = Coded(
        tiles,
        x.new_zeros(len(local), network.quantizer.dimension),
        torch.zeros(
            len(tiles), length, len(network.quantizer.sizes), dtype=torch.int64, device=device
        ),
        x.new_zeros(int(held_out[of].sum()), x.shape[1]),
        x.new_zeros(len(tiles), network.head.out_features if network.head is not None else 0),
        x.new_zeros(int(held_out.sum()), length, network.quantizer.dimension),
    )
    held_place = np.where(held_out, np.cumsum(held_out) - 1, -1)
    first = local[torch.from_numpy(tiles.starts).to(device)]
    mine = np.flatnonzero((first >= 0).cpu().numpy())
    offsets = torch.from_numpy(tiles.rows(window) - tiles.starts[:, None]).to(device)
    for at in np.array_split(mine, max(1, -(-len(mine) // AT_ONCE))):
        if not len(at):
            continue
        windows = x[(first[at][:, None] + offsets[at]).flatten()].unflatten(0, (len(at), window))
        latent = network.encode(windows, place)
        found = network.quantize(latent)
        coded.indices[at] = found.indices
        coded.latent[held_place[at][held_out[at]]] = latent[
            torch.from_numpy(held_out[at]).to(device)
        ]
        if network.head is not None:
            coded.predicted[at] = network.predict(found.values)
        own, which = tiles.pick(at).own_rows
        offset = own - tiles.starts[at][which]
        # A strided convolution's output lies over every so many rows: each row is its nearest
        # code's.
        code = np.minimum((offset + reduction // 2) // reduction, length - 1)
        coded.vectors[torch.from_numpy(own).to(device)] = found.values[which, code]
        held = held_rows[own] >= 0
        if held.any():
            rebuilt = network.decode(found.values, window, place)[
                which[held], offset[held], : x.shape[1]
            ]
            coded.rebuilt[torch.from_numpy(held_rows[own[held]]).to(device)] = rebuilt
    return coded
