"""A trained model in a folder that needs no study: safetensors and JSON, no pickle."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

from raylab.config.earlier import as_recorded
from raylab.config.parse import parse_trial
from raylab.config.plugins import plugins_of, require_plugins
from raylab.config.trial import TrialConfig
from raylab.data.datasets.specs import SessionSpec, session_spec
from raylab.data.views.view import Fitted
from raylab.errors import StudyError
from raylab.files import read_json, write_json
from raylab.tasks.families import get_task
from raylab.training.tensor_files import load_tensors, save_tensors
from raylab.version import __version__

SCHEMA = 2


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
    """Save a model with everything that is needed to use it.

    Args:
        sessions: With as many units as their view shows.
        fitted: What the view of each session has learnt from its training samples.
        units: (recorded units,) bool per session: the units that the dataset kept.
        data: The fingerprint of the dataset.
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

    # The weights come last and in one file: a folder with weights is complete, and replacing them
    # is atomic.
    write_json(folder / "model.json", description)
    save_tensors(folder / "view.safetensors", views)
    save_tensors(folder / "model.safetensors", weights)


def load_model(
    folder: Path,
) -> tuple[
    TrialConfig, torch.nn.Module, dict[str, SessionSpec], dict[str, Fitted], dict[str, np.ndarray]
]:
    """Load a model that `save_model` has saved.

    Returns:
        (config, model in eval mode, sessions, fitted views, (recorded units,) masks of kept units).

    Raises:
        StudyError: no model was saved there, or it is damaged.
        MissingPackage: the model needs a package that is not installed.
    """
    if not (folder / "model.safetensors").is_file():
        raise StudyError(
            f"{folder}: no model was saved there", "Only trials that reached a validation have one."
        )
    described: dict[str, Any] = read_json(folder / "model.json")
    if not isinstance(described, dict) or described.get("schema") != SCHEMA:
        raise StudyError(
            f"{folder / 'model.json'}: this version of raylab cannot read its form",
            "Use the raylab that wrote it.",
        )
    require_plugins(described.get("plugins", ()), str(folder / "model.json"))
    config = parse_trial(as_recorded(described["config"]), str(folder / "model.json"))
    sessions = {entry["id"]: session_spec(entry) for entry in described["sessions"]}
    model = get_task(config).build(config, sessions)
    model.load_state_dict(load_tensors(folder / "model.safetensors"))
    arrays = {
        name: tensor.numpy() for name, tensor in load_tensors(folder / "view.safetensors").items()
    }
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
