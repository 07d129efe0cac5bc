"""Entrants of an answer as tests make them: trials trained in this process and kept."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from raylab.analysis.models.scorer import Scorer
from raylab.config.parse import parse_trial
from raylab.config.trial import TrialConfig
from raylab.data.dataset import Dataset
from raylab.data.shard import whole_shard
from raylab.data.splitting.splits import CODE
from raylab.evaluation.decoding import Decoded
from raylab.files import write_json
from raylab.tracking.events import StudyEnded, TrialEnded, TrialStarted
from raylab.tracking.study import StudyFolder
from raylab.training.loop import Training
from raylab.training.model import Model
from raylab.training.predicting.keeping import keep_entrant
from raylab.training.predictor import Predictor

EMBEDDINGS: dict[str, dict[str, Any]] = {
    "contrastive": {
        "task": {"kind": "contrastive"},
        "model": {"encoder": {"kind": "offset5", "hidden_units": 8}, "output_dimension": 3},
        "training": {"max_steps": 30, "batch_size": 32, "device": "cpu"},
        "sampling": {"conditional": "time", "time_offset": 2},
    },
    "vqvae": {
        "task": {"kind": "vqvae"},
        "model": {
            "window": 10,
            "stride": 5,
            "channels": [8, 8, 8],
            "norm_groups": 4,
            "residual_blocks": 1,
            "code_dimension": 4,
        },
        "quantizer": {"kind": "ema", "codes": 16},
        "training": {"max_steps": 10, "batch_size": 16, "device": "cpu"},
    },
}


def decoder_config(kind: str, label: str, **sections: Any) -> TrialConfig:
    """A small decoder: a readout or a network by its kind."""
    value: dict[str, Any] = {
        "task": {"kind": "decoder"},
        "input": {"window": 4},
        "model": {"kind": kind},
        "training": {"max_steps": 20, "batch_size": 32, "device": "cpu"},
    }
    return _config(value, label, sections)


def embedding_config(family: str, label: str, **sections: Any) -> TrialConfig:
    """A small embedding whose label is read by seven neighbours."""
    return _config({**EMBEDDINGS[family], "evaluation": {"neighbours": [7]}}, label, sections)


def _config(value: dict[str, Any], label: str, sections: dict[str, Any]) -> TrialConfig:
    torch.set_num_threads(1)
    value = {**value, "task": {**value["task"], "label": label}}
    for name, section in sections.items():
        value[name] = {**value.get(name, {}), **section}
    return parse_trial(value, "test")


def trained_trial(folder: Path, data: Dataset, config: TrialConfig) -> Path:
    """A trained trial's folder, with its model in `model`."""
    training = Training(config, data, whole_shard(data, config.view, config.sessions))
    while not training.done:
        training.advance()
    training.save_model(folder / "model")
    return folder


def kept(
    folder: Path,
    data: Dataset,
    configs: Sequence[TrialConfig],
    *,
    family: str = "readout",
    weights: Sequence[float] | None = None,
) -> Predictor:
    """Trials of these configs as one entrant, saved and loaded."""
    trials = [
        trained_trial(folder / "trials" / str(number), data, config)
        for number, config in enumerate(configs)
    ]
    keep_entrant(
        folder / "entrant",
        trials,
        weights=weights,
        label=configs[0].task.label or "",
        entrant="tested",
        family=family,
        dataset=data,
    )
    return Predictor.load(folder / "entrant")


def held_out(data: Dataset, session: str, split: str = "valid") -> list[np.ndarray]:
    """The raw activity of each part of a split."""
    opened = data.open(session)
    return [
        np.asarray(opened.neural[start:stop])
        for start, stop, code in opened.parts.tolist()
        if code == CODE[split]
    ]


def scored(model: Model, data: Dataset, split: str = "valid") -> dict[str, Decoded]:
    """Session -> what the scores of a split are of."""
    label = model.config.task.label or ""
    decoded = Scorer(model, data, split).read([label])
    return {name: by_label[label] for name, by_label in decoded.items() if label in by_label}


def small_answer(path: Path, data: Dataset, **entrants: Sequence[TrialConfig]) -> StudyFolder:
    """A finished answer as `raylab answer` leaves it: trials, kept entrants and answer.json, which
    recommends the first entrant. An entrant of several configs has as many members.
    """
    first = next(iter(entrants))
    label = entrants[first][0].task.label or ""
    description = {
        "kind": "answer",
        "data": {"path": str(data.path.resolve()), "fingerprint": data.fingerprint},
        "objective": {"metric": "decoding.score", "mode": "max"},
        "label": label,
        "tracking": {"uri": "sqlite:///none.db"},
        "answer": {"folds": [str(data.path.resolve())], "fingerprints": [data.fingerprint]},
    }
    study = StudyFolder.create(path, description)
    for name, configs in entrants.items():
        trials = [f"fold0-{name}-{number:02d}" for number in range(len(configs))]
        for trial, config in zip(trials, configs):
            trained_trial(study.trial_folder(trial), data, config)
            values = config.model_dump(mode="json")
            study.ledger.append(
                TrialStarted(trial=trial, params={}, config=values, fold=0, entrant=name),
                TrialEnded(trial=trial, state="completed", step=1, score=0.5, metrics={}),
            )
        keep_entrant(
            study.path / "entrants" / name,
            [study.trial_folder(trial) for trial in trials],
            label=label,
            entrant=name,
            family="ensemble" if name == "ensemble" else "readout",
            dataset=data,
        )
    study.ledger.append(StudyEnded())
    write_json(study.path / "answer.json", {"final": {"entrant": first, "trial": "final"}})
    return study
