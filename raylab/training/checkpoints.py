"""Checkpoints: everything that training continues from."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open

from raylab.training.keeping import Progress
from raylab.training.tensor_files import load_tensors, save_tensors, unreadable
from raylab.training.updates.optimizer import Adam

CHECKPOINT = "checkpoint.safetensors"


def save_checkpoint(
    path: Path,
    model: torch.nn.Module,
    optimizer: Adam,
    *,
    step: int,
    progress: Progress | None = None,
    best: Mapping[str, torch.Tensor] | None = None,
    piece: int = 0,
) -> None:
    """Save weights, optimizer moments, the step, the progress over validations, and the weights of
    the best validation where they are kept.

    Schedules, samplers and random streams need no state, because they are pure in (seed, step).

    Args:
        piece: How many times the trial has taken over other weights; see `TrialJob`.
    """
    tensors = {f"model.{name}": value for name, value in model.state_dict().items()}
    for index, entry in enumerate(optimizer.state()):
        tensors |= {f"optimizer.{index}.{name}": value for name, value in entry.items()}
    tensors |= {f"best.{name}": value for name, value in (best or {}).items()}
    # In one entry, because safetensors writes several in any order, and equal checkpoints should be
    # equal files.
    training = {"step": step, "piece": piece, "progress": asdict(progress) if progress else None}
    save_tensors(path, tensors, {"training": json.dumps(training)})


def piece_of(path: Path) -> int | None:
    """The piece of its trial that a checkpoint belongs to; None where there is no checkpoint."""
    return _number(path, "piece") if path.is_file() else None


def step_of(path: Path) -> int:
    """The step of a checkpoint."""
    return _number(path, "step")


def _number(path: Path, name: str) -> int:
    """A number that is stored with a checkpoint.

    Raises:
        StudyError: The file is missing or damaged.
    """
    try:
        with safe_open(path, framework="pt") as file:
            return int(json.loads(file.metadata()["training"])[name])
    except (SafetensorError, OSError, KeyError, TypeError) as error:
        raise unreadable(path, error) from None


def load_checkpoint(
    path: Path, model: torch.nn.Module, optimizer: Adam
) -> tuple[int, Progress | None, dict[str, torch.Tensor]]:
    """Restore model and optimizer in place; returns the step, the progress over validations, and
    the weights of the best validation.
    """
    tensors = load_tensors(path)
    model.load_state_dict(_below("model.", tensors))
    count = len(optimizer.param_groups)
    optimizer.load_state([_below(f"optimizer.{index}.", tensors) for index in range(count)])
    with safe_open(path, framework="pt") as file:
        training = json.loads(file.metadata()["training"])
    progress = Progress(**training["progress"]) if training["progress"] else None
    return int(training["step"]), progress, _below("best.", tensors)


def _below(prefix: str, tensors: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {
        name.removeprefix(prefix): value
        for name, value in tensors.items()
        if name.startswith(prefix)
    }
