"""Checkpoints and models on disk: safetensors and JSON, each file whole or absent. No pickle."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file

import raylab
from raylab.config import TrialConfig
from raylab.data.dataset import Dataset, LabelSpec, SessionSpec
from raylab.data.view import Fitted
from raylab.errors import StudyError
from raylab.files import atomic_path, read_json, write_json
from raylab.parsing import parse_trial
from raylab.tasks import get_task

SCHEMA = 1
CHECKPOINT = "checkpoint.safetensors"


def save_checkpoint(folder: Path, model: torch.nn.Module, optimizer: torch.optim.Optimizer, *, step: int) -> None:
    """Weights, optimizer moments and step. Samplers and random streams need nothing: both are pure in (seed, step)."""
    tensors = {f"model.{name}": value for name, value in model.state_dict().items()}
    for index, entry in optimizer.state_dict()["state"].items():
        tensors |= {f"optimizer.{index}.{name}": torch.as_tensor(value) for name, value in entry.items()}
    _save(folder / CHECKPOINT, tensors, {"step": str(step)})


def load_checkpoint(folder: Path, model: torch.nn.Module, optimizer: torch.optim.Optimizer) -> int:
    """Restore in place; returns the step."""
    tensors = _load(folder / CHECKPOINT)
    model.load_state_dict({k.removeprefix("model."): v for k, v in tensors.items() if k.startswith("model.")})
    moments: dict[int, dict[str, torch.Tensor]] = {}
    for name, value in tensors.items():
        if name.startswith("optimizer."):
            _, index, key = name.split(".", 2)
            moments.setdefault(int(index), {})[key] = value
    optimizer.load_state_dict({**optimizer.state_dict(), "state": moments})
    with safe_open(folder / CHECKPOINT, framework="pt") as file:
        return int(file.metadata()["step"])


def save_model(
    folder: Path, config: TrialConfig, model: torch.nn.Module, dataset: Dataset, fitted: Mapping[str, Fitted | None]
) -> None:
    """A folder that rebuilds the model without its study: weights, config, sessions, what views learnt."""
    views = {
        f"{index}.{name}": torch.from_numpy(np.array(getattr(entry, name)))
        for index, entry in enumerate(fitted[session] for session in dataset.sessions)
        if entry is not None
        for name in ("mean", "std")
    }
    kept = {f"{index}.units": torch.from_numpy(dataset.kept_units(name)) for index, name in enumerate(dataset.sessions)}
    description = {
        "schema": SCHEMA,
        "raylab": raylab.__version__,
        "config": config.model_dump(mode="json"),
        "data": dataset.fingerprint,
        "sessions": [
            {
                "id": spec.id,
                "units": spec.units,
                "rate_hz": spec.rate_hz,
                "splits": spec.splits,
                "labels": {name: vars(label) for name, label in spec.labels.items()},
            }
            for spec in dataset.sessions.values()
        ],
    }

    # The weights last and in one file: a folder with weights is whole, and replacing them is atomic.
    write_json(folder / "model.json", description)
    _save(folder / "view.safetensors", {**views, **kept})
    _save(folder / "model.safetensors", model.state_dict())


def load_model(
    folder: Path,
) -> tuple[TrialConfig, torch.nn.Module, dict[str, SessionSpec], dict[str, Fitted | None], dict[str, np.ndarray]]:
    """(config, model in eval mode, sessions, fitted views, (recorded units,) mask of kept units)."""
    if not (folder / "model.safetensors").is_file():
        raise StudyError(f"{folder}: no model was saved there", "Only trials that reached a validation have one.")
    described: dict[str, Any] = read_json(folder / "model.json")
    if not isinstance(described, dict) or described.get("schema") != SCHEMA:
        raise StudyError(f"{folder / 'model.json'}: not of the form this raylab reads", "Use the raylab that wrote it.")
    config = parse_trial(described["config"], str(folder / "model.json"))
    sessions = {entry["id"]: _session_spec(entry) for entry in described["sessions"]}
    model = get_task(config).build(config, sessions)
    model.load_state_dict(_load(folder / "model.safetensors"))
    arrays = {name: tensor.numpy() for name, tensor in _load(folder / "view.safetensors").items()}
    fitted = {
        name: Fitted(arrays[f"{index}.mean"], arrays[f"{index}.std"]) if f"{index}.mean" in arrays else None
        for index, name in enumerate(sessions)
    }
    units = {name: arrays[f"{index}.units"] for index, name in enumerate(sessions)}
    return config, model.eval(), sessions, fitted, units


def _session_spec(entry: dict[str, Any]) -> SessionSpec:
    labels = {
        name: LabelSpec(label["kind"], label["unit"], tuple(label["classes"]), label["dims"])
        for name, label in entry["labels"].items()
    }
    return SessionSpec(entry["id"], entry["units"], entry["rate_hz"], entry["splits"], labels)


def _load(path: Path) -> dict[str, torch.Tensor]:
    try:
        return load_file(path)
    except (SafetensorError, OSError) as error:
        raise StudyError(f"{path}: not readable ({error})", "Restore it from a copy of the study.") from None


def _save(path: Path, tensors: Mapping[str, torch.Tensor], metadata: dict[str, str] | None = None) -> None:
    plain = {name: value.detach().cpu().contiguous() for name, value in tensors.items()}
    with atomic_path(path) as temporary:
        save_file(plain, temporary, metadata=metadata)
