"""The training loop of all model families: advance some steps, validate, save. A Tune actor, a Ray
Train worker and a plain process drive it in the same way.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import numpy as np
import torch

from raylab.config.trial import TrialConfig
from raylab.data.datasets.specs import SessionSpec
from raylab.data.shard import Shard
from raylab.errors import TrainingError
from raylab.seeding import derive
from raylab.tasks.families import get_task
from raylab.tasks.protocol import Comm, Validation
from raylab.training.checkpoints import load_checkpoint, save_checkpoint
from raylab.training.keeping import Progress, monitor_of
from raylab.training.model_files import load_model, save_model
from raylab.training.reports import Kept
from raylab.training.updates.flat import FlatParameters
from raylab.training.updates.memory import keep_freed_memory
from raylab.training.updates.optimizer import apply_schedule, make_optimizer

Weights = dict[str, torch.Tensor]
CHECK_STEPS = 64  # between two checks that the loss is finite; each check makes a GPU wait
_DIVERGED = "Lower optimizer.learning_rate, set optimizer.clip_norm, or raise loss.temperature."


class Described(Protocol):
    """What the loop needs to know about a dataset. `Dataset` has it, and so have arrays in memory
    (`arrays.py`).
    """

    @property
    def sessions(self) -> Mapping[str, SessionSpec]: ...

    @property
    def fingerprint(self) -> str: ...

    def kept_units(self, session: str) -> np.ndarray: ...


class Training:
    """One trial in progress.

    Args:
        config: What to train.
        dataset: Names and shapes of the sessions. Its data is in `shard`.
        shard: This worker's rows.
        comm: Sums over the workers; default: a single worker.
        fit: Whether `Task.fit` sets what is not trained step by step.
    """

    def __init__(
        self,
        config: TrialConfig,
        dataset: Described,
        shard: Shard,
        comm: Comm | None = None,
        *,
        fit: bool = True,
    ) -> None:
        self.config, self.dataset, self.comm = config, dataset, comm or Comm()
        keep_freed_memory()
        self.device = pick_device(config.training.device)
        self.shard: Shard = {name: session.to(self.device) for name, session in shard.items()}
        self.task = get_task(config)
        self.task.check(config, dataset.sessions)
        # The sessions as the view shows them. The number of units depends on what the view has
        # fitted, which is part of every worker's shard.
        self.sessions = {
            name: replace(
                dataset.sessions[name].for_training(config.sessions), units=session.x.shape[1]
            )
            for name, session in shard.items()
        }
        torch.manual_seed(derive(config.training.seed, "model"))
        self.model = self.task.build(config, self.sessions).to(self.device)
        trained = [p for p in self.model.parameters() if p.requires_grad]
        if fit:
            self.task.fit(config, self.model, self.shard, self.comm)
        self.trained = FlatParameters(trained, apart=config.optimizer.weight_decay > 0)
        self.optimizer = make_optimizer(config.optimizer, self.trained.stretches)
        self.batch = self.task.batches(config, self.shard)
        self.monitor = monitor_of(config.training, self.task.metrics(config, dataset.sessions))
        self.step = 0
        self.progress: Progress | None = None
        # The weights of the best validation, where they are kept.
        self.best: Weights = {}

    @property
    def done(self) -> bool:
        """Whether training has ended, at its last step or early."""
        return self.step >= self.config.training.max_steps or self.stopped is not None

    @property
    def stopped(self) -> str | None:
        """Why training ended before its last step; None where it did not."""
        if (
            self.monitor is None
            or self.progress is None
            or self.step >= self.config.training.max_steps
        ):
            return None
        return self.monitor.reason(self.progress) if self.monitor.stops(self.progress) else None

    @property
    def kept(self) -> Kept | None:
        """The validation whose model is kept; None where that is always the last one."""
        if self.progress is None:
            return None
        return {"step": self.progress.best_step, "metrics": self.progress.metrics}

    @property
    def next_stop(self) -> int:
        """The step of the next validation."""
        interval = self.config.training.interval
        return min(self.config.training.max_steps, (self.step // interval + 1) * interval)

    def advance(self) -> float:
        """Train until the next validation; the mean loss over these steps.

        Raises:
            TrainingError: the loss or a weight is no longer finite.
        """
        self.model.train()
        first, stop = self.step, self.next_stop
        # Each rank has its own random stream, because dropout must differ between workers. Each
        # round has its own, too: checkpoints lie between rounds, so they need no random state.
        torch.manual_seed(derive(self.config.training.seed, "round", self.comm.rank, first))
        total, recent = torch.zeros((), device=self.device), []
        while self.step < stop:
            recent.append(self._update())
            total += recent[-1]
            self.step += 1
            if len(recent) == CHECK_STEPS or self.step == stop:
                self._check(recent)
                recent = []
        return float(self.comm.sum_values(total)) / (stop - first)

    def _update(self) -> torch.Tensor:
        """Take one step of the optimizer; returns the mean loss of its batches, or this worker's
        share of it.
        """
        config, batches = self.config.optimizer, self.config.training.accumulate
        self.trained.zero_grad()
        losses = [self._backward(self.step * batches + batch) for batch in range(batches)]
        self.comm.sum_gradients(self.trained.gradients)
        if batches > 1:
            self.trained.gradients.div_(batches)
        if config.clip_norm is not None:
            self.trained.clip(config.clip_norm)
        apply_schedule(self.optimizer, config, step=self.step, steps=self.config.training.max_steps)
        self.optimizer.step()
        return losses[0] if batches == 1 else torch.stack(losses).mean()

    def _backward(self, batch: int) -> torch.Tensor:
        """Add the gradients of a batch to those of the parameters; returns its loss."""
        return self.task.backward(self.model, self.batch(batch), self.comm)

    def _check(self, losses: list[torch.Tensor]) -> None:
        """Check the losses of the last steps. All workers see the same sums, so that they end
        together.
        """
        values = self.comm.sum_values(torch.stack(losses))
        wrong = (~values.isfinite()).nonzero()
        if len(wrong):
            at = int(wrong[0])
            raise TrainingError(
                f"the loss is {float(values[at])} at step {self.step - len(losses) + at}", _DIVERGED
            )
        # Before weights are saved or scored, because a decoder gives a score even for NaN.
        if not self.trained.are_finite():
            raise TrainingError(f"a weight is no longer finite at step {self.step}", _DIVERGED)

    def judge(self, metrics: Mapping[str, float]) -> bool:
        """Record the validation of this step; returns whether its model is now the kept one.

        Raises:
            TrainingError: the monitored score is not a finite number.
        """
        if self.monitor is None:
            return True
        # Only the first worker measures, but all workers must decide alike.
        score = metrics.get(self.monitor.metric, math.nan) if self.comm.rank == 0 else 0.0
        shared = self.comm.sum_values(torch.tensor(score, dtype=torch.float64, device=self.device))
        judged = self.monitor.after(
            self.progress, step=self.step, score=float(shared), metrics=metrics
        )
        if judged is not self.progress and judged.best_step == self.step:
            self.best = self.weights()
        self.progress = judged
        return judged.best_step == self.step

    def adopt(self, folder: Path) -> None:
        """Begin from the trained model of a folder instead of random weights."""
        trained = load_model(folder)[1].to(self.device)
        self.task.adopt(self.config, self.model, trained)

    def validate(self) -> Validation:
        """Score the validation split; the result counts on rank 0 only. Nothing is scored where
        its samples are trained on.
        """
        if not self.config.sessions.validates:
            return Validation({})
        return self.task.validate(self.config, self.model, self.shard, self.comm)

    def weights(self) -> Weights:
        """A copy of the weights of this step."""
        return {name: value.detach().clone() for name, value in self.model.state_dict().items()}

    def restore(self, weights: Weights) -> None:
        """Go back to the weights of an earlier step, as those that are kept."""
        self.model.load_state_dict(weights)
        self.best = {}

    def save_model(self, folder: Path) -> None:
        """Save the kept model with everything that is needed to use it."""
        fitted = {name: session.fitted for name, session in self.shard.items()}
        units = {name: self.dataset.kept_units(name) for name in self.sessions}
        weights = self.best or self.model.state_dict()
        save_model(
            folder,
            self.config,
            weights,
            self.sessions,
            fitted,
            units,
            data=self.dataset.fingerprint,
        )

    def save(self, path: Path, *, piece: int = 0) -> None:
        """Save a checkpoint from which training continues exactly as without a break."""
        save_checkpoint(
            path,
            self.model,
            self.optimizer,
            step=self.step,
            progress=self.progress,
            best=self.best,
            piece=piece,
        )

    def load(self, path: Path) -> None:
        """Continue from a checkpoint. The settings of the optimizer remain those of the config."""
        self.step, self.progress, self.best = load_checkpoint(path, self.model, self.optimizer)


def pick_device(name: str) -> torch.device:
    """The device that `training.device` names.

    Raises:
        TrainingError: a GPU is required, but this process sees none.
    """
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    if name == "cuda" and not torch.cuda.is_available():
        raise TrainingError(
            "training.device is 'cuda', but this process sees no GPU",
            "Set resources.gpus in the space, or training.device: auto.",
        )
    return torch.device(name)
