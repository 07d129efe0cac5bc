"""Studies of made-up trials, with which reports, leaderboards and the MLflow mirror are tested."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from raylab.files import write_json, write_tensors
from raylab.tracking.events import (
    State,
    StudyEnded,
    TestRead,
    TrialEnded,
    TrialReported,
    TrialStarted,
)
from raylab.tracking.study import StudyFolder

T0 = 1_795_000_000.0
STATES: tuple[State, ...] = (
    "completed",
    "completed",
    "pruned",
    "failed",
    "completed",
    "interrupted",
    "pruned",
    "completed",
)


def description(**changes: Any) -> dict[str, Any]:
    return {
        "id": "5" * 32,
        "kind": "search",
        "created": T0,
        "data": {"path": "data/rat", "fingerprint": "f00d" * 16},
        "task": {"kind": "contrastive", "label": "position"},
        "objective": {"metric": "decoding.r2", "mode": "max"},
        "label": "position",
        "packages": {"torch": "2.13.0", "python": "3.11.7"},
        "git": {"commit": "c0ffee" * 6 + "beef", "dirty": True},
        **changes,
    }


def started(trial: str, *, time: float = T0, **params: Any) -> TrialStarted:
    config = {"task": {"kind": "contrastive"}, "training": {"max_steps": 100, "batch_size": 128}}
    return TrialStarted(time=time, trial=trial, params=params, config=config)


def reported(trial: str, step: int, *, time: float = T0 + 1, **metrics: float) -> TrialReported:
    return TrialReported(time=time, trial=trial, step=step, metrics=metrics)


def ended(
    trial: str, state: State, score: float | None, *, time: float = T0 + 9, **more: Any
) -> TrialEnded:
    metrics = {} if score is None else {"loss": 1.0, "decoding.r2": score}
    event = TrialEnded(
        time=time,
        trial=trial,
        state=state,
        step=100,
        score=score,
        metrics=metrics,
        seconds=8.0,
    )
    return replace(event, **more)


def fake_study(
    path: Path,
    *,
    states: tuple[State, ...] = STATES,
    labels: bool = True,
    end: bool = True,
    **changes: Any,
) -> StudyFolder:
    """A study with one trial per state, the winner's files, baselines and a test evaluation."""
    study = StudyFolder.create(path, description(label="position" if labels else None, **changes))
    study.space_path.write_text("task: {kind: contrastive}\nsearch: {}\n")
    generator = np.random.default_rng(0)
    for index, state in enumerate(states):
        _trial(study, f"{index:04d}", state, generator)
    if "completed" in states:
        _files(study, labels=labels, generator=generator)
    if end:
        study.ledger.append(StudyEnded(time=T0 + 10_000))
    return study


def _trial(study: StudyFolder, trial: str, state: State, generator: np.random.Generator) -> None:
    begin = T0 + 60 * int(trial)
    kind = str(generator.choice(["offset5", "offset10", "<b>attention</b>"]))
    params: dict[str, Any] = {
        "model.encoder.kind": kind,
        "model.output_dimension": int(generator.integers(3, 64)),
        "optimizer.learning_rate": float(10 ** generator.uniform(-4, -1)),
        "sampling.conditional": str(generator.choice(["time", "time_delta"])),
        "view.smoothing_ms": float(generator.uniform(0, 400)),
    }
    if kind == "offset5":
        params["model.encoder.hidden_units"] = int(generator.integers(8, 64))
    study.ledger.append(started(trial, time=begin, **params))
    level = float(generator.uniform(0.3, 0.8))
    steps = {"completed": 10, "pruned": 3, "failed": 2, "interrupted": 5, "running": 4}[state]
    for k in range(1, steps + 1):
        score = level * (1 - np.exp(-k / 3)) + 0.01 * generator.normal()
        metrics = {
            "loss": 6 - level * np.log1p(k),
            "decoding.r2": score,
            "decoding.position.r2": score,
        }
        study.ledger.append(reported(trial, 10 * k, time=begin + k, **metrics))
    write_json(study.config_path(trial), {"task": {"kind": "contrastive"}, "note": "</script><b>"})
    if state == "running":
        return
    error = "TrainingError: the loss is NaN at step 20 <img src=x>" if state == "failed" else None
    score = None if state in ("failed", "interrupted") else float(score)
    study.ledger.append(
        ended(trial, state, score, time=begin + 50, step=10 * steps, metrics=metrics, error=error)
    )


def _files(study: StudyFolder, *, labels: bool, generator: np.random.Generator) -> None:
    from raylab.tracking.records import best

    winner = best(study.records(), "max")
    assert winner is not None
    write_embedding(study.embedding_path(winner.trial), labels=labels, generator=generator)
    model = study.model_folder(winner.trial)
    write_tensors(model / "model.safetensors", {"weight": np.ones((2, 2), np.float32)})
    write_json(model / "model.json", {"format": 1})
    if not labels:
        return
    scores = {"raw": 0.61, "smoothed": 0.93, "pca": 0.58, "chance": -0.02}
    valid = {
        kind: {"position": {"r2": r2}, "direction": {"balanced_accuracy": 0.5 + r2 / 3}}
        for kind, r2 in scores.items()
    }
    chosen = {"smoothing_ms": 250, "zscore": True, "neighbours": 25}
    write_json(
        study.baselines_path,
        {
            "valid": valid,
            "settings": {"smoothed": {"position": {"rat-1": chosen, "rat-2": chosen}}},
        },
    )
    study.ledger.append(TestRead(time=T0 + 9000, trial=winner.trial, purpose="evaluate"))
    write_json(
        study.evaluation_path(),
        {
            "split": "test",
            "trial": winner.trial,
            "scores": {"position": {"r2": 0.66}, "direction": {"balanced_accuracy": 0.71}},
            "intervals": {"position": {"r2": [0.6, 0.7]}},
            "baselines": valid,
        },
    )


def write_embedding(
    path: Path,
    *,
    labels: bool = True,
    dimensions: int = 8,
    samples: int = 600,
    generator: Any = None,
) -> None:
    """Write a noisy ring in `dimensions` dimensions with a continuous, a circular and a discrete
    label.
    """
    generator = generator or np.random.default_rng(0)
    angle = np.linspace(0, 12 * np.pi, samples) % (2 * np.pi)
    ring = np.stack([np.cos(angle), np.sin(angle), 0.3 * np.sin(3 * angle)], axis=1)
    values = np.concatenate([ring, np.zeros((samples, max(0, dimensions - 3)))], axis=1)[
        :, :dimensions
    ]
    values = values + 0.05 * generator.normal(size=values.shape)
    tensors = {"embedding": values.astype(np.float32), "session": np.repeat([0, 1], samples // 2)}
    kinds: dict[str, Any] = {}
    if labels:
        position = np.stack([angle / 6.3 * 1.6, np.sin(angle)], axis=1)
        position[:40] = np.nan
        direction = (angle > np.pi).astype(np.int64)
        direction[:40] = -1
        tensors |= {
            "label.position": position,
            "label.head": angle[:, None],
            "label.direction": direction,
        }
        kinds = {
            "position": {"kind": "continuous", "unit": "m", "classes": []},
            "head": {"kind": "circular", "unit": "rad", "classes": []},
            "direction": {"kind": "discrete", "unit": "", "classes": ["left <i>", "right"]},
        }
    write_tensors(
        path, tensors, {"labels": json.dumps(kinds), "sessions": json.dumps(["rat-1", "rat-2"])}
    )
