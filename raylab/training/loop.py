"""The training loop of every model family: advance some steps, validate, save. Driven from a Tune actor, a Ray Train
worker or a plain process alike."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import torch

from raylab.config import OptimizerConfig, TrialConfig
from raylab.data.dataset import Dataset
from raylab.data.shard import Shard
from raylab.errors import TrainingError
from raylab.seeding import derive
from raylab.tasks import Comm, Validation, get_task
from raylab.training import state
from raylab.training.flat import FlatParameters
from raylab.training.memory import keep_freed_memory

_OPTIMIZERS: dict[str, type[torch.optim.Optimizer]] = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}


class Training:
    """One trial in progress.

    Args:
        config: What to train.
        dataset: Names and shapes of the sessions (its data is in `shard`).
        shard: This worker's rows.
        comm: The other workers.
    """

    def __init__(self, config: TrialConfig, dataset: Dataset, shard: Shard, comm: Comm | None = None) -> None:
        self.config, self.dataset, self.comm = config, dataset, comm or Comm()
        keep_freed_memory()
        self.device = pick_device(config.training.device)
        self.shard: Shard = {name: session.to(self.device) for name, session in shard.items()}
        self.task = get_task(config)
        self.task.check(config, dataset.sessions)
        torch.manual_seed(derive(config.training.seed, "model"))
        self.model = self.task.build(config, dataset.sessions).to(self.device)
        self.trained = FlatParameters([p for p in self.model.parameters() if p.requires_grad])
        self.optimizer = make_optimizer(config.optimizer, [self.trained.parameter])
        self.batch = self.task.batches(config, self.shard)
        self.step = 0

    @property
    def done(self) -> bool:
        return self.step >= self.config.training.max_steps

    @property
    def next_stop(self) -> int:
        """The step of the next validation."""
        interval = self.config.training.interval
        return min(self.config.training.max_steps, (self.step // interval + 1) * interval)

    def advance(self) -> float:
        """Train until the next validation; the mean loss over these steps.

        Raises:
            TrainingError: the loss is no longer a number.
        """
        self.model.train()
        first, stop = self.step, self.next_stop
        # A stream of its own for each rank (dropout must differ between workers) and for each round: checkpoints lie
        # between rounds, so going on from one needs no random state.
        torch.manual_seed(derive(self.config.training.seed, "round", self.comm.rank, first))
        total = torch.zeros((), device=self.device)
        while self.step < stop:
            losses = self.task.loss(self.model, self.batch(self.step), self.comm)
            self.trained.zero_grad()
            losses["loss"].backward()
            self.comm.sum_gradients(self.trained.gradients)
            self.optimizer.step()
            total += losses["loss"].detach()
            self.step += 1
        mean = float(self.comm.sum_values(total)) / (stop - first)
        if not math.isfinite(mean):
            raise TrainingError(
                f"the loss is {mean} between steps {first} and {stop}",
                "Lower optimizer.learning_rate or raise loss.temperature.",
            )
        return mean

    def validate(self) -> Validation:
        return self.task.validate(self.config, self.model, self.shard, self.comm)

    def save_model(self, folder: Path) -> None:
        """The model with everything needed to use it: weights, config, sessions, fitted views."""
        fitted = {name: session.fitted for name, session in self.shard.items()}
        state.save_model(folder, self.config, self.model, self.dataset, fitted)

    def save(self, folder: Path) -> None:
        """A checkpoint from which training goes on exactly."""
        state.save_checkpoint(folder, self.model, self.optimizer, step=self.step)

    def load(self, folder: Path) -> None:
        self.step = state.load_checkpoint(folder, self.model, self.optimizer)


def make_optimizer(config: OptimizerConfig, parameters: list[torch.nn.Parameter]) -> torch.optim.Optimizer:
    arguments: dict[str, Any] = {"lr": config.learning_rate, "weight_decay": config.weight_decay, "fused": True}
    return _OPTIMIZERS[config.kind](parameters, **arguments)


def pick_device(name: str) -> torch.device:
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    if name == "cuda" and not torch.cuda.is_available():
        raise TrainingError(
            "training.device is 'cuda', but this process sees no GPU",
            "Set resources.gpus in the space, or training.device: auto.",
        )
    return torch.device(name)
