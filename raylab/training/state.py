"""Checkpoints and models on disk: safetensors and JSON, each file whole or absent. No pickle."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file

from raylab.config.parse import parse_trial
from raylab.config.plugins import plugins_of, require_plugins
from raylab.config.trial import TrialConfig
from raylab.data.dataset import LabelSpec, SessionSpec
from raylab.data.views.view import Fitted
from raylab.errors import StudyError
from raylab.files import atomic_path, read_json, write_json
from raylab.tasks.families import get_task
from raylab.training.keeping import Progress
from raylab.training.optimizer import Adam
from raylab.version import __version__

SCHEMA = 2
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
    """Weights, optimizer moments and step; what validations said, and the weights of the best one,
    where they are kept.

    Schedules, samplers and random streams need nothing: they are pure in (seed, step).

    Args:
        piece: How many times the trial had taken over other weights (see `Job`).
    """
    tensors = {f"model.{name}": value for name, value in model.state_dict().items()}
    for index, entry in enumerate(optimizer.state()):
        tensors |= {f"optimizer.{index}.{name}": value for name, value in entry.items()}
    tensors |= {f"best.{name}": value for name, value in (best or {}).items()}
    # As one entry: safetensors writes several in any order, and equal checkpoints should be equal
    # files.
    told = {"step": step, "piece": piece, "progress": asdict(progress) if progress else None}
    _save(path, tensors, {"training": json.dumps(told)})


def piece_of(path: Path) -> int | None:
    """Which piece of its trial a checkpoint is of; None where there is none."""
    if not path.is_file():
        return None
    try:
        with safe_open(path, framework="pt") as file:
            return int(json.loads(file.metadata()["training"])["piece"])
    except (SafetensorError, OSError, KeyError, TypeError) as error:
        raise StudyError(
            f"{path}: not readable ({error})", "Restore it from a copy of the study."
        ) from None


def load_checkpoint(
    path: Path, model: torch.nn.Module, optimizer: Adam
) -> tuple[int, Progress | None, dict[str, torch.Tensor]]:
    """Restore in place; returns the step, what validations said, and the weights of the best one."""
    tensors = _load(path)
    model.load_state_dict(_below("model.", tensors))
    count = len(optimizer.param_groups)
    optimizer.load_state([_below(f"optimizer.{index}.", tensors) for index in range(count)])
    with safe_open(path, framework="pt") as file:
        told = json.loads(file.metadata()["training"])
    progress = Progress(**told["progress"]) if told["progress"] else None
    return int(told["step"]), progress, _below("best.", tensors)


def save_model(
    folder: Path,
    config: TrialConfig,
    weights: Mapping[str, torch.Tensor],
    sessions: Mapping[str, SessionSpec],
    fitted: Mapping[str, Fitted],
    units: Mapping[str, np.ndarray],
    *,
    data: str,
) -> None:
    """A folder that rebuilds the model without its study: weights, config, sessions, what views
    learnt.

    Args:
        sessions: With as many units as their view shows.
        units: (recorded units,) bool for each session: those that the dataset kept.
        data: The dataset's fingerprint.
    """
    views = {
        f"{index}.{key}": torch.from_numpy(np.array(value))
        for index, name in enumerate(sessions)
        for key, value in {**fitted[name].arrays(), "units": units[name]}.items()
    }
    description: dict[str, Any] = {
        "schema": SCHEMA,
        "raylab": __version__,
        "config": config.model_dump(mode="json"),
        "data": data,
        "sessions": [
            {
                "id": spec.id,
                "units": spec.units,
                "rate_hz": spec.rate_hz,
                "splits": spec.splits,
                "labels": {name: vars(label) for name, label in spec.labels.items()},
                "longest": spec.longest,
            }
            for spec in sessions.values()
        ],
    }
    if plugins := plugins_of(config.model_dump(mode="json")):
        description["plugins"] = plugins

    # The weights last and in one file: a folder with weights is whole, and replacing them is
    # atomic.
    write_json(folder / "model.json", description)
    _save(folder / "view.safetensors", views)
    _save(folder / "model.safetensors", weights)


def load_model(
    folder: Path,
) -> tuple[
    TrialConfig, torch.nn.Module, dict[str, SessionSpec], dict[str, Fitted], dict[str, np.ndarray]
]:
    """(config, model in eval mode, sessions, fitted views, (recorded units,) mask of kept units)."""
    if not (folder / "model.safetensors").is_file():
        raise StudyError(
            f"{folder}: no model was saved there", "Only trials that reached a validation have one."
        )
    described: dict[str, Any] = read_json(folder / "model.json")
    if not isinstance(described, dict) or described.get("schema") != SCHEMA:
        raise StudyError(
            f"{folder / 'model.json'}: not of the form this raylab reads",
            "Use the raylab that wrote it.",
        )
    require_plugins(described.get("plugins", ()), str(folder / "model.json"))
    config = parse_trial(described["config"], str(folder / "model.json"))
    sessions = {entry["id"]: _session_spec(entry) for entry in described["sessions"]}
    model = get_task(config).build(config, sessions)
    model.load_state_dict(_load(folder / "model.safetensors"))
    arrays = {name: tensor.numpy() for name, tensor in _load(folder / "view.safetensors").items()}
    learnt = {
        name: {
            key.partition(".")[2]: array
            for key, array in arrays.items()
            if key.startswith(f"{index}.")
        }
        for index, name in enumerate(sessions)
    }
    units = {name: entry.pop("units") for name, entry in learnt.items()}
    fitted = {name: Fitted(**entry) for name, entry in learnt.items()}
    return config, model.eval(), sessions, fitted, units


def _session_spec(entry: dict[str, Any]) -> SessionSpec:
    labels = {
        name: LabelSpec(label["kind"], label["unit"], tuple(label["classes"]), label["dims"])
        for name, label in entry["labels"].items()
    }
    return SessionSpec(
        entry["id"],
        entry["units"],
        entry["rate_hz"],
        entry["splits"],
        labels,
        entry.get("longest", {}),
    )


def _below(prefix: str, tensors: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {
        name.removeprefix(prefix): value
        for name, value in tensors.items()
        if name.startswith(prefix)
    }


def _load(path: Path) -> dict[str, torch.Tensor]:
    try:
        return load_file(path)
    except (SafetensorError, OSError) as error:
        raise StudyError(
            f"{path}: not readable ({error})", "Restore it from a copy of the study."
        ) from None


def _save(
    path: Path, tensors: Mapping[str, torch.Tensor], metadata: dict[str, str] | None = None
) -> None:
    plain = {name: value.detach().cpu().contiguous() for name, value in tensors.items()}
    with atomic_path(path) as temporary:
        save_file(plain, temporary, metadata=metadata)
