"""What a step of a VQ-VAE trains on: windows of each session, and this worker's share of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from raylab.config.vqvae import VqvaeTrial
from raylab.data.shard import SessionShard, Shard
from raylab.data.splitting.splits import CODE
from raylab.models.quantizers.base import Share
from raylab.sampling.windows import WindowSampler
from raylab.seeding import derive
from raylab.tasks.protocol import Comm
from raylab.tasks.windows import take_windows


@dataclass(frozen=True)
class Windows:
    """One session's share of a step.

    Attributes:
        x: (n, window, K) windows whose first row this worker owns.
        places: (n,) int64 place of each of them among the session's windows of the step.
        behaviour: (n, statistics) standardised targets, NaN where the label is missing; None
            without a head.
    """

    session: str
    x: Tensor
    places: Tensor
    behaviour: Tensor | None


@dataclass(frozen=True)
class Step:
    """What a step is trained on.

    Attributes:
        count: Windows of each session, over all workers.
        labelled: Windows with behaviour, over all workers and sessions.
    """

    windows: tuple[Windows, ...]
    count: int
    labelled: int = 0


def window_samplers(config: VqvaeTrial, shard: Shard) -> dict[str, WindowSampler]:
    """A sampler for each session with training samples."""
    samplers = {}
    for name, session in shard.items():
        parts = session.timeline.parts
        training = parts[parts[:, 2] == CODE["train"], :2]
        if len(training):
            samplers[name] = WindowSampler(
                training,
                window=config.model.window,
                stride=config.model.stride,
                seed=derive(config.training.seed, name),
                session=name,
            )
    return samplers


def owned_windows(
    session: SessionShard, starts: np.ndarray, window: int, targets: Tensor | None
) -> Windows:
    """The windows of a step that this worker holds.

    Args:
        starts: (n,) first rows of the session's windows of the step.
        targets: (n, statistics) of the same windows.
    """
    first = session.local[torch.from_numpy(starts).to(session.local.device)]
    places = (first >= 0).nonzero()[:, 0]
    x = take_windows(session.x, first[places], window)
    behaviour = None if targets is None else targets.to(x.device)[places]
    return Windows(session.timeline.session, x, places, behaviour)


def code_share(batch: Step, latents: Sequence[Tensor], comm: Comm) -> Share:
    """Which codes of the step this worker holds.

    Args:
        latents: (n, codes of a window, D) of each session's windows.
    """
    length = latents[0].shape[1]
    codes = torch.arange(length, device=latents[0].device)
    places = [
        ((at * batch.count + windows.places)[:, None] * length + codes).flatten()
        for at, windows in enumerate(batch.windows)
    ]
    return Share(comm, len(batch.windows) * batch.count * length, torch.cat(places))
