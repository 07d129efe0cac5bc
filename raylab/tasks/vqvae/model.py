"""The VQ-VAE model (van den Oord, Vinyals & Kavukcuoglu 2017), with a head for behaviour."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext

import torch
from torch import Tensor

from raylab.config.vqvae import VqvaeTrial
from raylab.data.datasets.specs import SessionSpec
from raylab.models.fast.channels_last import ChannelsLast
from raylab.models.rows import RowOperations
from raylab.models.vqvae import VqVae
from raylab.seeding import derive
from raylab.tasks.vqvae.behaviour import STATISTICS
from raylab.tasks.vqvae.windows import Windows


class VqvaeModel(torch.nn.Module):
    """The network, with the place of each session's first and last layer in it.

    Args:
        sessions: Their units are those that the view shows.
    """

    def __init__(self, config: VqvaeTrial, sessions: Mapping[str, SessionSpec]) -> None:
        super().__init__()
        shared = config.sessions.combine == "padded"
        units = [spec.units for spec in sessions.values()]
        self.network = VqVae(
            config.model,
            config.quantizer,
            [max(units)] if shared else units,
            statistics=len(STATISTICS) if config.behaviour.label else 0,
            seed=derive(config.training.seed, "quantizer"),
            operations=ChannelsLast() if config.training.fast else RowOperations(),
        )
        self.place = {name: 0 if shared else place for place, name in enumerate(sessions)}
        self.config = config
        self.bf16 = config.training.precision == "bf16"
        weights = torch.tensor([config.behaviour.weights[name] for name in STATISTICS])
        self.statistic_weights = config.behaviour.weight * weights

    def encode(self, windows: Windows) -> Tensor:
        """(n, window, K) -> (n, codes, D) float32."""
        with self._precision(windows.x):
            return self.network.encode(windows.x, self.place[windows.session]).float()

    def squared_error(self, windows: Windows, values: Tensor) -> Tensor:
        """The squared error of decoded (n, codes, D), summed over windows, rows and units."""
        with self._precision(windows.x):
            return self.network.squared_error(values, windows.x, self.place[windows.session])

    def behaviour_error(self, values: Tensor, targets: Tensor) -> Tensor:
        """The weighted squared error of the head, summed over windows that have the label
        throughout.
        """
        known = targets.isfinite().all(1)
        error = (self.network.predict(values)[known] - targets[known]).square()
        return (error * self.statistic_weights.to(error)).sum()

    def _precision(self, x: Tensor) -> AbstractContextManager[object]:
        """The precision of the network in training. The quantizer, its distances and its averages
        stay in float32.
        """
        return torch.autocast(x.device.type, torch.bfloat16) if self.bf16 else nullcontext()
