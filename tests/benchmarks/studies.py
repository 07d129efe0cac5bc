"""What the platform itself costs: overhead of many short trials, a thousand trials that do nothing,
and a grid of contrastive models against cebra 0.6.1's own grid search.
"""

from __future__ import annotations

import os
import tempfile
import time
import warnings
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import yaml
from ray import tune
from sklearn.neighbors import KNeighborsRegressor

import raylab
from raylab.cluster import connect
from raylab.config.parse import parse_trial
from raylab.data.dataset import Dataset
from raylab.data.splitting.splits import CODE
from raylab.local_ray import Warm
from raylab.tracking.study import StudyFolder
from raylab.training.worker import TrialJob, run_round, start
from raylab.tuning import tune_run
from raylab.tuning.outcome import report
from raylab.tuning.planning.study_plan import ACTOR
from tests.benchmarks.sessions import recordings
from tests.benchmarks.starts import start_study

TRIALS, SLOTS, SECONDS = 32, 2, 1.0
BASE = {"model.encoder.kind": "offset1", "training.batch_size": 128, "training.device": "cpu"}


@cache
def dataset() -> Path:
    """2,000 samples of 40 tuned neurons and the latent behind them, prepared as a user would."""
    folder = Path(tempfile.mkdtemp(prefix="raylab-bench-"))
    os.environ["RAYLAB_HOME"] = str(folder)
    counts, latent = recordings()[0]
    counts, latent = counts[:2000, :40], latent[:2000]
    np.savez(folder / "one.npz", x=counts, latent=latent)
    recipe = {
        "format": "npz",
        "neural": {"path": "x", "kind": "rate"},
        "time": {"rate_hz": 30},
        "labels": {"latent": {"path": "latent", "kind": "continuous", "unit": "a"}},
    }
    (folder / "recipe.yaml").write_text(yaml.safe_dump(recipe))
    raylab.prepare(folder / "one.npz", recipe=folder / "recipe.yaml", out=folder / "ds")
    return folder / "ds"


def overhead() -> dict[str, float]:
    """32 trials of one second, two at a time: wall time over 32 x 1 s / 2. Ray is up, and one study
    has run before.

    A trial's second is the median of what it takes alone in this process, before and after the
    study.
    """
    steps = _steps_a_second()
    connect(cpus=SLOTS, warm=Warm((ACTOR,)))
    _search("warm", steps, trials=2)
    alone = [_alone(steps) for _ in range(5)]
    began = time.monotonic()
    study = _search("timed", steps, trials=TRIALS)
    wall = time.monotonic() - began
    each = float(np.median(alone + [_alone(steps) for _ in range(5)]))
    times = [record.history[0][0] for record in study.records()]
    ended = [record.ended or 0.0 for record in study.records()]
    between = max(ended) - min(
        times
    )  # without what the first trials wait for, and what is written at the end
    ratio = wall / (TRIALS * each / SLOTS)
    return {
        "steps": steps,
        "alone_s": each,
        "wall_s": wall,
        "ratio": ratio,
        "first_to_last_s": between,
    }


def command() -> dict[str, float]:
    """The same 32 trials as a command: Python's start, Ray's start and the report included."""
    steps = _steps_a_second()
    alone = [_alone(steps) for _ in range(5)]
    row = start_study(_space(steps, TRIALS), dataset(), float(np.median(alone)), SLOTS)
    return {"steps": steps, **row}


def _steps_a_second() -> int:
    """How many steps (a validation at their end) a trial takes a second in this process, alone and
    warm.
    """
    seconds = {steps: min(_alone(steps) for _ in range(3)) for steps in (50, 1050)}
    each = (seconds[1050] - seconds[50]) / 1000
    return max(1, round((SECONDS - seconds[50]) / each) + 50)


def _alone(steps: int) -> float:
    config = parse_trial(
        _nested({**BASE, "training.max_steps": steps, "training.validate_every": steps}), "bench"
    )
    with tempfile.TemporaryDirectory() as folder:
        job = TrialJob("0", folder, str(dataset()), config.model_dump(mode="json"))
        began = time.perf_counter()
        run_round(start(job), job)
        return time.perf_counter() - began


def _search(name: str, steps: int, *, trials: int) -> StudyFolder:
    out = dataset().parent / name
    return raylab.search(_space(steps, trials), data=dataset(), out=out, say=lambda line: None)


def _space(steps: int, trials: int) -> dict[str, Any]:
    return {
        "base": {**BASE, "training.max_steps": steps, "training.validate_every": steps},
        "search": {"loss.temperature": {"float": [0.5, 2.0]}},
        "sampler": {"kind": "random"},
        "budget": {"trials": trials},
        "resources": {"cpus": 1, "concurrent": SLOTS},
    }


class Nothing(tune.Trainable):
    """A trial that reports a score at once."""

    def setup(self, config: dict[str, Any]) -> None:
        self._config = config

    def reset_config(self, new_config: dict[str, Any]) -> bool:
        self._config = new_config
        return True

    def step(self) -> dict[str, Any]:
        result = {
            "steps": self._config["max_steps"],
            "metrics": {"decoding.score": 0.5},
            "done": True,
        }
        return report(result, **self._config["scored"])


