"""Whole sessions as codes: windows side by side, and the code that stands for each row."""

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

BATCH = 256  # windows per pass, which bounds memory


@dataclass(frozen=True)
class Coded:
    """A session's windows as codes.

    Attributes:
        vectors: (rows, D) the vector of the code that stands for each row; zero for rows of other
            splits than those that were coded.
        indices: (n, codes of a window, codebooks) int64.
        rebuilt: (held-out rows, K) in units of the view; see `held`.
        predicted: (n, statistics) of the behaviour head, standardised; no columns without one.
        latent: (validation windows, codes of a window, D) before quantization.
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
        places: np.ndarray = np.searchsorted(own[self.tiles.splits[place] == CODE["valid"]], rows)
        return places

    def summed(self, comm: Comm) -> Coded:
        """The codes of all workers. Each of them coded the windows whose first row it owns."""
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
    """Code the windows of some splits of a session that begin in rows this worker holds. The
    entries of other windows are zero.
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
    """Code (held rows, K) activity.

    Args:
        x, local: As in `SessionShard`.
        parts: (P, 3) [start, stop, split code] rows to code.
    """
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
    for at in np.array_split(mine, max(1, -(-len(mine) // BATCH))):
        if not len(at):
            continue
        windows = x[(first[at][:, None] + offsets[at]).flatten()].unflatten(0, (len(at), window))
        latent = network.encode(windows, place)
        codes = network.quantize(latent)
        coded.indices[at] = codes.indices
        coded.latent[held_place[at][held_out[at]]] = latent[
            torch.from_numpy(held_out[at]).to(device)
        ]
        if network.head is not None:
            coded.predicted[at] = network.predict(codes.values)
        own, which = tiles.pick(at).own_rows
        offset = own - tiles.starts[at][which]
        # The outputs of a strided convolution lie `reduction` rows apart. The nearest one stands
        # for a row.
        nearest = np.minimum((offset + reduction // 2) // reduction, length - 1)
        coded.vectors[torch.from_numpy(own).to(device)] = codes.values[which, nearest]
        held = held_rows[own] >= 0
        if held.any():
            rebuilt = network.decode(codes.values, window, place)[
                which[held], offset[held], : x.shape[1]
            ]
            coded.rebuilt[torch.from_numpy(held_rows[own[held]]).to(device)] = rebuilt
    return coded
