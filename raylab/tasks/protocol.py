"""What the training loop needs of a model family."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import numpy as np
import torch

from raylab.config.trial import TrialConfig
from raylab.data.datasets.specs import SessionSpec
from raylab.data.shard import Shard
from raylab.errors import ConfigError
from raylab.evaluation.decoding import Decoded

C = TypeVar("C", bound=TrialConfig)
M = TypeVar("M", bound=torch.nn.Module)
B = TypeVar("B")


class Comm:
    """Sums over the workers of a trial. This class is for a single worker; `training/comm.py` has
    the one for several.
    """

    rank = 0
    workers = 1

    def gather_rows(self, rows: torch.Tensor) -> torch.Tensor:
        """Sum (B, D) rows over the workers. A row is zero on all workers but the one that owns it.
        Differentiable.
        """
        return rows

    def sum_gradients(self, gradients: torch.Tensor) -> None:
        """Replace all gradients, one flat vector, by their sum over the workers, in place."""

    def sum_values(self, values: torch.Tensor) -> torch.Tensor:
        """Sum over the workers, without a gradient."""
        return values


@dataclass(frozen=True)
class Validation:
    """The result of one validation.

    Attributes:
        metrics: Scores by name.
        arrays: Small arrays that are kept for figures, such as an embedding with its labels.
        metadata: Text that is kept with the arrays.
    """

    metrics: dict[str, float]
    arrays: dict[str, np.ndarray] = field(default_factory=dict)
    metadata: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Candidate:
    """A setting that validation can choose, the same for all sessions, with what it predicts.

    Attributes:
        overrides: Values by dotted path: with them, the trial's config has this setting alone.
        decoded: What is predicted, by session; sessions without a score are left out.
        apply: Makes the model that of this setting, in place.
        probabilities: Of a discrete label: computes by session the (n, classes) probabilities of
            `Decoded.classes`, which seeds and ensembles average; empty where the model knows none.
    """

    overrides: dict[str, Any]
    decoded: dict[str, Decoded]
    apply: Callable[[], None] = lambda: None
    probabilities: Callable[[], dict[str, np.ndarray]] = dict


class Task(ABC, Generic[C, M, B]):
    """One model family: configs of type C, models of type M, and batches of type B.

    A family registers its config class and its task in `raylab.config.families.FAMILIES`, or
    through the entry points `raylab.families` of a package. An instance holds no state.
    """

    @abstractmethod
    def check(self, config: C, sessions: Mapping[str, SessionSpec]) -> None:
        """Raise a ConfigError if the config cannot run on these sessions. Reads no data."""

    @abstractmethod
    def metrics(self, config: C, sessions: Mapping[str, SessionSpec]) -> dict[str, str]:
        """The metrics that can be an objective: {name: "max" or "min"}."""

    @abstractmethod
    def receptive_field(self, config: C) -> tuple[int, int]:
        """(left, right): an output at row t depends on rows t - left ... t + right - 1."""

    @abstractmethod
    def build(self, config: C, sessions: Mapping[str, SessionSpec]) -> M:
        """Build the model, with parameters drawn from torch's generator. Reads no data."""

    @abstractmethod
    def batches(self, config: C, shard: Shard) -> Callable[[int], B]:
        """A function from a step to its batch, on the shard's device. The batch of a step depends
        on nothing but the config, the data and the step.
        """

    @abstractmethod
    def loss(self, model: M, batch: B, comm: Comm) -> dict[str, torch.Tensor]:
        """Scalars by name. The one named `loss` is minimised; each worker returns its share, so
        that the sum of all gradients over workers is the gradient of a single process.
        """

    @abstractmethod
    def embed(self, model: M, session: str, x: torch.Tensor) -> torch.Tensor:
        """Embed one continuous stretch, (L, K) as the view shows it -> (L, D), one embedding per
        row. Computes no gradient.
        """

    @abstractmethod
    def validate(self, config: C, model: M, shard: Shard, comm: Comm) -> Validation:
        """Score the validation split on the reference grid. All workers call this method; only the
        result of rank 0 is used.
        """

    def fit(self, config: C, model: M, shard: Shard, comm: Comm) -> None:
        """Set, in place, what a new model takes from all training samples in one call: the scale of
        its targets, or a whole readout. All workers call this method before the first step.
        """

    def backward(self, model: M, batch: B, comm: Comm) -> torch.Tensor:
        """Add the gradients of the loss to those of the parameters. Returns the loss without its
        graph. A family may compute the same numbers in a faster way.
        """
        loss = self.loss(model, batch, comm)["loss"]
        loss.backward()
        return loss.detach()

    def overruled(self, config: C) -> tuple[str, ...]:
        """The beginnings of config paths that other choices of this config leave without effect
        (apart from rounding), whatever values they have. A search does not draw them.
        """
        return ()

    def canonical(self, config: C, sessions: Mapping[str, SessionSpec]) -> C:
        """The config with each setting of the family's own sections at its default that the rest of
        the config leaves without any effect on the trained model and its scores; see
        `raylab.training.canonical`. Reads no data.
        """
        return config

    def predictions(
        self, config: C, model: M, shard: Shard, split: str
    ) -> dict[str, Decoded] | None:
        """The model's own predictions of its label on one split, by session. None for families
        whose embeddings are decoded instead. `shard` holds whole sessions.
        """
        return None

    def candidates(
        self, config: C, model: M, shard: Shard, split: str = "valid"
    ) -> Iterator[Candidate] | None:
        """What the model itself predicts on one split, once for each setting that validation would
        choose without training again. A model that is fitted at once need not be fitted before.
        None for families whose embeddings are decoded instead.

        Args:
            shard: Holds whole sessions.
            split: `valid`; `test` only of a model that is fitted.
        """
        return None

    def training_labels(self, config: C, decoded: str | None) -> tuple[str, ...]:
        """The labels that take part in training, which `controls.shuffle` shuffles.

        Args:
            decoded: The label that is decoded.
        """
        return ()

    def check_adaptable(self, config: C) -> None:
        """Raise a ConfigError if a model of this config cannot be adapted to other sessions
        (`raylab adapt`). A family that can be adapted has a section `adaptation` in its config.
        """
        raise ConfigError(
            f"models of task.kind '{config.task.kind}' cannot be adapted",
            "Train anew on the other sessions.",
        )

    def model_shape(self, config: C) -> object:
        """The part of a config that sets the shapes of weights. An adapted model keeps it."""
        return getattr(config, "model", None)

    def adopt(self, config: C, model: M, trained: M) -> None:
        """Copy into a new model, in place, the trained weights that serve other sessions."""
        raise NotImplementedError(f"{type(self).__name__} is not adaptable")