def control_plane(count: int) -> dict[str, float]:
    """Trials that do nothing: seconds each, and what driver and records of so many take."""
    connect(cpus=SLOTS)
    dataset()
    with _replaced(Nothing):
        _search(f"before{count}", 1, trials=4)
        began = time.monotonic()
        study = _search(f"nothing{count}", 1, trials=count)
        wall = time.monotonic() - began
    home = dataset().parent
    return {
        "seconds_a_trial": wall / count,
        "driver_mib": psutil.Process().memory_info().rss / 2**20,
        "optuna_kib_a_trial": study.optuna_path.stat().st_size / 2**10 / count,
        "ledger_kib_a_trial": _bytes(study.path / "ledger") / 2**10 / count,
        "ledger_files_a_trial": len(list((study.path / "ledger").iterdir())) / count,
        "mlflow_kib_a_trial": (home / "runs" / "mlflow.db").stat().st_size / 2**10 / count,
    }


class _replaced:
    def __init__(self, trainable: Any) -> None:
        self._trainable, self._kept = trainable, tune_run.trainable

    def __enter__(self) -> None:
        trainable: Callable[..., Any] = lambda resources: tune.with_resources(  # noqa: E731
            self._trainable, {"cpu": 1}
        )
        tune_run.trainable = trainable

    def __exit__(self, *_: object) -> None:
        tune_run.trainable = self._kept


def grid(steps: int = 1000) -> dict[str, float]:
    """One grid of 12 points, offset10, time_delta: raylab's search on two CPUs against
    `cebra.grid_search`.

    Both train on the same rows; embeddings of the validation rows are decoded by the same 25
    neighbours. `gap` is the largest difference in R2 between the two, over the points.
    """
    points = {
        "output_dimension": [3, 8, 16],
        "temperature": [0.5, 1.0],
        "learning_rate": [3e-4, 1e-3],
    }
    connect(cpus=SLOTS)
    dataset()
    began = time.monotonic()
    study = raylab.search(
        _grid_space(points, steps), data=dataset(), out=dataset().parent / f"grid{steps}", say=print
    )
    ours = time.monotonic() - began
    x, y = _rows()
    began = time.monotonic()
    models = _cebra_models(points, steps, x[0], y[0])
    peer = time.monotonic() - began
    gaps = []
    for record in study.records():
        key = "_".join(f"{name}_{record.params[path]}" for name, path in sorted(_PATHS.items()))
        model = raylab.load(study.path, trial=record.trial)
        both = (model.transform, models[key].transform)
        our, their = (_r2(transform(x[0]), y[0], transform(x[1]), y[1]) for transform in both)
        gaps.append(our - their)
    mean = float(np.mean(gaps))
    return {
        "ours_s": ours,
        "peer_s": peer,
        "ratio": peer / ours,
        "gap": max(map(abs, gaps)),
        "mean_gap": mean,
    }


_PATHS = {
    "learning_rate": "optimizer.learning_rate",
    "output_dimension": "model.output_dimension",
    "temperature": "loss.temperature",
}


def _grid_space(points: dict[str, list[float]], steps: int) -> dict[str, Any]:
    base = {
        **BASE,
        "model.encoder.kind": "offset10",
        "training.batch_size": 512,
        "training.max_steps": steps,
        "training.validate_every": steps,
        "sampling.conditional": "time_delta",
        "sampling.time_offset": 10,
        "view.zscore": False,
    }
    search = {_PATHS[name]: {"categorical": values} for name, values in points.items()}
    return {
        "base": base,
        "search": search,
        "sampler": {"kind": "grid"},
        "resources": {"cpus": 1, "concurrent": SLOTS},
    }


def _rows() -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Activity and latent of the training samples and of the validation samples, each joined as
    one array.
    """
    opened = Dataset(dataset()).open("one")
    codes = np.zeros(len(opened.time), np.int64) - 1
    for a, b, code in np.asarray(opened.parts).tolist():
        codes[a:b] = code
    latent = np.asarray(opened.labels["latent"].values)
    at = [codes == CODE[split] for split in ("train", "valid")]
    return [np.asarray(opened.neural)[rows] for rows in at], [latent[rows] for rows in at]


def _cebra_models(
    points: dict[str, list[float]], steps: int, x: np.ndarray, y: np.ndarray
) -> dict[str, Any]:
    import cebra.grid_search

    fixed = {
        "model_architecture": "offset10-model",
        "conditional": "time_delta",
        "time_offsets": 10,
        "batch_size": 512,
        "max_iterations": steps,
        "device": "cpu",
        "verbose": False,
    }
    with warnings.catch_warnings(), tempfile.TemporaryDirectory() as folder:
        warnings.simplefilter("ignore")
        search = cebra.grid_search.GridSearch().fit_models(
            {"one": (x, y)}, {**points, **fixed}, models_dir=folder
        )
        return {name.removesuffix("_one"): model for name, model in search.models.items()}


def _r2(x: np.ndarray, y: np.ndarray, valid_x: np.ndarray, valid_y: np.ndarray) -> float:
    return float(KNeighborsRegressor(25).fit(x, y).score(valid_x, valid_y))


def _nested(flat: dict[str, Any]) -> dict[str, Any]:
    from raylab.config.dotted import set_path

    value: dict[str, Any] = {"task": {"kind": "contrastive"}}
    for path, leaf in flat.items():
        value = set_path(value, path, leaf)
    return value


def _bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
