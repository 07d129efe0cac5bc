"""What the one training loop needs of a model family, and nothing it does not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

import numpy as np
import torch

from raylab.config.trial import TrialConfig
from raylab.data.dataset import SessionSpec
from raylab.data.shard import Shard
from raylab.evaluation.decoding import Decoded

Batch = Any
C = TypeVar("C", bound=TrialConfig, contravariant=True)


class Comm:
    """What workers say to each other; this one is the only worker. See `training/comm.py` for
    several.
    """

    rank = 0
    workers = 1

    def gather_rows(self, rows: torch.Tensor) -> torch.Tensor:
        """Sum over workers of (B, D) rows that are zero where a worker does not own them.
        Differentiable.
        """
        return rows

    def sum_gradients(self, gradients: torch.Tensor) -> None:
        """Replace all gradients, one flat vector, by their sum over workers, in place."""

    def sum_values(self, values: torch.Tensor) -> torch.Tensor:
        """Sum over workers, without gradient."""
        return values


@dataclass(frozen=True)
class Validation:
    """Metrics by name, and small arrays worth keeping (an embedding with its labels)."""

    metrics: dict[str, float]
    arrays: dict[str, np.ndarray] = field(default_factory=dict)
    metadata: dict[str, str] = field(default_factory=dict)


class Task(Protocol[C]):
    """One model family, of configs of type C."""

    def check(self, config: C, sessions: Mapping[str, SessionSpec]) -> None:
        """Raise ConfigError if this config cannot run on these sessions; reads no data."""

    def metrics(self, config: C, sessions: Mapping[str, SessionSpec]) -> dict[str, str]:
        """What may be an objective: metric name -> max or min."""

    def receptive_field(self, config: C) -> tuple[int, int]:
        """(left, right): an output at t depends on rows t - left ... t + right - 1 of the view."""

    def build(self, config: C, sessions: Mapping[str, SessionSpec]) -> torch.nn.Module:
        """The model, initialised from torch's generator; parameters only, no data."""

    def fit(self, config: C, model: torch.nn.Module, shard: Shard, comm: Comm) -> None:
        """Give a new model, in place, what it takes from training samples at once instead of step
        by step: the scale of its targets, or all that it is. Every worker calls it, before the
        first step.
        """

    def predictions(
        self, config: C, model: torch.nn.Module, shard: Shard, split: str
    ) -> dict[str, Decoded] | None:
        """What the model itself says of its label on one split, by session; None for families whose
        embeddings are decoded instead. `shard` is whole.
        """

    def training_labels(self, config: C, first: str | None) -> tuple[str, ...]:
        """The labels that training is told, which `controls.shuffle` shuffles; `first` is the one
        that is decoded.
        """

    def adaptable(self, config: C) -> bool:
        """Whether a trained model has something that serves other sessions."""

    def adopt(self, config: C, model: torch.nn.Module, trained: torch.nn.Module) -> None:
        """Give a new model, in place, what of a trained one serves other sessions (`raylab adapt`)."""

    def batches(self, config: C, shard: Shard) -> Callable[[int], Batch]:
        """step -> batch, on the shard's device; pure in (seed, step), whoever asks and whenever."""

    def loss(self, model: torch.nn.Module, batch: Batch, comm: Comm) -> dict[str, torch.Tensor]:
        """Named scalars. `loss` is optimised; over workers its gradients add up to the
        single-process ones.
        """

    def backward(self, model: torch.nn.Module, batch: Batch, comm: Comm) -> torch.Tensor:
        """Add the gradients of `loss` to those of the parameters; the loss, without a graph.
        Usually `backward` below; a family may have a faster way to the same numbers.
        """

    def embed(self, model: torch.nn.Module, session: str, x: torch.Tensor) -> torch.Tensor:
        """(L, K) of one continuous stretch, as the view shows it -> (L, D), an embedding a row; no
        gradient.
        """

    def validate(self, config: C, model: torch.nn.Module, shard: Shard, comm: Comm) -> Validation:
        """Metrics of the validation split on the reference grid. Every worker calls it; rank 0 uses
        the result.
        """


def backward(loss: torch.Tensor) -> torch.Tensor:
    """Let autograd add the gradients of a loss; the loss itself."""
    loss.backward()
    return loss.detach()
