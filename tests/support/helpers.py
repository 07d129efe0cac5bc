"""Small sessions, datasets and studies that several tests share. No Ray: everything in this
process.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
import yaml

from raylab.config.parse import parse_trial
from raylab.config.sampling import sampling_section
from raylab.config.splits import ChronologicalSplits, FiltersConfig, SplitsConfig
from raylab.config.trial import TrialConfig
from raylab.data.dataset import Dataset
from raylab.data.datasets.recording import Recording
from raylab.data.preparation.writing import store_session, store_split, write_manifest
from raylab.data.session import Label, Session
from raylab.data.splitting.splits import assign_sessions, make_parts
from raylab.files import safe_name
from raylab.tracking.events import StudyEnded, TrialEnded, TrialReported, TrialStarted
from raylab.tracking.study import StudyFolder
from raylab.training.worker import TrialJob, run_round, start

RECIPE: dict[str, Any] = {
    "format": "npz",
    "neural": {"path": "x", "kind": "rate"},
    "time": {"rate_hz": 10},
    "labels": {
        "position": {"path": "position", "kind": "continuous", "unit": "m"},
        "heading": {"path": "heading", "kind": "circular", "unit": "rad"},
        "choice": {"path": "choice", "kind": "discrete"},
    },
}


def arrays(samples: int = 400, units: int = 6, seed: int = 0) -> dict[str, np.ndarray]:
    """Activity driven by a position that wanders, a heading and a choice."""
    random = np.random.default_rng(seed)
    phase = np.cumsum(0.1 + 0.05 * random.random(samples))
    position = np.sin(phase / 2)
    drive = np.stack([position, np.sin(phase), np.cos(phase)], axis=1) @ random.normal(
        size=(3, units)
    )
    return {
        "x": (drive + 0.2 * random.normal(size=drive.shape)).astype(np.float32),
        "position": position,
        "heading": np.mod(phase, 2 * np.pi),
        "choice": (position > 0).astype(np.int64),
    }


def recording_file(folder: Path, name: str = "rat.npz", **changes: Any) -> Path:
    """`arrays` as a file; a change to None leaves an array out."""
    found = {key: value for key, value in {**arrays(), **changes}.items() if value is not None}
    folder.mkdir(parents=True, exist_ok=True)
    np.savez(folder / name, **found)
    return folder / name


def recipe_file(folder: Path, **changes: Any) -> Path:
    """`RECIPE` as YAML; a change to None leaves a key out."""
    path = folder / "recipe.yaml"
    path.write_text(
        yaml.safe_dump(
            {k: v for k, v in {**RECIPE, **changes}.items() if v is not None}, sort_keys=False
        )
    )
    return path


def session(
    name: str = "rat",
    *,
    samples: int = 400,
    units: int = 6,
    seed: int = 0,
    segments: Any = None,
    **changes: Any,
) -> Session:
    found = arrays(samples, units, seed)
    labels = {
        "position": Label.continuous(found["position"], unit="m"),
        "heading": Label.continuous(found["heading"], unit="rad", kind="circular"),
        "choice": Label.discrete(found["choice"]),
    }
    values: dict[str, Any] = {
        "id": name,
        "neural": found["x"],
        "kind": "rate",
        "time": np.arange(samples) / 10.0,
        "rate_hz": 10.0,
        "segments": np.asarray([[0, samples]] if segments is None else segments, np.int64),
        "labels": labels,
    }
    return Session(**{**values, **changes}).check(name)


def dataset(folder: Path, *sessions: Session, splits: SplitsConfig | None = None) -> Dataset:
    """A prepared dataset of sessions in memory, written as `prepare` writes it."""
    config, entries = splits or ChronologicalSplits(), []
    sessions = sessions or (session(),)
    whole = assign_sessions(config, [(one.id, one.animal) for one in sessions]) or {}
    for one in sessions:
        names = {"name": safe_name(one.id), "source": f"{one.id}.npz"}
        parts = make_parts(one, config, source=one.id, whole=whole.get(one.id))
        entries.append(
            store_session(folder, one, **names)
            | store_split(folder, one, parts, FiltersConfig(), **names)
        )
    write_manifest(folder, entries, recipe=None, splits=config.model_dump(mode="json"))
    return Dataset(folder)


def recording(one: Session, parts: np.ndarray, **changes: Any) -> Recording:
    values = {"id": one.id, "rate_hz": one.rate_hz, "neural": one.neural, "time": one.time}
    return Recording(**{**values, "parts": parts, "labels": one.labels, **changes})


def trial(**sections: Any) -> TrialConfig:
    """A small, fast trial; sections as nested dicts."""
    torch.set_num_threads(1)
    conditional = sections.get("sampling", {}).get("conditional", "time")
    value: dict[str, Any] = {
        "model": {"encoder": {"kind": "offset10", "hidden_units": 8}, "output_dimension": 3},
        "training": {"max_steps": 20, "batch_size": 16, "validate_every": 5, "device": "cpu"},
        "sampling": sampling_section(conditional=conditional, time_offset=2),
        "evaluation": {"bits_batch": 16},
    }
    for name, section in sections.items():
        value[name] = {**value.get(name, {}), **section}
    return parse_trial(value, "test")


def small_study(
    path: Path, data: Dataset, *, scores: tuple[float, ...] = (0.5, 0.9), **sections: Any
) -> StudyFolder:
    """A finished study as a search leaves it: trained trials, ledger, models; scores as given, not
    as measured.
    """
    configs = [trial(**{"training": {"seed": number}, **sections}) for number in range(len(scores))]
    return study_of(path, data, configs, scores)


def study_of(
    path: Path,
    data: Dataset,
    configs: Sequence[TrialConfig],
    scores: Sequence[float | None] | None = None,
) -> StudyFolder:
    """The same of any configs; a score of None is as measured."""
    label = next(
        (config.task.label for config in configs if config.task.label),
        next(iter(data.labels), None),
    )
    description = {
        "kind": "search",
        "data": {"path": str(data.path.resolve()), "fingerprint": data.fingerprint},
        "task": {"kind": configs[0].task.kind if configs else "contrastive"},
        "objective": {"metric": "decoding.score", "mode": "max"},
        "label": label,
        "tracking": {"uri": "sqlite:///none.db"},
    }
    study = StudyFolder.create(path, description)
    study.space_path.write_text("search: {}\n")
    for number, (config, score) in enumerate(
        zip(configs, scores or [None] * len(configs), strict=True)
    ):
        name = f"{number:04d}"
        job = TrialJob(
            name, str(study.trial_folder(name)), str(data.path), config.model_dump(mode="json")
        )
        training = start(job)
        metrics = run_round(training, job)
        score = metrics["decoding.score"] if score is None else score
        study.ledger.append(
            TrialStarted(trial=name, params={"training.seed": number}, config=job.config),
            TrialReported(trial=name, step=5, metrics=metrics),
            TrialEnded(
                trial=name, state="completed", step=5, score=score, metrics=metrics, seconds=1.0
            ),
        )
    study.ledger.append(StudyEnded())
    return study
