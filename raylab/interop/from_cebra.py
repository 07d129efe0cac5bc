"""Reading a file that `cebra.CEBRA.save` has written as a model of raylab. CEBRA itself is not
needed, and no code in the file is run.
"""

from __future__ import annotations

import pickle
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

from raylab.config.contrastive import ContrastiveTrial
from raylab.config.explain import did_you_mean
from raylab.config.parse import parse
from raylab.config.sampling import sampling_section
from raylab.data.datasets.specs import SessionSpec
from raylab.data.views.view import Fitted
from raylab.errors import DataError
from raylab.interop.architectures import ARCHITECTURES, Architecture
from raylab.paths import local_path
from raylab.tasks.families import get_task
from raylab.training.model import Model

_AGAIN = (
    "Open it with CEBRA where you trust it, and save it again: model.save(path, backend='sklearn')."
)


class _Offset:
    """Stands in for cebra.data.datatypes.Offset. Its two numbers follow from the architecture."""

    __slots__ = ["left", "right"]


# What such files contain besides tensors and plain values. None of it can run code.
_ALLOWED: list[Any] = [
    (_Offset, "cebra.data.datatypes.Offset"),
    torch.torch_version.TorchVersion,
    np.dtype,
    *(type(np.dtype(code)) for code in "?bhilqBHILQefd"),
]


def from_cebra(path: str | Path) -> Model:
    """Load the encoders of a file that `cebra.CEBRA.save` has written.

    The model has one encoder per session. Its sessions are named 0, 1, ..., or as in the study
    where raylab wrote the file.

    `Model.transform` takes the same arrays as CEBRA's and returns the same embeddings, with two
    exceptions. An encoder that subsamples embeds every sample (CEBRA: every fourth), and a window
    that the encoder maps to zero stays zero (CEBRA: NaN). The config contains as much about the
    training as the file does. CEBRA's files have no sampling rate, so it is set to 1 Hz.

    Args:
        path: The file.

    Returns:
        The model.

    Raises:
        DataError: The file is missing or has another form, raylab lacks its architecture, or it can
            only be read by running code (as files of `backend="torch"`).
        ConfigError: The config of raylab does not allow a value of the file's arguments.

    Example:
        >>> sessions = raylab.export_model("study", out="from_study.pt", form="cebra")
        >>> model = raylab.from_cebra("from_study.pt")
        >>> activity = raylab.Dataset("dataset").open("a").activity(0, 100)  # (samples, units)
        >>> model.transform(activity, session="a").shape  # (samples, dimensions)
        (100, 3)
    """
    source = str(path)
    content = _load(local_path(path))
    arguments, state, solver = (
        _mapping(content, key, source) for key in ("args", "state", "state_dict")
    )
    name = arguments.get("model_architecture")
    if not isinstance(name, str) or name not in ARCHITECTURES:
        raise DataError(
            f"{source}: architecture '{name}' is not known here",
            did_you_mean(str(name), ARCHITECTURES),
        )
    config = _config(arguments, ARCHITECTURES[name], source)
    sessions = _sessions(content, state, source)
    module = get_task(config).build(config, sessions)
    _fill(module, solver, len(sessions), source)
    return Model(
        config,
        module.eval(),
        sessions,
        {session: Fitted(np.arange(spec.units)) for session, spec in sessions.items()},
        {session: np.ones(spec.units, bool) for session, spec in sessions.items()},
    )


def _load(path: Path) -> Mapping[str, object]:
    try:
        with torch.serialization.safe_globals(_ALLOWED):
            content = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise DataError(f"{path}: no such file") from None
    except pickle.UnpicklingError as error:
        named = re.search(r"GLOBAL ([\w.]+)", str(error))
        what = (
            f"holds {named[1]}, which would run code to be read"
            if named
            else "not a file of CEBRA's"
        )
        raise DataError(f"{path}: {what}", _AGAIN if named else "") from None
    except Exception as error:  # a damaged file fails anywhere in the unpickler
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise DataError(f"{path}: not readable as a file of CEBRA's ({reason:.120})") from None
    if not isinstance(content, Mapping):
        raise DataError(f"{path}: not a file of CEBRA's (it holds {type(content).__name__})")
    return content


def _mapping(content: Mapping[str, object], key: str, source: str) -> Mapping[str, Any]:
    inner = content.get(key)
    if not isinstance(inner, Mapping):
        raise DataError(f"{source}: not a file of CEBRA's (no '{key}')", _AGAIN)
    return inner


def _config(
    arguments: Mapping[str, Any], architecture: Architecture, source: str
) -> ContrastiveTrial:
    """The arguments of CEBRA's estimator as a config, as far as raylab has a setting for them."""
    learnt = arguments.get("temperature_mode") == "auto"
    offset, batch, delta = (arguments.get(key) for key in ("time_offsets", "batch_size", "delta"))
    conditional = "hybrid" if arguments.get("hybrid") is True else arguments.get("conditional")
    sampling = {"conditional": conditional, "time_offset": offset, "delta": delta}
    value = {
        "view": {"zscore": False},
        "model": {
            "encoder": architecture.encoder(arguments.get("num_hidden_units", 32)),
            "output_dimension": arguments.get("output_dimension", 8),
            "normalize": architecture.normalized,
        },
        "loss": {
            "similarity": arguments.get("distance", "cosine"),
            "temperature": arguments.get("temperature", 1.0),
            "learnable_temperature": learnt,
            # In CEBRA, None means that there is no minimum.
            **({"min_temperature": arguments.get("min_temperature") or 1e-6} if learnt else {}),
        },
        "sampling": sampling_section(
            **{
                key: value
                for key, value in sampling.items()
                if isinstance(value, (str, int, float))
            }
        ),
        "training": {
            "max_steps": arguments.get("max_iterations", 10_000),
            **({"batch_size": batch} if isinstance(batch, int) else {}),
        },
        "optimizer": {"learning_rate": arguments.get("learning_rate", 3e-4)},
    }
    return parse(ContrastiveTrial, value, source)


def _sessions(
    content: Mapping[str, object], state: Mapping[str, object], source: str
) -> dict[str, SessionSpec]:
    units = state.get("n_features_in_")
    units = list(units) if isinstance(units, (list, tuple)) else [units]
    if not all(isinstance(count, int) and count > 0 for count in units):
        raise DataError(
            f"{source}: it does not say how many units its sessions have (state.n_features_in_)"
        )
    metadata = content.get("metadata")
    named = metadata.get("raylab_sessions") if isinstance(metadata, Mapping) else None
    names = [str(name) for name in named] if isinstance(named, list) else []
    if len(set(names)) != len(units):
        names = [str(index) for index in range(len(units))]
    return {name: SessionSpec(name, count, 1.0, {}, {}) for name, count in zip(names, units)}


def _fill(
    module: torch.nn.Module, solver: Mapping[str, object], sessions: int, source: str
) -> None:
    """Copy the weights of the encoders and of the criterion into a `ContrastiveModel`."""
    weights, criterion = _mapping(solver, "model", source), _mapping(solver, "criterion", source)
    several = {
        f"encoders.{key}" if sessions > 1 else f"encoders.0.{key}": value
        for key, value in weights.items()
    }
    try:
        module.load_state_dict(
            {**several, **{f"criterion.{key}": value for key, value in criterion.items()}}
        )
    except (RuntimeError, TypeError) as error:
        reason = str(error).splitlines()[-1].strip()
        raise DataError(
            f"{source}: its weights are not those of its architecture ({reason:.160})"
        ) from None
