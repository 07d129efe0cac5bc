"""Writing a trained contrastive model as a file that `cebra.CEBRA.load` opens. CEBRA itself is not
needed.

The form is that of `cebra.CEBRA.save` 0.6.1 (cebra/integrations/sklearn/cebra.py): one dict,
written by `torch.save`. Here it contains only tensors and plain values, so it also opens with
`weights_only=True`. The z-score and the choice of units become part of the first layer, and CEBRA's
padding repeats the ends as raylab's does. Raw activity of all recorded units therefore gives the
same embedding as `Model.transform`, including the ends.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import sklearn
import torch
from torch import Tensor

from raylab.config.contrastive import ContrastiveTrial
from raylab.config.encoders import OffsetEncoderConfig
from raylab.config.view import ViewConfig
from raylab.errors import ConfigError
from raylab.files import atomic_path
from raylab.interop.architectures import architecture_name
from raylab.models.encoders import build_encoder
from raylab.training.model import Model
from raylab.version import __version__

FORMAT = "0.6.1"  # the version of cebra that has this form
# Settings of a view that need no counterpart in CEBRA.
_FOLDED = ("outlier_z", "selection", "zscore", "normalized_time")
_CONDITIONALS = ("time", "time_delta", "delta")


def write_cebra(model: Model, path: Path, *, session: str | None = None) -> list[str]:
    """Write the encoder of one session, or those of all sessions in CEBRA's multi-session form.

    Returns:
        The sessions of the file, in the order of CEBRA's `session_id`.

    Raises:
        ConfigError: CEBRA cannot express a setting of the config, which the error names.
        DataError: the model does not know the session.
    """
    names = list(model.sessions) if session is None else [session]
    content = cebra_content(model, names)
    with atomic_path(path) as temporary:
        torch.save(content, temporary)
    return names


def cebra_content(model: Model, names: Sequence[str]) -> dict[str, Any]:
    """The content that `cebra.CEBRA.save` would write for an estimator trained on these sessions;
    see `write_cebra`.
    """
    config = model.config
    if not isinstance(config, ContrastiveTrial):
        raise ConfigError("task.kind: CEBRA knows contrastive models only")
    _check_view(config.view)
    arguments = _arguments(config)  # first, because it raises for encoders that CEBRA lacks
    several = len(names) > 1
    width = {model.encoder(name).width for name in names}.pop()
    units = [len(model.units[name]) for name in names]
    state = {
        "label_types_": _label_types(model, config, names),
        "device_": "cpu",
        "n_features_": units if several else units[0],
        "n_features_in_": units if several else units[0],
        "num_sessions_": len(names) if several else None,
        # CEBRA uses only its length. CEBRA's own type would not be a plain value.
        "offset_": tuple(range(width)),
        "solver_name_": "multi-session" if several else "single-session",
    }
    return {
        "args": arguments,
        "state": state,
        "state_dict": _solver(model, config, _weights(model, config, names), state),
        "metadata": {
            "backend": "sklearn",
            "cebra_version": FORMAT,
            "torch_version": str(torch.__version__),
            "numpy_version": np.__version__,
            "sklearn_version": sklearn.__version__,
            "raylab_version": __version__,
            "raylab_sessions": list(names),
        },
    }


def _check_view(view: ViewConfig) -> None:
    default = ViewConfig()
    for key in ViewConfig.model_fields:
        if key not in _FOLDED and getattr(view, key) != getattr(default, key):
            raise ConfigError(
                f"view.{key} {getattr(view, key)}: CEBRA has no such step, and would embed raw "
                "activity without it",
                "Export the embeddings (--format embeddings), or train on activity prepared that "
                "way.",
            )


def _arguments(config: ContrastiveTrial) -> dict[str, Any]:
    """Of the estimator. Its optimizer starts anew, so what is there of it matters only where
    training goes on.
    """
    loss, sampling = config.loss, config.sampling
    return {
        "model_architecture": architecture_name(config),
        "device": "cpu",
        "distance": loss.similarity,
        "conditional": sampling.conditional if sampling.conditional in _CONDITIONALS else None,
        "hybrid": sampling.conditional == "hybrid",
        "temperature": loss.temperature,
        "temperature_mode": "auto" if loss.learnable_temperature else "constant",
        "min_temperature": loss.min_temperature,
        "time_offsets": getattr(
            sampling, "time_offset", 10
        ),  # where its pairs have none: CEBRA's default
        "delta": getattr(sampling, "delta", 0.1),
        "max_iterations": config.training.max_steps,
        "batch_size": config.training.batch_size,
        "learning_rate": config.optimizer.learning_rate,
        "output_dimension": config.model.output_dimension,
        "num_hidden_units": getattr(config.model.encoder, "hidden_units", 32),
        "verbose": False,
        "optimizer_kwargs": (
            ("betas", (0.9, 0.999)),
            ("eps", 1e-08),
            ("weight_decay", 0),
            ("amsgrad", False),
        ),
    }


def _label_types(model: Model, config: ContrastiveTrial, names: Sequence[str]) -> list[Any]:
    """(type, shape) of each label array that CEBRA's calls with labels need; where there are
    several sessions, a list of them per label.
    """
    if config.sampling.by_time:
        return []
    first = next(iter(model.sessions[names[0]].labels), None)
    named = dict.fromkeys(
        label
        for objective in config.sampling.losses.values()
        for label in objective.pairs.named_labels
    )
    used = tuple(named) or tuple(name for name in (config.task.label or first,) if name)
    label_types: list[Any] = []
    for label in used:
        kinds = [
            (model.sessions[name].labels[label], model.sessions[name].splits["train"])
            for name in names
        ]
        types = [
            ("int64", (n,)) if spec.kind == "discrete" else ("float64", (n, spec.dims))
            for spec, n in kinds
        ]
        label_types.append(types if len(names) > 1 else types[0])
    return label_types


def _weights(model: Model, config: ContrastiveTrial, names: Sequence[str]) -> dict[str, Tensor]:
    if len(names) == 1:
        return _session_weights(model, config, names[0])
    return {
        f"{index}.{key}": value
        for index, name in enumerate(names)
        for key, value in _session_weights(model, config, name).items()
    }


def _session_weights(model: Model, config: ContrastiveTrial, name: str) -> dict[str, Tensor]:
    """The encoder of a session, on raw activity of all its recorded units."""
    encoder = config.model.encoder
    # Dropout layers have no weights, but they change the names of later layers.
    if isinstance(encoder, OffsetEncoderConfig):
        encoder = encoder.model_copy(update={"dropout": 0.0, "block_dropout": 0.0})
    plain = build_encoder(encoder, units=1, output_dimension=config.model.output_dimension)
    weight, bias, *others = (
        value.detach().cpu() for value in model.encoder(name).state_dict().values()
    )
    return dict(
        zip(plain.state_dict(), [*_folded(weight, bias, model, name), *others], strict=True)
    )


def _folded(weight: Tensor, bias: Tensor, model: Model, name: str) -> tuple[Tensor, Tensor]:
    """The weights (hidden, recorded units, ...) and the bias of a first layer that contains the
    z-score, with zeros for units that the view does not show.

    w . (x - mean) / std + b = (w / std) . x + (b - sum w mean / std), computed in float64.
    """
    fitted, recorded = model.fitted[name], model.units[name]
    across = (1, -1) + (1,) * (weight.dim() - 2)  # the same for each tap of a convolution
    # A shared encoder may be wider than the session.
    used = weight.double()[:, : len(fitted.columns)]
    bias = bias.double()
    if fitted.mean is not None and fitted.std is not None:
        mean, std = (
            torch.from_numpy(np.array(array)).double().view(across)
            for array in (fitted.mean, fitted.std)
        )
        used = used / std
        bias = bias - (used * mean).flatten(1).sum(1)
    whole = weight.new_zeros(len(weight), len(recorded), *weight.shape[2:], dtype=torch.float64)
    whole[:, torch.from_numpy(np.flatnonzero(recorded)[fitted.columns])] = used
    return whole.float(), bias.float()


def _solver(
    model: Model, config: ContrastiveTrial, weights: dict[str, Tensor], state: dict[str, Any]
) -> dict[str, Any]:
    """The state of CEBRA's solver, with an Adam that has not made a step."""
    held = {key: value.detach().cpu() for key, value in model.module.state_dict().items()}
    criterion = {
        key.removeprefix("criterion."): value
        for key, value in held.items()
        if key.startswith("criterion.")
    }
    parameters = [torch.nn.Parameter(torch.zeros(())) for _ in (*weights, *criterion)]
    optimizer = torch.optim.Adam(parameters, lr=config.optimizer.learning_rate)
    several = {} if state["num_sessions_"] is None else {"num_sessions": state["num_sessions_"]}
    return {
        "model": weights,
        "criterion": criterion,
        "optimizer": optimizer.state_dict(),
        "loss": torch.zeros(0),
        "decode": [],
        "log": {"pos": [], "neg": [], "total": [], "temperature": []},
        "version": FORMAT,
        "n_features": state["n_features_"],
        **several,
    }
